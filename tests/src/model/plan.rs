//! What a batch changes, by the rules of the library itself, and as the statements that write it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use identity_core::{Changes, ConsolidatedContact, ContactId, ContactRef, Graph, IdentifierKind, Normalizer};

use super::Bug;
use super::identifiers::{Request, Value, Values};
use super::tables::Tables;

/// A contact of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Who {
    Stored(u8),
    /// The plan's new one at this position.
    New(u8),
}

impl Who {
    pub(super) fn id(self, ids: &[u8]) -> u8 {
        match self {
            Self::Stored(id) => id,
            Self::New(position) => ids[usize::from(position)],
        }
    }
}

/// A contact that must be as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Touch {
    pub(super) contact: u8,
    pub(super) linked_id: Option<u8>,
    pub(super) updated_at: u8,
    pub(super) becomes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NewContact {
    pub(super) carries: Request,
    pub(super) linked_to: Option<Who>,
    pub(super) created_at: u8,
}

/// A statement, or the part of one that locks one row, in the order in which they run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Statement {
    /// UPDATE of one contact that the plan relies on.
    Touch(Touch),
    /// `Bug::ChecksClaimsBefore`: SELECT of the claims.
    CheckClaims(Values),
    /// INSERT of all new contacts.
    Insert(Vec<NewContact>),
    /// INSERT of one claim.
    Claim(Value, Who),
    /// UPDATE of all that are linked to a contact, and of it, to another primary.
    Relink { from: u8, to: Who, now: u8 },
    /// COMMIT.
    Commit,
}

/// A reply; its contacts as [`Who`] until they have ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Reply<Contact = u8> {
    pub(super) primary: Contact,
    pub(super) secondaries: Vec<Contact>,
    pub(super) identifiers: Values,
}

impl Reply<Who> {
    pub(super) fn settle(&self, ids: &[u8]) -> Reply {
        Reply {
            primary: self.primary.id(ids),
            secondaries: self.secondaries.iter().map(|contact| contact.id(ids)).collect(),
            identifiers: self.identifiers,
        }
    }
}

/// What a batch changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Plan {
    /// Empty where nothing is new.
    pub(super) statements: Vec<Statement>,
    pub(super) replies: Vec<Reply<Who>>,
}

/// From here on an id stands for a new contact, where the library wants to be told one.
const FIRST_NEW: i64 = 1 << 32;

impl Plan {
    /// `None` where what was loaded is not sound, as only a mistaken protocol leaves it.
    fn of(loaded: &Tables, batch: &[Request], now: u8, bug: Option<Bug>) -> Option<Self> {
        let mut asked: Vec<_> = batch.iter().flat_map(|request| request.list()).collect();
        asked.sort_unstable();
        asked.dedup();
        let asked: Vec<_> = asked.into_iter().map(Value::identifier).collect();
        let normalizer = Normalizer::new();
        let mut graph = Graph::from_snapshot(&loaded.snapshot(now), &asked, &normalizer).ok()?;
        let mut drafts = Vec::new();
        for request in batch {
            let pair = normalizer.request(&request.as_asked()).ok()?;
            let person = graph.identify(&pair);
            drafts.push(graph.describe(person));
        }
        let changes = graph.changes();
        let ids: Vec<_> = (FIRST_NEW..).take(changes.created.len()).map(ContactId::from).collect();
        let replies = drafts.into_iter().map(|draft| draft.resolve(&ids).map(|reply| self::reply(&reply)));
        Some(Self { replies: replies.collect::<Option<_>>()?, statements: statements(&changes, bug)? })
    }
}

/// What a plan is made of: what was loaded, the batch, and the clock.
type Made = (Tables, Vec<Request>, u8);

/// Makes plans, and each of them once: in most states somebody loads what was loaded before.
#[derive(Debug, Default)]
pub(super) struct Planner {
    bug: Option<Bug>,
    plans: Mutex<HashMap<Made, Option<Arc<Plan>>>>,
}

