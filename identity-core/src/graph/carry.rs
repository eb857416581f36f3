//! On to the next batch: a graph whose plan was committed knows what is stored now, and need not be loaded again.

use hashbrown::HashSet;

use super::plan::Journal;
use super::{Graph, StoredClaim};
use crate::changes::{ContactRef, Version};
use crate::contact::ContactId;
use crate::identifier::{Identifier, IdentifierKind, IdentifierPair};

impl Graph {
    /// How many contacts it holds.
    pub(crate) fn size(&self) -> usize {
        self.contacts.len()
    }

    /// Forgets everything, and keeps the room that it took: what is dropped and built up again in a long import would be
    /// strewn over more and more memory.
    pub(crate) fn forget(&mut self) {
        let Self { now: _, tick, contacts, parents, identifiers, claims, by_id, orphaned, journal } = self;
        *tick = 0;
        contacts.clear();
        parents.clear();
        claims.clear();
        identifiers.clear();
        by_id.clear();
        orphaned.clear();
        *journal = Journal::default();
    }

    /// The plan was committed, and the new contacts got these ids. What it holds is what is stored, as far as nobody else
    /// changes it.
    pub(crate) fn committed(&mut self, ids: &[ContactId]) {
        let journal = std::mem::take(&mut self.journal);
        let touched = journal.touched.iter().chain(journal.promoted.iter().map(|(slot, _)| slot));
        let touched: HashSet<_> = touched.filter(|slot| self.id(**slot).is_some()).copied().collect();
        for slot in touched {
            self.node_mut(slot).updated_at = self.next_version(slot);
        }
        for (&slot, &id) in journal.created.iter().zip(ids) {
            self.node_mut(slot).key = ContactRef::Known(id);
            self.by_id.insert(id, slot);
        }
        for slot in journal.claims {
            let holder = self.held_by(slot).and_then(|holder| self.id(holder));
            if let Some(holder) = holder {
                self.claims.set(slot, StoredClaim::HeldBy(holder));
            }
        }
    }

    /// The identifiers of a batch whose claims no snapshot was asked for, ascending, each once.
    pub(crate) fn unknown(&self, batch: &[IdentifierPair]) -> Vec<Identifier> {
        let is_known = |kind: IdentifierKind, value: &str| {
            let slot = self.identifiers.find(kind, value);
            slot.is_some_and(|slot| self.claims.get(slot) != StoredClaim::Unknown)
        };
        let mut unknown: Vec<_> = batch
            .iter()
            .flat_map(IdentifierPair::parts)
            .filter(|(kind, value)| !is_known(*kind, value))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown.into_iter().map(|(kind, value)| Identifier::new(kind, value)).collect()
    }

    /// The primaries of the people that a batch meets and the graph knows, as they were when it learned of them. Without
    /// those that the plan of the moment touches or creates: its commit checks them.
    pub(crate) fn relied_on(&self, batch: &[IdentifierPair]) -> Vec<Version> {
        let primary = |(kind, value): (IdentifierKind, &str)| {
            let slot = self.identifiers.find(kind, value)?;
            self.held_by(slot).map(|holder| self.root(holder))
        };
        let primaries: HashSet<_> =
            batch.iter().flat_map(IdentifierPair::parts).filter_map(primary).collect();
        let unchecked = primaries.into_iter().filter(|slot| !self.journal.touched.contains(slot));
        let mut versions: Vec<_> = unchecked.filter_map(|slot| self.version(slot)).collect();
        versions.sort_unstable_by_key(|version| version.contact);
        versions
    }
}
