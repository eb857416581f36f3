//! The memory store passes the conformance suite.

use std::sync::Arc;

use identity_core::conformance::{Fixture, Subject};
use identity_core::{Changes, ContactId, ContactStore, Error, MemoryStore, Query, Snapshot};

#[derive(Debug)]
struct InMemory;

#[async_trait::async_trait]
impl Fixture for InMemory {
    async fn fresh(&self) -> Subject {
        let store = Arc::new(MemoryStore::new());
        Subject::new(store.clone(), store)
    }
}

mod asked_in_place {
    identity_core::conformance_tests!(super::InMemory);
}

/// The same store as any other is asked: load and commit.
#[derive(Debug)]
struct Remote(Arc<MemoryStore>);

#[async_trait::async_trait]
impl ContactStore for Remote {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        self.0.load(query).await
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        self.0.commit(changes).await
    }
}

#[derive(Debug)]
struct AskedAsOthers;

#[async_trait::async_trait]
impl Fixture for AskedAsOthers {
    async fn fresh(&self) -> Subject {
        let store = Arc::new(MemoryStore::new());
        Subject::new(Arc::new(Remote(Arc::clone(&store))), store)
    }
}

mod asked_as_others {
    identity_core::conformance_tests!(super::AskedAsOthers);
}
