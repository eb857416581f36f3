//! SPEC's rules 1 to 6.

use super::{ContactSlot, Graph, Met, Node, StoredClaim};
use crate::changes::{ContactRef, EventKind};
use crate::graph::plan::PlannedEvent;
use crate::identifier::{IdentifierKind, IdentifierPair};
use crate::interner::IdentifierSlot;

/// A request's identifiers within the graph.
#[derive(Clone, Copy)]
pub(super) struct Proof {
    pub(super) email: Option<IdentifierSlot>,
    pub(super) phone: Option<IdentifierSlot>,
}

#[cfg(feature = "memory")]
impl Proof {
    /// Of a request without identifiers, which is none.
    pub(super) const NONE: Self = Self { email: None, phone: None };

    pub(super) fn is_none(self) -> bool {
        self.email.is_none() && self.phone.is_none()
    }
}

impl Graph {
    /// Applies the rules to one request, and tells the primary of the person it is.
    pub fn identify(&mut self, pair: &IdentifierPair) -> ContactSlot {
        self.meet(pair).primary
    }

    /// The same; tells the contact too.
    pub(crate) fn meet(&mut self, pair: &IdentifierPair) -> Met {
        let proof = Proof {
            email: pair.email().map(|value| self.identifiers.intern(IdentifierKind::Email, value)),
            phone: pair.phone().map(|value| self.identifiers.intern(IdentifierKind::Phone, value)),
        };
        self.meet_by(proof)
    }

    /// The same, of identifiers that the graph has numbered.
    pub(super) fn meet_by(&mut self, proof: Proof) -> Met {
        let by_email = proof.email.and_then(|slot| self.met(slot, proof));
        let by_phone = proof.phone.and_then(|slot| self.met(slot, proof));
        match (by_email, by_phone) {
            (None, None) => {
                let contact = self.create(proof, None);
                Met { primary: contact, contact }
            }
            (Some(a), Some(b)) => {
                let primary =
                    if a.primary == b.primary { a.primary } else { self.merge(a.primary, b.primary, proof) };
                Met { primary, contact: a.contact }
            }
            (Some(known), None) | (None, Some(known)) => {
                let something_is_new = proof.email.is_some() && proof.phone.is_some();
                let contact =
                    if something_is_new { self.create(proof, Some(known.primary)) } else { known.contact };
                Met { contact, ..known }
            }
        }
    }

    /// The primary of the person that a request is, if it needs no change: nothing in it is new, and nobody's primary
    /// was deleted.
    pub fn known(&self, pair: &IdentifierPair) -> Option<ContactSlot> {
        let mut person = None;
        for (kind, value) in [(IdentifierKind::Email, pair.email()), (IdentifierKind::Phone, pair.phone())] {
            if value.is_some() {
                let holder = self.holder(kind, value)?;
                if *person.get_or_insert(holder) != holder || self.orphaned.contains_key(&holder) {
                    return None;
                }
            }
        }
        person
    }

    /// The holder of an identifier, and the primary of its cluster. If its stored primary is gone, the oldest that is left
    /// takes its place (rule 6).
    fn met(&mut self, identifier: IdentifierSlot, proof: Proof) -> Option<Met> {
        let holder = self.held_by(identifier)?;
        let primary = self.find(holder);
        if self.orphaned.contains_key(&primary) {
            self.promote(primary, proof);
        }
        Some(Met { primary, contact: holder })
    }

    /// Rules 1 and 2: a new contact with the request's identifiers, a secondary of `person` or a new person.
    /// It is never older than its primary, even where another machine's clock was ahead.
    fn create(&mut self, proof: Proof, person: Option<ContactSlot>) -> ContactSlot {
        let key = self.journal.next_key();
        let created_at = person.map_or(self.now, |primary| self.now.max(self.node(primary).created_at));
        let Proof { email, phone } = proof;
        let contact =
            self.add(|slot| Node { key, email, phone, created_at, updated_at: created_at, next: slot });
        self.journal.created.push(contact);
        for identifier in email.into_iter().chain(phone) {
            self.identifiers.about_mut(identifier).get_or_insert(contact);
            self.journal.claims.push(identifier);
        }
        let (kind, primary) = match person {
            Some(primary) => {
                self.join(contact, primary);
                self.touch(primary);
                (EventKind::Linked, primary)
            }
            None => (EventKind::Created, contact),
        };
        self.journal.events.push(PlannedEvent { kind, contact, primary, previous_primary: None, proof });
        contact
    }

    /// Rule 3: two people are one. The older primary stays.
    fn merge(&mut self, a: ContactSlot, b: ContactSlot, proof: Proof) -> ContactSlot {
        let (survivor, loser) = if self.age(a) <= self.age(b) { (a, b) } else { (b, a) };
        self.touch(survivor);
        self.touch(loser);
        self.moves(loser);
        self.join(loser, survivor);
        self.journal.events.push(PlannedEvent {
            kind: EventKind::Merged,
            contact: loser,
            primary: survivor,
            previous_primary: Some(self.node(loser).key),
            proof,
        });
        for identifier in proof.email.into_iter().chain(proof.phone) {
            self.journal.claims.push(identifier);
        }
        survivor
    }

    /// Rule 6: someone outside deleted the primary; the oldest of what it left becomes primary. The claims that
    /// the deleted one held go over to who still carries the identifiers.
    fn promote(&mut self, primary: ContactSlot, proof: Proof) {
        let Some(deleted) = self.orphaned.remove(&primary) else { return };
        self.journal.promoted.push((primary, deleted));
        self.moves(primary);
        let members: Vec<_> = self.ring(primary).collect();
        for member in members {
            let Node { email, phone, .. } = *self.node(member);
            for identifier in email.into_iter().chain(phone) {
                self.journal.claims.push(identifier);
                if self.claims.get(identifier) == StoredClaim::Unknown {
                    self.journal.unasked.push(identifier);
                }
            }
        }
        self.journal.events.push(PlannedEvent {
            kind: EventKind::Promoted,
            contact: primary,
            primary,
            previous_primary: Some(ContactRef::Known(deleted)),
            proof,
        });
    }

    /// Notes that the plan relies on a stored contact.
    fn touch(&mut self, contact: ContactSlot) {
        if self.is_resident() {
            self.bump(contact);
        } else if matches!(self.node(contact).key, ContactRef::Known(_)) {
            self.journal.touched.insert(contact);
        }
    }

    /// Gives a contact a greater `updatedAt`.
    fn bump(&mut self, contact: ContactSlot) {
        self.node_mut(contact).updated_at = self.next_version(contact);
    }

    /// Notes that a cluster is about to get another primary.
    fn moves(&mut self, loser: ContactSlot) {
        if self.is_resident() {
            let first = self.node(loser).next;
            self.journal.moved.push((first, loser));
        }
    }

    /// Whether the graph is a whole store.
    fn is_resident(&self) -> bool {
        self.journal.last_id.is_some()
    }
}
