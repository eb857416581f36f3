//! A graph as the whole of a store: the memory store's tables.
//!
//! Requests are answered on it in place ([`Graph::settle`]); or it exports what a query touches and applies what came of it,
//! as any other store does. Both leave the same rows.

use std::collections::BTreeSet;

use hashbrown::HashSet;

use super::plan::PlannedEvent;
use super::rules::Proof;
use super::{ContactSlot, Graph, Met, Node};
use crate::changes::{Changes, ContactRef, Event, NewContact};
#[cfg(feature = "conformance")]
use crate::contact::Contact;
use crate::contact::ContactId;
use crate::error::Error;
use crate::identifier::{IdentifierKind, IdentifierPair};
use crate::interner::IdentifierSlot;
use crate::snapshot::{Claim, Query, Snapshot};
use crate::timestamp::Timestamp;

/// The requests whose identifiers are looked up together.
pub(super) const TOGETHER: usize = 16;

impl Graph {
    /// An empty graph that gives the ids of contacts itself, from 1.
    pub(crate) fn resident() -> Self {
        let mut graph = Self::default();
        graph.journal.last_id = Some(0);
        graph
    }

    /// Identifies requests in their order, in place. `each` is called after each; the evidence is returned.
    pub(crate) fn settle(
        &mut self,
        batch: &[IdentifierPair],
        now: Timestamp,
        mut each: impl FnMut(&Self, Met),
    ) -> Vec<PlannedEvent> {
        self.now = now;
        for pairs in batch.chunks(TOGETHER) {
            for proof in self.proofs(pairs) {
                let met = self.meet_by(proof);
                each(self, met);
            }
        }
        self.stamp_moved();
        self.settled()
    }

    /// What the rules did since the last time is done; the evidence is returned.
    pub(super) fn settled(&mut self) -> Vec<PlannedEvent> {
        let journal = &mut self.journal;
        journal.created.clear();
        journal.promoted.clear();
        journal.claims.clear();
        journal.unasked.clear();
        journal.moved.clear();
        std::mem::take(&mut journal.events)
    }

    /// The identifiers of some requests. Everything that the rules are about to look at is looked at here, step by step for
    /// all of them: in a large graph each step waits for memory, and that of one request need not wait for another's.
    fn proofs(&mut self, pairs: &[IdentifierPair]) -> impl Iterator<Item = Proof> + use<> {
        let mut ahead = [None; 2 * TOGETHER];
        for (ahead, pair) in ahead.chunks_exact_mut(2).zip(pairs) {
            ahead[0] = pair.email().map(|value| (IdentifierKind::Email, value));
            ahead[1] = pair.phone().map(|value| (IdentifierKind::Phone, value));
        }
        let hashes = self.identifiers.hash_ahead(ahead);
        let mut proofs = [Proof::NONE; TOGETHER];
        for ((proof, hashes), pair) in proofs.iter_mut().zip(hashes.chunks_exact(2)).zip(pairs) {
            let mut intern = |hash: Option<u32>, kind, value: Option<&str>| {
                Some(self.identifiers.intern_hashed(hash?, kind, value?))
            };
            proof.email = intern(hashes[0], IdentifierKind::Email, pair.email());
            proof.phone = intern(hashes[1], IdentifierKind::Phone, pair.phone());
        }
        self.look_ahead(&proofs);
        proofs.into_iter().take(pairs.len())
    }

    /// Looks at whom the rules are about to meet, step by step too.
    pub(super) fn look_ahead(&self, proofs: &[Proof; TOGETHER]) {
        let of = |identifier: Option<IdentifierSlot>| self.held_by(identifier?);
        let holders = proofs.map(|Proof { email, phone }| [of(email), of(phone)]);
        let parent = |contact: Option<ContactSlot>| Some(self.parent(contact?));
        let parents = holders.map(|both| both.map(parent));
        std::hint::black_box(parents.map(|both| both.map(parent)));
    }

    /// The ids that the next contacts get.
    pub(crate) fn next_ids(&self, count: usize) -> Vec<ContactId> {
        (self.journal.last_id.unwrap_or_default() + 1..).take(count).map(ContactId::from).collect()
    }

