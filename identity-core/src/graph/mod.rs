//! The rules, pure: contacts, who holds which identifier, which contacts are one person.
//!
//! A [`Graph`] is synchronous and free of I/O. It is used in two ways:
//!
//! - the resolver builds a small one from the [`Snapshot`] of what a batch touches, applies the rules request by
//!   request ([`Graph::identify`]), and gives the store the sum of it ([`Graph::changes`]);
//! - the memory store keeps one with everything in it.
//!
//! | file | what |
//! |---|---|
//! | `mod.rs` | the data, and questions about it |
//! | `rules.rs` | SPEC's rules 1 to 6 |
//! | `load.rs` | from snapshots |
//! | `by_id.rs` | contacts by id |
//! | `plan.rs` | to changes |
//! | `carry.rs` | on to the next batch |
//! | `describe.rs` | one person as callers see it |
//! | `cluster.rs` | one person with all contacts |
//! | `resident.rs` | as the whole of a store |
//! | `people.rs` | the people of rows that are all at hand |
//!
//! **How people are joined.** Contacts form a union-find forest whose root is always the primary, so that a merge
//! costs the same however many secondaries move along; the members of a cluster are a ring, which two merging
//! clusters exchange one link of. The flat links that the table shows come out when changes are drawn up, once for
//! a whole batch.

mod by_id;
mod carry;
mod cluster;
mod describe;
mod load;
#[cfg(feature = "memory")]
mod people;
mod plan;
#[cfg(feature = "memory")]
mod resident;
mod rules;

use std::fmt;
use std::num::NonZero;

use hashbrown::HashMap;

use crate::changes::{ContactRef, Version};
use crate::contact::ContactId;
use crate::identifier::{Identifier, IdentifierKind, IdentifierPair};
use crate::interner::{IdentifierSlot, Interner};
use crate::timestamp::Timestamp;
use by_id::ById;
#[cfg(feature = "memory")]
pub(crate) use describe::Found;
#[cfg(feature = "memory")]
pub use people::{People, people_of};
use plan::Journal;
#[cfg(feature = "memory")]
pub(crate) use plan::PlannedEvent;

/// Contacts and the people they belong to. The heart of the library: pure, synchronous, free of I/O.
///
/// ```
/// use identity_core::{Graph, IdentifyRequest, Normalizer};
/// let pair = |email, phone| {
///     let request = IdentifyRequest::new().email(email).phone_number(phone);
///     Normalizer::new().request(&request).unwrap()
/// };
/// let mut graph = Graph::default();
/// let first = graph.identify(&pair("lorraine@hillvalley.edu", "123456"));
/// let again = graph.identify(&pair("mcfly@hillvalley.edu", "123456"));
/// assert_eq!(first, again, "the same person");
///
/// let changes = graph.changes();
/// assert_eq!(changes.created.len(), 2);
/// assert!(changes.created[0].linked_to.is_none(), "a primary");
/// assert!(changes.created[1].linked_to.is_some(), "its secondary");
/// ```
#[derive(Clone, Default)]
pub struct Graph {
    now: Timestamp,
    /// The unit of versions, see [`Snapshot::tick`](crate::Snapshot::tick); 0 before the first snapshot.
    tick: i64,
    /// Each with the live contact that holds it.
    identifiers: Interner<Option<ContactSlot>>,
    claims: StoredClaims,
    contacts: Vec<Node>,
    /// By contact: one that is nearer to the primary, or the primary itself. Apart from the rest, since the way to the primary
    /// is walked for every request, in graphs of millions of contacts.
    parents: Vec<ContactSlot>,
    by_id: ById,
    /// Clusters whose primary was deleted by someone outside: the oldest member, which stands in for it, and the
    /// `linkedId` that all of them still have.
    orphaned: HashMap<ContactSlot, ContactId>,
    journal: Journal,
}

/// The number of a contact within one graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactSlot(NonZero<u32>);

impl ContactSlot {
    fn new(position: usize) -> Self {
        Self(NonZero::<u32>::MIN.saturating_add(position as u32))
    }

    fn position(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Whom a request met.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Met {
    /// The primary of the person it is.
    pub(crate) primary: ContactSlot,
    /// The contact that it created, or else the one that its email, or its phone number, belongs to.
    pub(crate) contact: ContactSlot,
}

/// The claim on an identifier as the snapshot saw it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum StoredClaim {
    /// The snapshot does not say.
    #[default]
    Unknown,
    /// Nobody.
    Free,
    /// This contact, which may be deleted.
    HeldBy(ContactId),
}

/// By identifier; those behind the end are unknown, so a graph that has loaded nothing has none.
#[derive(Clone, Default)]
struct StoredClaims(Vec<StoredClaim>);

impl StoredClaims {
    fn get(&self, identifier: IdentifierSlot) -> StoredClaim {
        self.0.get(identifier.position()).copied().unwrap_or_default()
    }

    fn set(&mut self, identifier: IdentifierSlot, claim: StoredClaim) {
        let position = identifier.position();
        if self.0.len() <= position {
            self.0.resize(position + 1, StoredClaim::default());
        }
        self.0[position] = claim;
    }