impl Planner {
    pub(super) fn new(bug: Option<Bug>) -> Self {
        Self { bug, ..Self::default() }
    }

    /// Loads and plans. `None` where what is stored is not sound, as only a mistaken protocol leaves it.
    pub(super) fn plan(&self, tables: &Tables, batch: &[Request], now: u8) -> Option<Arc<Plan>> {
        let loaded = tables.load(batch.iter().flat_map(|request| request.list()).collect());
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let made = (loaded, batch.to_vec(), now);
        let plan = plans
            .entry(made)
            .or_insert_with_key(|(loaded, batch, now)| Plan::of(loaded, batch, *now, self.bug).map(Arc::new));
        plan.clone()
    }
}

fn statements(changes: &Changes, bug: Option<Bug>) -> Option<Vec<Statement>> {
    let mut statements = Vec::new();
    if changes.is_empty() {
        return Some(statements);
    }
    for touch in &changes.touched {
        statements.push(Statement::Touch(Touch {
            contact: number(touch.seen.contact.get()),
            linked_id: touch.seen.linked_id.map(|id| number(id.get())),
            updated_at: number(touch.seen.updated_at.as_micros()),
            becomes: number(touch.becomes.as_micros()),
        }));
    }
    if bug == Some(Bug::ChecksClaimsBefore) && !changes.claims.is_empty() {
        let new =
            |claim: &identity_core::NewClaim| Value::named(claim.identifier.kind, &claim.identifier.value);
        let claimed = changes.claims.iter().map(new).collect::<Option<_>>()?;
        statements.push(Statement::CheckClaims(claimed));
    }
    if !changes.created.is_empty() {
        let mut created = Vec::new();
        for contact in &changes.created {
            created.push(NewContact {
                carries: request(contact.email.as_deref(), contact.phone_number.as_deref()),
                linked_to: contact.linked_to.map(who),
                created_at: number(contact.created_at.as_micros()),
            });
        }
        statements.push(Statement::Insert(created));
    }
    for claim in &changes.claims {
        let value = Value::named(claim.identifier.kind, &claim.identifier.value)?;
        statements.push(Statement::Claim(value, who(claim.contact)));
    }
    let now = number(changes.now.as_micros());
    for relink in &changes.relinked {
        statements.push(Statement::Relink { from: number(relink.from.get()), to: who(relink.to), now });
    }
    statements.push(Statement::Commit);
    Some(statements)
}

fn reply(reply: &ConsolidatedContact) -> Reply<Who> {
    let who = |id: ContactId| match id.get() {
        new @ FIRST_NEW.. => Who::New(number(new - FIRST_NEW)),
        id => Who::Stored(number(id)),
    };
    let emails = reply.emails.iter().filter_map(|text| Value::named(IdentifierKind::Email, text));
    let phones = reply.phone_numbers.iter().filter_map(|text| Value::named(IdentifierKind::Phone, text));
    let mut secondaries: Vec<_> = reply.secondary_contact_ids.iter().map(|id| who(*id)).collect();
    secondaries.sort_unstable();
    Reply { primary: who(reply.primary_contact_id), secondaries, identifiers: emails.chain(phones).collect() }
}

fn who(contact: ContactRef) -> Who {
    match contact {
        ContactRef::Known(id) => Who::Stored(number(id.get())),
        ContactRef::New(position) => Who::New(number(position.into())),
    }
}

/// The model's ids and times are small.
fn number(number: i64) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn request(email: Option<&str>, phone: Option<&str>) -> Request {
    let email = email.and_then(|text| Value::named(IdentifierKind::Email, text));
    let phone = phone.and_then(|text| Value::named(IdentifierKind::Phone, text));
    Request {
        email: email.and_then(|value| if let Value::Email(n) = value { Some(n) } else { None }),
        phone: phone.and_then(|value| if let Value::Phone(n) = value { Some(n) } else { None }),
    }
}