    /// Evidence that was planned elsewhere, of contacts that are stored by now.
    pub(crate) fn recorded(&mut self, event: &Event, ids: &[ContactId]) -> Option<PlannedEvent> {
        let slot = |contact: ContactRef| self.by_id.get(contact.resolve(ids)?);
        let (contact, primary) = (slot(event.contact)?, slot(event.primary)?);
        let previous_primary = event.previous_primary.and_then(|previous| previous.resolve(ids));
        let email = event.email.as_deref();
        let phone = event.phone_number.as_deref();
        let proof = Proof {
            email: email.map(|value| self.identifiers.intern(IdentifierKind::Email, value)),
            phone: phone.map(|value| self.identifiers.intern(IdentifierKind::Phone, value)),
        };
        let previous_primary = previous_primary.map(ContactRef::Known);
        Some(PlannedEvent { kind: event.kind, contact, primary, previous_primary, proof })
    }

    /// Every contact that moved gets the `updatedAt` of its batch.
    ///
    /// A cluster that was joined to another stays one part of the ring, from the one after its primary to its primary, so
    /// parts are disjoint or one within the other: whoever walks the later ones first meets each contact once.
    fn stamp_moved(&mut self) {
        let moved = std::mem::take(&mut self.journal.moved);
        let mut left: HashSet<ContactSlot> = moved.iter().map(|(_, last)| *last).collect();
        for (first, last) in moved.into_iter().rev() {
            if !left.contains(&last) {
                continue;
            }
            let (now, mut member) = (self.now, first);
            loop {
                left.remove(&member);
                let node = self.node_mut(member);
                node.updated_at = node.updated_at.max(now);
                if member == last {
                    break;
                }
                member = node.next;
            }
        }
    }

    /// The `linkedId` of a live contact, or its own id where it is a primary.
    pub(crate) fn primary_of(&self, id: ContactId) -> Option<ContactId> {
        self.get(id).and_then(|primary| self.stored_primary(primary))
    }

    /// What a query touches.
    pub(crate) fn export(&self, query: Query<'_>, now: Timestamp) -> Snapshot {
        let mut primaries: BTreeSet<_> = query.contacts.iter().filter_map(|id| self.get(*id)).collect();
        let mut claims = Vec::new();
        for identifier in query.identifiers {
            let slot = self.identifiers.find(identifier.kind, &identifier.value);
            let Some(holder) = slot.and_then(|slot| self.held_by(slot)) else { continue };
            let primary = self.root(holder);
            primaries.insert(primary);
            if let (Some(contact), Some(cluster)) = (self.id(holder), self.stored_primary(primary)) {
                claims.push(Claim { identifier: identifier.clone(), contact, cluster });
            }
        }
        let contacts = primaries.into_iter().flat_map(|primary| self.rows(primary)).collect();
        Snapshot { now, contacts, claims, ..Snapshot::default() }
    }

    /// Takes over what a plan changed, or nothing where its snapshot no longer holds. New contacts get `ids`.
    pub(crate) fn apply(&mut self, changes: &Changes, ids: &[ContactId]) -> Result<(), Error> {
        self.check(changes)?;
        for touch in &changes.touched {
            let slot = self.by_id[touch.seen.contact];
            self.node_mut(slot).updated_at = touch.becomes;
        }
        let created: Vec<_> =
            changes.created.iter().zip(ids).map(|(new, id)| self.insert(new, *id)).collect();
        self.journal.last_id = self.journal.last_id.max(ids.last().map(|id| id.get()));
        let slot = |graph: &Self, contact: ContactRef| match contact {
            ContactRef::Known(id) => graph.by_id[id],
            ContactRef::New(position) => created[position as usize],
        };
        for (contact, new) in created.iter().zip(&changes.created) {
            if let Some(primary) = new.linked_to {
                let primary = slot(self, primary);
                let primary = self.find(primary);
                self.join(*contact, primary);
            }
        }
        for claim in &changes.claims {
            let holder = slot(self, claim.contact);
            let identifier = self.identifiers.intern(claim.identifier.kind, &claim.identifier.value);
            *self.identifiers.about_mut(identifier) = Some(holder);
        }
        for relink in &changes.relinked {
            let orphaned =
                self.orphaned.iter().find(|(_, deleted)| **deleted == relink.from).map(|(slot, _)| *slot);
            let Some(from) = orphaned.or_else(|| self.by_id.get(relink.from)) else { continue };
            self.orphaned.remove(&from);
            let moved: Vec<_> = self.ring(from).collect();
            for member in moved {
                let node = self.node_mut(member);
                node.updated_at = node.updated_at.max(changes.now);
            }
            let to = slot(self, relink.to);
            let to = self.find(to);
            if from != to {
                self.join(from, to);
            }
        }
        Ok(())
    }

