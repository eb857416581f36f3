//! Histories of calls on a memory store, and what it holds at their end.

use std::sync::Arc;

use identity_core::conformance::Inspect;
use identity_core::{Contact, ContactId, Identifier, IdentityResolver, LinkPrecedence, MemoryStore};
use identity_tests::prove::checker::{self, Violation};
use identity_tests::prove::{Asked, Attempt, Call, Finale, History, Outcome, Reply, Stroke, Symbol};

/// Calls that happen one after the other, whenever they began and ended.
#[derive(Debug)]
pub(crate) struct Story {
    store: Arc<MemoryStore>,
    resolver: IdentityResolver,
    pub(crate) history: History,
}

impl Story {
    pub(crate) fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let resolver = IdentityResolver::new(store.clone());
        Self { store, resolver, history: History::default() }
    }

    /// The next call, which happens between `begin` and `end` and is answered.
    pub(crate) async fn answered(&mut self, asked: Asked, begin: u64, end: u64) {
        let reply = self.resolver.identify(asked.request()).await.expect("a reply");
        self.add(asked, begin, Outcome::Answered { at: end, reply: Reply::of(&reply) });
    }

    /// The next call, of which nobody knows whether it happened.
    pub(crate) async fn unknown(&mut self, asked: Asked, begin: u64, happens: bool, outcome: Outcome) {
        if happens {
            self.resolver.identify(asked.request()).await.expect("a reply");
        }
        self.add(asked, begin, outcome);
    }

    /// One more attempt of a call, which happens between `begin` and `end` and is answered.
    pub(crate) async fn answered_again(&mut self, call: usize, begin: u64, end: u64) {
        let request = self.history.calls[call].asked.request();
        let reply = self.resolver.identify(request).await.expect("a reply");
        let outcome = Outcome::Answered { at: end, reply: Reply::of(&reply) };
        self.history.calls[call].attempts.push(Attempt { begin, outcome });
    }

    /// What an attempt of a call does after it has failed.
    pub(crate) async fn happens(&self, call: usize) {
        self.resolver.identify(self.history.calls[call].asked.request()).await.expect("a reply");
    }

    fn add(&mut self, asked: Asked, begin: u64, outcome: Outcome) {
        let number = self.history.calls.len() as u64;
        self.history.calls.push(Call { number, asked, attempts: vec![Attempt { begin, outcome }] });
    }

    pub(crate) async fn end(self) -> Ended {
        let finale = Finale::read(&*self.store as &dyn Inspect).await;
        Ended { finale, history: self.history, strokes: Vec::new() }
    }
}

/// A story to be checked, and to be broken before.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) history: History,
    pub(crate) finale: Finale,
    pub(crate) strokes: Vec<Stroke>,
}

impl Ended {
    pub(crate) fn violations(&self) -> Vec<Violation> {
        checker::check(&self.history, &self.finale, &self.strokes)
    }

    /// Of a call: its last attempt.
    pub(crate) fn last(&mut self, call: usize) -> &mut Attempt {
        self.history.calls[call].attempts.last_mut().expect("an attempt")
    }

    pub(crate) fn contact(&mut self, position: usize) -> &mut Contact {
        &mut self.finale.contacts[position]
    }

    pub(crate) fn id(&self, position: usize) -> ContactId {
        self.finale.contacts[position].id
    }

    /// Another row like an existing one.
    pub(crate) fn copy(&mut self, position: usize) -> &mut Contact {
        let next = self.finale.contacts.iter().map(|contact| contact.id.get()).max().unwrap_or_default() + 1;
        let copy = Contact { id: next.into(), ..self.finale.contacts[position].clone() };
        self.finale.contacts.push(copy);
        self.finale.contacts.last_mut().unwrap()
    }

    /// A claim that the contact at a position holds.
    pub(crate) fn claim_of(&mut self, position: usize) -> &mut (Identifier, ContactId) {
        let id = self.id(position);
        self.finale.claims.iter_mut().find(|(_, holder)| *holder == id).expect("a claim")
    }

    pub(crate) fn reply(&mut self, call: usize) -> &mut Reply {
        match &mut self.last(call).outcome {
            Outcome::Answered { reply, .. } => reply,
            other => panic!("call {call} has the outcome {other:?}"),
        }
    }
}

/// What a call asks: the numbers of an email and of a phone number; 0 for none.
pub(crate) fn asked(email: u32, phone: u32) -> Asked {
    let symbol = |number: u32, odd: u32| (number > 0).then(|| Symbol::new(2 * number + odd));
    Asked { email: symbol(email, 0), phone: symbol(phone, 1) }
}

pub(crate) fn link(contact: &mut Contact, to: ContactId) {
    contact.linked_id = Some(to);
    contact.link_precedence = LinkPrecedence::Secondary;
}

pub(crate) fn unlink(contact: &mut Contact) {
    contact.linked_id = None;
    contact.link_precedence = LinkPrecedence::Primary;
}
