//! The store that keeps everything in this process: for tests, and for scripts over data that fits.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::ContactStore;
use crate::answer::{Answer, Counts, Outcome};
use crate::changes::Changes;
use crate::contact::ContactId;
use crate::error::Error;
use crate::graph::{Found, Graph, PlannedEvent};
use crate::identifier::IdentifierPair;
use crate::snapshot::{Query, Snapshot};
use crate::timestamp::Timestamp;

/// Keeps all contacts, claims and evidence in memory; nothing outlives it. Ids count from 1.
///
/// It is a [`Graph`] behind a lock, so the same few hundred lines answer from memory and from a database. A resolver
/// asks it in place, without loading and committing.
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

struct State {
    graph: Graph,
    events: Vec<(Timestamp, PlannedEvent)>,
}

impl Default for State {
    fn default() -> Self {
        Self { graph: Graph::resident(), events: Vec::new() }
    }
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

    /// Identifies requests in their order.
    pub(crate) fn identify<A: Answer>(&self, batch: &[IdentifierPair]) -> Outcome<A> {
        let mut answers = Vec::with_capacity(batch.len());
        let mut room = Found::default();
        let mut state = self.state();
        let State { graph, events } = &mut *state;
        let now = Timestamp::now();
        let settled = graph.settle(batch, now, |graph, met| {
            answers.push(A::at_once(graph, met, &mut room).ok_or_else(Error::too_few_ids));
        });
        let counts = Counts::of(settled.iter().map(|event| event.kind));
        events.extend(settled.into_iter().map(|event| (now, event)));
        Outcome { answers, counts }
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
    pub(crate) fn all_events(&self) -> Vec<crate::changes::Event> {
        let state = self.state();
        state.events.iter().map(|(_, event)| state.graph.event(event)).collect()
    }

    /// A panic elsewhere cannot leave the state torn: it changes only in [`Graph::apply`], which checks first, and in
    /// [`Graph::settle`], whose rules cannot fail.
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
        let State { graph, events } = &mut *state;
        let ids = graph.next_ids(changes.created.len());
        graph.apply(changes, &ids)?;
        events.extend(
            changes.events.iter().filter_map(|event| Some((changes.now, graph.recorded(event, &ids)?))),
        );
        Ok(ids)
    }

    async fn primaries(&self, contacts: &[ContactId]) -> Result<Vec<Option<ContactId>>, Error> {
        let state = self.state();
        Ok(contacts.iter().map(|id| state.graph.primary_of(*id)).collect())
    }

    fn resident(&self) -> Option<&Self> {
        Some(self)
    }
}
