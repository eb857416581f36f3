//! Replaying the evidence gives the clusters. Each piece of it follows from those before and from what it says proved it, some call
//! asked just that, and each contact came about once.
//!
//! When an event was recorded is not looked at: it is the clock of whoever wrote it, and clocks may be apart.

use std::collections::{HashMap, HashSet};

use identity_core::conformance::RecordedEvent;
use identity_core::{ContactId, EventKind, IdentifierKind};

use super::Violation;
use super::index::{Index, Row};
use crate::prove::finale::Finale;
use crate::prove::history::History;
use crate::prove::plan::Asked;
use crate::prove::symbol::Symbol;

pub(super) fn check(history: &History, finale: &Finale, index: &Index) -> Vec<Violation> {
    let mut found = Vec::new();
    let asked: HashSet<Asked> = history.calls.iter().map(|call| call.asked).collect();
    let mut came_about: HashMap<ContactId, u64> = HashMap::new();
    let mut replay = Replay { index, went_to: HashMap::new(), carried_by: HashMap::new() };
    for (position, event) in finale.events.iter().enumerate() {
        let contact = event.contact;
        if !index.rows.contains_key(&contact) {
            found.push(Violation::EvidenceOfNobody { contact });
        } else if !replay.allows(event) {
            found.push(Violation::EvidenceOutOfOrder { position, contact });
        }
        if !asked.contains(&proof(event)) {
            found.push(Violation::EvidenceOfNoCall { position, contact });
        }
        match event.kind {
            EventKind::Created | EventKind::Linked => *came_about.entry(contact).or_default() += 1,
            EventKind::Merged if !is_younger(contact, event.primary, index) => {
                found.push(Violation::MergedIntoYounger { position, contact });
            }
            _ => {}
        }
        replay.apply(event);
    }
    for row in index.rows.values() {
        let contact = row.id;
        match came_about.get(&contact) {
            None => found.push(Violation::NoEvidence { contact }),
            Some(1) => {}
            Some(_) => found.push(Violation::EvidenceTwice { contact }),
        }
        match replay.person(contact) {
            Some(replayed) if replayed != row.primary => {
                found.push(Violation::WrongEvidence { contact, replayed, primary: row.primary });
            }
            _ => {}
        }
    }
    found
}

/// What an event says was asked.
fn proof(event: &RecordedEvent) -> Asked {
    let of = |kind| {
        event.by.iter().filter(move |identifier| identifier.kind == kind).map(Symbol::of_identifier).next()
    };
    Asked { email: of(IdentifierKind::Email), phone: of(IdentifierKind::Phone) }
}

/// By the rows, as everyone can see it (SPEC, rule 3). What is in no row is found elsewhere.
fn is_younger(contact: ContactId, than: ContactId, index: &Index) -> bool {
    let age = |contact| index.rows.get(&contact).map(Row::age);
    age(contact).zip(age(than)).is_none_or(|(contact, than)| contact > than)
}

/// The clusters, as far as evidence has told.
struct Replay<'i> {
    index: &'i Index,
    /// Of each contact the one that it went over to; of a primary itself.
    went_to: HashMap<ContactId, ContactId>,
    /// The contact that brought an identifier.
    carried_by: HashMap<Symbol, ContactId>,
}

impl Replay<'_> {
    /// Whether an event could happen now, by the request that it names (SPEC, rules 1 to 3).
    fn allows(&self, event: &RecordedEvent) -> bool {
        let by: Vec<Symbol> = event.by.iter().map(Symbol::of_identifier).collect();
        let met: Vec<ContactId> = by.iter().filter_map(|symbol| self.holder(*symbol)).collect();
        let is_new = !self.went_to.contains_key(&event.contact) && event.previous_primary.is_none();
        let brought = self.index.rows.get(&event.contact).map(|row| row.said.symbols());
        let by_its_row = brought.is_some_and(|brought| brought.eq(by.iter().copied()));
        match event.kind {
            EventKind::Created => is_new && event.primary == event.contact && by_its_row && met.is_empty(),
            EventKind::Linked => is_new && by_its_row && by.len() == 2 && met == [event.primary],
            EventKind::Merged => {
                let (one, other) = (event.contact, event.primary);
                event.previous_primary == Some(one)
                    && one != other
                    && (met == [one, other] || met == [other, one])
            }
            // Nobody deletes or adopts anything in a run.
            EventKind::Promoted | EventKind::Adopted => false,
        }
    }

    fn apply(&mut self, event: &RecordedEvent) {
        if event.kind != EventKind::Merged {
            for identifier in &event.by {
                self.carried_by.entry(Symbol::of_identifier(identifier)).or_insert(event.contact);
            }
        }
        self.went_to.insert(event.contact, event.primary);
    }

    /// The primary of the person that an identifier belongs to.
    fn holder(&self, symbol: Symbol) -> Option<ContactId> {
        self.carried_by.get(&symbol).and_then(|contact| self.person(*contact))
    }

    /// Where a contact has gone. Evidence that goes around in a circle, which is broken, ends somewhere on it.
    fn person(&self, contact: ContactId) -> Option<ContactId> {
        let mut at = *self.went_to.get(&contact)?;
        for _ in 0..self.went_to.len() {
            match self.went_to.get(&at) {
                Some(next) if *next != at => at = *next,
                _ => break,
            }
        }
        Some(at)
    }
}