    /// Keeps the room that it took.
    fn clear(&mut self) {
        self.0.clear();
    }
}

#[derive(Clone)]
struct Node {
    key: ContactRef,
    email: Option<IdentifierSlot>,
    phone: Option<IdentifierSlot>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The next of the ring of members.
    next: ContactSlot,
}

impl Graph {
    /// The moment at which the next contacts are created.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// The primaries of the people that the identifiers lead to, oldest first.
    pub fn lookup(&self, pair: &IdentifierPair) -> Vec<ContactSlot> {
        let email = self.holder(IdentifierKind::Email, pair.email());
        let phone = self.holder(IdentifierKind::Phone, pair.phone()).filter(|phone| Some(*phone) != email);
        let mut found: Vec<_> = email.into_iter().chain(phone).collect();
        found.sort_by_key(|slot| self.age(*slot));
        found
    }

    /// The primary of the person that a stored, live contact belongs to.
    pub fn get(&self, id: ContactId) -> Option<ContactSlot> {
        self.by_id.get(id).map(|slot| self.root(slot))
    }

    /// The primary of whoever holds the identifier.
    fn holder(&self, kind: IdentifierKind, value: Option<&str>) -> Option<ContactSlot> {
        let slot = self.identifiers.find(kind, value?)?;
        self.held_by(slot).map(|contact| self.root(contact))
    }

    /// The live contact that an identifier belongs to.
    fn held_by(&self, identifier: IdentifierSlot) -> Option<ContactSlot> {
        *self.identifiers.about(identifier)
    }

    fn identifier(&self, slot: IdentifierSlot) -> Identifier {
        Identifier::new(self.identifiers.kind(slot), self.identifiers.value(slot))
    }

    /// The contact of a slot as plans name it.
    pub(crate) fn key(&self, slot: ContactSlot) -> ContactRef {
        self.node(slot).key
    }

    fn node(&self, slot: ContactSlot) -> &Node {
        &self.contacts[slot.position()]
    }

    fn node_mut(&mut self, slot: ContactSlot) -> &mut Node {
        &mut self.contacts[slot.position()]
    }

    /// Adds a contact as a cluster of its own.
    fn add(&mut self, node: impl FnOnce(ContactSlot) -> Node) -> ContactSlot {
        let slot = ContactSlot::new(self.contacts.len());
        let node = node(slot);
        if let ContactRef::Known(id) = node.key {
            self.by_id.insert(id, slot);
        }
        self.contacts.push(node);
        self.parents.push(slot);
        slot
    }

    fn parent(&self, slot: ContactSlot) -> ContactSlot {
        self.parents[slot.position()]
    }

    fn set_parent(&mut self, slot: ContactSlot, parent: ContactSlot) {
        self.parents[slot.position()] = parent;
    }

    fn root(&self, mut slot: ContactSlot) -> ContactSlot {
        while self.parent(slot) != slot {
            slot = self.parent(slot);
        }
        slot
    }

    /// [`root`](Self::root), and halves the way there for the next time.
    fn find(&mut self, mut slot: ContactSlot) -> ContactSlot {
        loop {
            let parent = self.parent(slot);
            let grandparent = self.parent(parent);
            if parent == grandparent {
                return parent;
            }
            self.set_parent(slot, grandparent);
            slot = grandparent;
        }
    }

    /// Makes the cluster of `root` part of the cluster of `primary`.
    fn join(&mut self, root: ContactSlot, primary: ContactSlot) {
        self.set_parent(root, primary);
        let next = self.node(root).next;
        self.node_mut(root).next = self.node(primary).next;
        self.node_mut(primary).next = next;
    }

    /// All members of a cluster, starting with `first`.
    fn ring(&self, first: ContactSlot) -> impl Iterator<Item = ContactSlot> + '_ {
        std::iter::successors(Some(first), move |slot| {
            Some(self.node(*slot).next).filter(|next| *next != first)
        })
    }

    /// A stored contact as it stands.
    fn version(&self, slot: ContactSlot) -> Option<Version> {
        let (contact, updated_at) = (self.id(slot)?, self.node(slot).updated_at);
        Some(Version { contact, linked_id: self.linked_id(slot), updated_at })
    }

    /// The column `linkedId` of a contact.
    fn linked_id(&self, slot: ContactSlot) -> Option<ContactId> {
        self.stored_primary(self.root(slot)).filter(|primary| Some(*primary) != self.id(slot))
    }

    /// The id that the primary of a cluster has, or had before someone outside deleted it.
    fn stored_primary(&self, primary: ContactSlot) -> Option<ContactId> {
        self.orphaned.get(&primary).copied().or_else(|| self.id(primary))
    }

    fn id(&self, slot: ContactSlot) -> Option<ContactId> {
        match self.node(slot).key {
            ContactRef::Known(id) => Some(id),
            ContactRef::New(_) => None,
        }
    }

    /// The `updatedAt` that a contact gets when it is touched: its version.
    fn next_version(&self, slot: ContactSlot) -> Timestamp {
        self.now.max(Timestamp::from_micros(self.node(slot).updated_at.as_micros() + self.tick.max(1)))
    }

    /// What decides who is older: `createdAt`, then `id`.
    fn age(&self, slot: ContactSlot) -> (Timestamp, ContactRef) {
        let node = self.node(slot);
        (node.created_at, node.key)
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("now", &self.now)
            .field("contacts", &self.contacts.len())
            .finish_non_exhaustive()
    }
}
