//! The quick form of `tests/prove --overload`: ten times what can be served, for some seconds.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "how a test fails, and its table")]

use std::time::Duration;

use identity_tests::databases::{Flavor, shared};
use identity_tests::overload::{HEAD, overload};

/// The only test of its program: it is the process whose memory is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn callers_are_refused_at_once_and_memory_stays_flat() {
    let flavor = Flavor::MySql;
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let outcome = overload(&database.url(), Duration::from_secs(6)).await.expect("a database that answers");
    println!("{HEAD}{}", outcome.line(&flavor.to_string()));
    assert!(outcome.broken().is_empty(), "{outcome:?}");
}
