//! The store that keeps everything in this process: for tests, and for scripts over data that fits.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::ContactStore;
use crate::changes::{Changes, Event};
use crate::contact::ContactId;
use crate::error::Error;
use crate::graph::Graph;
use crate::snapshot::{Query, Snapshot};
use crate::timestamp::Timestamp;

/// Keeps all contacts, claims and evidence in memory; nothing outlives it. Ids count from 1.
///
/// It is a [`Graph`] behind a lock, so the same few hundred lines answer from memory and from a database.
///
/// ```
/// use identity_core::{IdentifyRequest, IdentityResolver, MemoryStore};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let resolver = IdentityResolver::new(MemoryStore::new());
/// let person = resolver.identify(IdentifyRequest::new().phone_number("123456")).await.unwrap();
/// assert_eq!(person.primary_contact_id.get(), 1);
/// # });
/// ```
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    graph: Graph,
    last_id: i64,
    events: Vec<(Timestamp, Event)>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Deletes a contact, as an application does that sets `deletedAt`: the rules no longer see it. Its secondaries,
    /// if it was a primary, stay; the next call that touches them makes the oldest of them primary (SPEC, rule 6).
    /// Answers whether there was such a live contact.
    pub fn soft_delete(&self, contact: ContactId) -> bool {
        self.state().graph.remove(contact)
    }

    #[cfg(feature = "conformance")]
    pub(crate) fn all_contacts(&self) -> Vec<crate::contact::Contact> {
        self.state().graph.all_rows()
    }

    #[cfg(feature = "conformance")]
    pub(crate) fn all_claims(&self) -> Vec<(crate::identifier::Identifier, ContactId)> {
        self.state().graph.all_claims()
    }

    #[cfg(feature = "conformance")]
    pub(crate) fn all_events(&self) -> Vec<(Timestamp, Event)> {
        self.state().events.clone()
    }

    /// A panic elsewhere cannot leave the state torn: it changes only in [`Graph::apply`], which checks first.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("graph", &self.state().graph).finish_non_exhaustive()
    }
}

#[async_trait]
impl ContactStore for MemoryStore {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        Ok(self.state().graph.export(query, Timestamp::now()))
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        let mut state = self.state();
        let first = state.last_id + 1;
        let ids: Vec<_> = (first..).take(changes.created.len()).map(ContactId::from).collect();
        state.graph.apply(changes, &ids)?;
        state.last_id += ids.len() as i64;
        let events = changes.events.iter().filter_map(|event| Some((changes.now, event.settle(&ids)?)));
        state.events.extend(events);
        Ok(ids)
    }
}