    /// Deletes a live contact; what it held belongs to the oldest of its cluster that still carries it.
    pub(crate) fn remove(&mut self, id: ContactId) -> bool {
        let Some(slot) = self.by_id.remove(id) else { return false };
        let primary = self.root(slot);
        let stored_primary = self.stored_primary(primary);
        let mut left: Vec<_> = self.ring(slot).skip(1).collect();
        if let Some(last) = left.last().copied() {
            self.node_mut(last).next = self.node(slot).next;
        }
        self.node_mut(slot).next = slot;
        left.sort_by_key(|member| self.age(*member));
        if slot == primary {
            self.orphaned.remove(&slot);
            if let (Some(oldest), Some(deleted)) = (left.first().copied(), stored_primary) {
                self.set_parent(slot, oldest);
                self.set_parent(oldest, oldest);
                self.orphaned.insert(oldest, deleted);
            }
        }
        self.release(slot, &left);
        true
    }

    /// Gives what a deleted contact held to the first of `left` that carries it, or to nobody.
    fn release(&mut self, deleted: ContactSlot, left: &[ContactSlot]) {
        let Node { email, phone, .. } = *self.node(deleted);
        for identifier in email.into_iter().chain(phone) {
            if self.held_by(identifier) == Some(deleted) {
                let carries = |slot: &ContactSlot| {
                    let node = self.node(*slot);
                    node.email == Some(identifier) || node.phone == Some(identifier)
                };
                *self.identifiers.about_mut(identifier) = left.iter().copied().find(carries);
            }
        }
    }

    fn check(&self, changes: &Changes) -> Result<(), Error> {
        for touch in &changes.touched {
            let slot = self.by_id.get(touch.seen.contact);
            if slot.and_then(|slot| self.version(slot)) != Some(touch.seen) {
                return Err(Error::conflict());
            }
        }
        for claim in &changes.claims {
            let slot = self.identifiers.find(claim.identifier.kind, &claim.identifier.value);
            let holder = slot.and_then(|slot| self.held_by(slot)).and_then(|slot| self.id(slot));
            if holder != claim.taken_from {
                return Err(Error::conflict());
            }
        }
        Ok(())
    }

    fn insert(&mut self, new: &NewContact, id: ContactId) -> ContactSlot {
        let email = new.email.as_deref().map(|value| self.identifiers.intern(IdentifierKind::Email, value));
        let phone =
            new.phone_number.as_deref().map(|value| self.identifiers.intern(IdentifierKind::Phone, value));
        self.add(|slot| Node {
            key: ContactRef::Known(id),
            email,
            phone,
            created_at: new.created_at,
            updated_at: new.created_at,
            next: slot,
        })
    }

    #[cfg(feature = "conformance")]
    pub(crate) fn all_rows(&self) -> Vec<Contact> {
        let mut rows: Vec<_> = self
            .by_id
            .slots()
            .filter(|slot| self.root(*slot) == *slot)
            .flat_map(|slot| self.rows(slot))
            .collect();
        rows.sort_unstable_by_key(|row| row.id);
        rows
    }

    #[cfg(feature = "conformance")]
    pub(crate) fn all_claims(&self) -> Vec<(crate::identifier::Identifier, ContactId)> {
        let held = |slot| Some((self.identifier(slot), self.id(self.held_by(slot)?)?));
        let mut claims: Vec<_> = self.identifiers.slots().filter_map(held).collect();
        claims.sort_unstable();
        claims
    }
}
