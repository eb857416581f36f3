//! What a store loads: all that the rules need to know of the people that a batch touches.

use crate::contact::{Contact, ContactId};
use crate::identifier::Identifier;
use crate::timestamp::Timestamp;

/// What to load: every cluster that one of these leads to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<'a> {
    /// Identifiers, without repetition, in ascending order.
    pub identifiers: &'a [Identifier],
    /// Ids of contacts, of any precedence.
    pub contacts: &'a [ContactId],
}

/// The clusters that a [`Query`] touches, as they were at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The store's clock at that moment, no finer than the table keeps `createdAt`. New contacts get it.
    pub now: Timestamp,
    /// The unit in which the table keeps `updatedAt`, in microseconds: 1,000,000 for whole seconds. A version that follows
    /// another is greater by at least this.
    pub tick: i64,
    /// The live contacts of those clusters, each once, in any order: of a cluster all or none.
    pub contacts: Vec<Contact>,
    /// The claims on the identifiers asked for; those nobody ever claimed are missing.
    pub claims: Vec<Claim>,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self { now: Timestamp::default(), tick: 1, contacts: Vec::new(), claims: Vec::new() }
    }
}

/// The record that an identifier belongs to a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The identifier.
    pub identifier: Identifier,
    /// The contact that introduced it. It may have been deleted since.
    pub contact: ContactId,
    /// That contact's `linkedId`; the contact's own id where that is NULL or the row is gone. Live contacts that
    /// are linked to it are in the snapshot.
    pub cluster: ContactId,
}
