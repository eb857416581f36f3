//! From what the rules did to what the table needs.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::Proof;
use super::{ContactSlot, Graph, StoredClaim};
use crate::changes::{Changes, ContactRef, Event, EventKind, NewClaim, NewContact, Relink, Touch, Version};
use crate::contact::ContactId;
use crate::identifier::Identifier;
use crate::interner::IdentifierSlot;

/// What the rules did since the snapshot.
#[derive(Clone, Default)]
pub(super) struct Journal {
    /// The last id that was given, where the graph is a whole store and gives them itself.
    pub(super) last_id: Option<i64>,
    /// In such a graph: clusters that moved to another primary, as the first and the last of their part of the ring.
    pub(super) moved: Vec<(ContactSlot, ContactSlot)>,
    pub(super) created: Vec<ContactSlot>,
    /// Stored primaries that the plan relies on.
    pub(super) touched: BTreeSet<ContactSlot>,
    /// Who became primary, and of which deleted one's cluster.
    pub(super) promoted: Vec<(ContactSlot, ContactId)>,
    /// Identifiers whose claim may have to be written.
    pub(super) claims: Vec<IdentifierSlot>,
    /// Identifiers whose claim matters, and which the snapshot was not asked for.
    pub(super) unasked: Vec<IdentifierSlot>,
    pub(super) events: Vec<PlannedEvent>,
}

/// A piece of evidence, by slots.
#[derive(Clone, Copy)]
pub(crate) struct PlannedEvent {
    pub(crate) kind: EventKind,
    pub(super) contact: ContactSlot,
    pub(super) primary: ContactSlot,
    pub(super) previous_primary: Option<ContactRef>,
    pub(super) proof: Proof,
}

impl Journal {
    /// The key of the contact that is created next.
    pub(super) fn next_key(&mut self) -> ContactRef {
        match &mut self.last_id {
            Some(last) => {
                *last += 1;
                ContactRef::Known(ContactId::from(*last))
            }
            None => ContactRef::New(self.created.len() as u32),
        }
    }
}

impl Graph {
    /// Identifiers that the snapshot has to be asked for as well before [`changes`](Self::changes) are complete.
    ///
    /// There are some only where someone outside deleted a primary and the batch meets what it left: the claims
    /// that it held have to be known.
    pub fn unasked(&self) -> Vec<Identifier> {
        self.journal.unasked.iter().map(|slot| self.identifier(*slot)).collect()
    }

    /// The sum of what the rules did since the snapshot.
    pub fn changes(&self) -> Changes {
        let mut relinked = BTreeMap::new();
        let mut touched = Vec::new();
        let mut promoted = Vec::new();
        for &slot in &self.journal.touched {
            let ContactRef::Known(contact) = self.node(slot).key else { continue };
            if self.journal.promoted.iter().any(|(promoted, _)| *promoted == slot) {
                continue;
            }
            touched.push(self.plan_touch(slot, contact, None));
            let primary = self.root(slot);
            if primary != slot {
                relinked.insert(contact, self.node(primary).key);
            }
        }
        for &(slot, deleted) in &self.journal.promoted {
            let ContactRef::Known(contact) = self.node(slot).key else { continue };
            touched.push(self.plan_touch(slot, contact, Some(deleted)));
            let primary = self.root(slot);
            if primary == slot {
                promoted.push(contact);
            }
            relinked.insert(deleted, self.node(primary).key);
        }
        touched.sort_unstable_by_key(|touch| touch.seen.contact);
        Changes {
            now: self.now,
            touched,
            created: self.journal.created.iter().map(|slot| self.new_contact(*slot)).collect(),
            claims: self.new_claims(),
            promoted,
            relinked: relinked.into_iter().map(|(from, to)| Relink { from, to }).collect(),
            events: self.journal.events.iter().map(|event| self.event(event)).collect(),
        }
    }

    fn plan_touch(&self, slot: ContactSlot, contact: ContactId, linked_id: Option<ContactId>) -> Touch {
        let seen = Version { contact, linked_id, updated_at: self.node(slot).updated_at };
        Touch { seen, becomes: self.next_version(slot) }
    }

    fn new_contact(&self, slot: ContactSlot) -> NewContact {
        let node = self.node(slot);
        let primary = self.root(slot);
        NewContact {
            email: self.boxed(node.email),
            phone_number: self.boxed(node.phone),
            linked_to: (primary != slot).then(|| self.node(primary).key),
            created_at: node.created_at,
        }
    }

    fn new_claims(&self) -> Vec<NewClaim> {
        let mut slots = self.journal.claims.clone();
        let key = |slot: &IdentifierSlot| (self.identifiers.kind(*slot), self.identifiers.value(*slot));
        slots.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
        slots.dedup();
        let mut claims = Vec::with_capacity(slots.len());
        for slot in slots {
            let Some(holder) = self.held_by(slot) else { continue };
            let contact = self.node(holder).key;
            let taken_from = match self.claims.get(slot) {
                StoredClaim::HeldBy(id) if ContactRef::Known(id) == contact => continue,
                StoredClaim::HeldBy(id) => Some(id),
                StoredClaim::Free | StoredClaim::Unknown => None,
            };
            claims.push(NewClaim { identifier: self.identifier(slot), contact, taken_from });
        }
        claims
    }

    pub(crate) fn event(&self, event: &PlannedEvent) -> Event {
        Event {
            kind: event.kind,
            contact: self.node(event.contact).key,
            primary: self.node(event.primary).key,
            previous_primary: event.previous_primary,
            email: self.boxed(event.proof.email),
            phone_number: self.boxed(event.proof.phone),
        }
    }

    fn boxed(&self, slot: Option<IdentifierSlot>) -> Option<Box<str>> {
        slot.map(|slot| self.identifiers.value(slot).into())
    }
}
