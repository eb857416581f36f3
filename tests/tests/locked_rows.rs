//! Somebody outside keeps a contact locked, as a stuck report or a console does. Who asks for that contact waits; all others
//! are answered, at the server's own settings.
#![allow(clippy::expect_used, reason = "how a test fails")]

use std::time::{Duration, Instant};

use identity_core::{IdentifyRequest, IdentityResolver};
use identity_tests::databases::{Flavor, shared};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::task::JoinSet;

/// A new phone number for a customer.
fn adds(customer: u64) -> IdentifyRequest {
    IdentifyRequest::new().email(format!("{customer}@x.io")).phone_number(1_000 + customer)
}

async fn others_are_answered(flavor: Flavor) {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let resolver = IdentityResolver::connect(&database.url()).await.expect("connects");
    let customers = (0..100).map(|n| IdentifyRequest::new().email(format!("{n}@x.io")));
    assert!(resolver.identify_many(customers).await.iter().all(Result::is_ok));

    let mut outside = sqlx::MySqlConnection::connect(&database.url()).await.expect("connects");
    let mut stuck = outside.begin().await.expect("begins");
    // By its key: the email has no index, so that looking for it would lock the whole table.
    let known = resolver.identify(IdentifyRequest::new().email("7@x.io")).await.expect("known");
    let lock = format!("SELECT id FROM Contact WHERE id = {} FOR UPDATE", known.primary_contact_id.get());
    stuck.execute(AssertSqlSafe(lock)).await.expect("the lock");

    let start = Instant::now();
    let mut others = JoinSet::new();
    let waits = tokio::spawn({
        let resolver = resolver.clone();
        async move { resolver.identify(adds(7)).await }
    });
    for n in (0..100).filter(|n| *n != 7) {
        let resolver = resolver.clone();
        others.spawn(async move { resolver.identify(adds(n)).await });
    }
    while let Some(other) = others.join_next().await {
        other.expect("a call").expect("no error for the others");
    }
    assert!(start.elapsed() < Duration::from_secs(10), "the others waited for {:?}", start.elapsed());
    assert!(!waits.is_finished(), "the lock is held");

    stuck.rollback().await.expect("lets go");
    let person = waits.await.expect("a call").expect("it was tried again");
    assert_eq!(person.phone_numbers, ["1007"]);
    resolver.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb() {
    others_are_answered(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql() {
    others_are_answered(Flavor::MySql).await;
}
