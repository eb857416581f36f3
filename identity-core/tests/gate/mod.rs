//! A store for tests of what waits for it.
#![allow(clippy::expect_used, dead_code, reason = "how a test fails, and each of them uses a part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use identity_core::{
    Changes, ContactId, ContactStore, Error, ErrorKind, IdentifyRequest, IdentityResolver, MemoryStore,
    Query, Snapshot,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// A memory store whose loads and commits can be held back, counted, and made to fail.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) store: MemoryStore,
    /// One permit lets one load pass.
    pub(crate) loads: Semaphore,
    /// One permit lets one commit pass.
    pub(crate) commits: Semaphore,
    pub(crate) loaded: AtomicUsize,
    pub(crate) committed: AtomicUsize,
    /// Identifiers that loads asked for.
    pub(crate) asked: AtomicUsize,
    pub(crate) panics: AtomicBool,
}

impl Gate {
    pub(crate) fn new(loads: usize, commits: usize) -> Arc<Self> {
        Arc::new(Self {
            store: MemoryStore::new(),
            loads: Semaphore::new(loads),
            commits: Semaphore::new(commits),
            loaded: AtomicUsize::new(0),
            committed: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            panics: AtomicBool::new(false),
        })
    }

    pub(crate) fn open() -> Arc<Self> {
        Self::new(Semaphore::MAX_PERMITS, Semaphore::MAX_PERMITS)
    }

    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.loaded.load(Ordering::SeqCst), self.committed.load(Ordering::SeqCst))
    }
}

#[async_trait::async_trait]
impl ContactStore for Gate {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        self.loads.acquire().await.expect("open").forget();
        self.loaded.fetch_add(1, Ordering::SeqCst);
        self.asked.fetch_add(query.identifiers.len(), Ordering::SeqCst);
        assert!(!self.panics.swap(false, Ordering::SeqCst), "a store that panics");
        self.store.load(query).await
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        self.commits.acquire().await.expect("open").forget();
        self.committed.fetch_add(1, Ordering::SeqCst);
        let refused =
            |email: &Option<Box<str>>| email.as_deref().is_some_and(|email| email.starts_with("refused"));
        if changes.created.iter().any(|contact| refused(&contact.email)) {
            return Err(Error::refused(std::io::Error::other("a value that the table does not take")));
        }
        self.store.commit(changes).await
    }
}

pub(crate) fn email(value: &str) -> IdentifyRequest {
    IdentifyRequest::new().email(value)
}

pub(crate) fn spawn(
    calls: &mut JoinSet<Result<i64, ErrorKind>>,
    resolver: &IdentityResolver,
    request: IdentifyRequest,
) {
    let resolver = resolver.clone();
    calls.spawn(async move {
        let reply = resolver.identify(request).await;
        reply.map(|person| person.primary_contact_id.get()).map_err(|error| error.kind())
    });
}

/// Lets every other task run until all of them wait.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
