//! A resolver that was closed: every call says so, on every store and through every clone.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use futures_util::{StreamExt, stream};
use identity_core::{Error, IdentifyRequest, IdentityResolver};

fn request(phone: u64) -> IdentifyRequest {
    IdentifyRequest::new().phone_number(phone)
}

fn is_closed<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Closed))
}

async fn calls_are_refused(url: &str) {
    let resolver = IdentityResolver::connect(url).await.expect("a fresh database");
    let clone = resolver.clone();
    let rows = stream::iter((0..10_u64).map(request)).chain(stream::pending());
    let mut import = resolver.identify_stream(rows, |_| {});
    import.next().await.expect("a result").expect("a person");
    resolver.close().await;
    resolver.close().await;
    let results = import.collect::<Vec<_>>().await;
    assert!(results.len() <= 10 && is_closed(results.last().expect("a last result")));
    assert!(is_closed(&clone.identify(request(1)).await));
    assert!(is_closed(&clone.lookup(request(1)).await));
    assert!(is_closed(&clone.get(1.into()).await));
    assert!(is_closed(&clone.ping().await));
    let many = clone.identify_many([request(1), request(2)]).await;
    assert!(many.len() == 2 && many.iter().all(is_closed));
}

#[tokio::test]
async fn in_memory() {
    calls_are_refused("memory:").await;
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    calls_are_refused(&format!("sqlite://{}/contacts.db", folder.path().display())).await;
}

#[test]
fn codes_are_stable() {
    assert_eq!(Error::Closed.kind().code(), "CLOSED");
    assert_eq!(Error::Overloaded.kind().code(), "OVERLOADED");
    assert!(!Error::Closed.is_retryable());
}
