//! A row that somebody outside keeps locked holds up whoever needs it, the others of its batch for a few lock time-outs, and
//! hardly anybody else.
#![allow(clippy::expect_used, reason = "how a test fails")]

use std::time::Duration;

use identity_core::{
    Changes, ContactId, ContactStore, Error, ErrorKind, IdentifyRequest, IdentityResolver, MemoryStore,
    Query, Snapshot,
};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A memory store where commits of some people wait for a lock, in vain.
#[derive(Debug)]
struct Locked(MemoryStore);

/// As long as the sessions of the MySQL store wait.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// The random waits between attempts, and what is written meanwhile.
const SLACK: Duration = Duration::from_millis(300);

#[async_trait::async_trait]
impl ContactStore for Locked {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        self.0.load(query).await
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        let emails = changes.created.iter().filter_map(|contact| contact.email.as_deref());
        if emails.into_iter().any(|email| email.starts_with("locked")) {
            tokio::time::sleep(LOCK_TIMEOUT).await;
            return Err(Error::conflict());
        }
        self.0.commit(changes).await
    }
}

fn requests(locked: &[usize]) -> Vec<IdentifyRequest> {
    let name = |n| if locked.contains(&n) { "locked" } else { "free" };
    (0..256).map(|n| IdentifyRequest::new().email(format!("{}{n}@x.io", name(n)))).collect()
}

#[tokio::test(start_paused = true)]
async fn callers_go_on_without_those_who_wait_for_a_lock() {
    let resolver = IdentityResolver::builder().concurrent_writes(1).build(Locked(MemoryStore::new()));
    let start = Instant::now();
    let mut calls = JoinSet::new();
    // The first of all as well: behind it all others would wait.
    for (n, request) in requests(&[0, 200]).into_iter().enumerate() {
        let resolver = resolver.clone();
        calls.spawn(async move { (n, resolver.identify(request).await.map_err(|error| error.kind())) });
    }
    while let Some(call) = calls.join_next().await {
        let (n, outcome) = call.expect("a call");
        let waited = start.elapsed();
        if n == 0 || n == 200 {
            assert_eq!(outcome, Err(ErrorKind::Conflict));
            assert!(waited < Duration::from_secs(40), "{waited:?}");
        } else {
            assert!(outcome.is_ok(), "{outcome:?}");
            // The batch twice, and for each of the two a part of it and the request alone.
            assert!(waited < 6 * LOCK_TIMEOUT + SLACK, "{n} waited for {waited:?}");
        }
    }
}

/// There is a write slot for them, however many wait for the lock along with the one who needs the row.
#[tokio::test(start_paused = true)]
async fn callers_of_other_batches_hardly_wait() {
    let resolver = IdentityResolver::new(Locked(MemoryStore::new()));
    let mut stuck = JoinSet::new();
    for request in requests(&[200]) {
        let resolver = resolver.clone();
        stuck.spawn(async move { resolver.identify(request).await.is_ok() });
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    for n in 0..20 {
        let start = Instant::now();
        let other = IdentifyRequest::new().email(format!("other{n}@x.io"));
        resolver.identify(other).await.expect("nobody else's lock");
        assert!(start.elapsed() < SLACK, "{n} waited for {:?}", start.elapsed());
    }
    let mut served = 0;
    while let Some(call) = stuck.join_next().await {
        served += usize::from(call.expect("a call"));
    }
    assert_eq!(served, 255);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_an_import_is_done() {
    let resolver = IdentityResolver::new(Locked(MemoryStore::new()));
    let start = Instant::now();
    let outcomes = resolver.identify_many(requests(&[3])).await;
    let failed: Vec<_> = (0..256).filter(|n| outcomes[*n].is_err()).collect();
    assert_eq!(failed, [3]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_locked_as_a_whole_comes_to_an_end() {
    let resolver = IdentityResolver::new(Locked(MemoryStore::new()));
    let start = Instant::now();
    let outcomes = resolver.identify_many(requests(&(0..256).collect::<Vec<_>>())).await;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_err_and(Error::is_retryable)));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
