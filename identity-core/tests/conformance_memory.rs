//! The memory store passes the conformance suite.

use std::sync::Arc;

use identity_core::MemoryStore;
use identity_core::conformance::{Fixture, Subject};

#[derive(Debug)]
struct InMemory;

#[async_trait::async_trait]
impl Fixture for InMemory {
    async fn fresh(&self) -> Subject {
        let store = Arc::new(MemoryStore::new());
        Subject::new(store.clone(), store)
    }
}

identity_core::conformance_tests!(InMemory);
