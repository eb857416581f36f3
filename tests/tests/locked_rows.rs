//! Somebody outside keeps a contact locked, as a stuck report or a console does. Who asks for that contact waits; those in the
//! same batch are answered after a few time-outs of the lock; those who come later hardly notice.
#![allow(clippy::expect_used, reason = "how a test fails")]

use std::time::{Duration, Instant};

use identity_core::{ConsolidatedContact, Error, IdentifyRequest, IdentityResolver, MySqlStore};
use identity_tests::databases::{Flavor, FreshDatabase, shared};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use tokio::task::{JoinHandle, JoinSet};

/// The customer whose contact is locked.
const LOCKED: u64 = 7;

/// What sessions of the store's own wait for a lock at most: a second, and until the server looks at its watch again.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// What somebody waits who needs nothing that is locked.
const UNDISTURBED: Duration = Duration::from_secs(1);

/// A new phone number for a customer.
fn adds(customer: u64) -> IdentifyRequest {
    IdentifyRequest::new().email(format!("{customer}@x.io")).phone_number(1_000 + customer)
}

type Call = JoinHandle<Result<ConsolidatedContact, Error>>;

/// Has 100 customers, one of whom is locked.
async fn lock(resolver: &IdentityResolver, database: &FreshDatabase) -> MySqlConnection {
    let customers = (0..100).map(|n| IdentifyRequest::new().email(format!("{n}@x.io")));
    assert!(resolver.identify_many(customers).await.iter().all(Result::is_ok));
    // By its key: the email has no index, so that looking for it would lock the whole table.
    let email = IdentifyRequest::new().email(format!("{LOCKED}@x.io"));
    let known = resolver.identify(email).await.expect("known");
    let lock = format!("SELECT id FROM Contact WHERE id = {} FOR UPDATE", known.primary_contact_id.get());
    let mut outside = MySqlConnection::connect(&database.url()).await.expect("connects");
    outside.execute("START TRANSACTION").await.expect("begins");
    outside.execute(AssertSqlSafe(lock)).await.expect("the lock");
    outside
}

/// All customers bring something new at once; the one who is locked, and the others.
fn all_call(resolver: &IdentityResolver) -> (Call, JoinSet<Result<ConsolidatedContact, Error>>) {
    let call = |n| {
        let resolver = resolver.clone();
        async move { resolver.identify(adds(n)).await }
    };
    let mut others = JoinSet::new();
    for n in 0..LOCKED {
        others.spawn(call(n));
    }
    let waits = tokio::spawn(call(LOCKED));
    for n in LOCKED + 1..100 {
        others.spawn(call(n));
    }
    (waits, others)
}

/// Somebody new, again and again, while a batch waits for the lock.
async fn later_callers_hardly_wait(resolver: &IdentityResolver) {
    tokio::time::sleep(Duration::from_millis(100)).await;
    for n in 0..10 {
        let start = Instant::now();
        resolver.identify(adds(1_000 + n)).await.expect("nothing is locked for somebody new");
        assert!(start.elapsed() < UNDISTURBED, "{n} waited for {:?}", start.elapsed());
    }
}

async fn let_go(mut outside: MySqlConnection, waits: Call) {
    assert!(!waits.is_finished(), "the lock is held");
    outside.execute("ROLLBACK").await.expect("lets go");
    let person = waits.await.expect("a call").expect("it was tried again");
    assert_eq!(person.phone_numbers, [format!("{}", 1_000 + LOCKED)]);
    outside.close().await.expect("closed");
}

async fn others_are_answered(flavor: Flavor) {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let resolver = IdentityResolver::connect(&database.url()).await.expect("connects");
    let outside = lock(&resolver, &database).await;
    let start = Instant::now();
    let (waits, mut others) = all_call(&resolver);
    later_callers_hardly_wait(&resolver).await;
    while let Some(other) = others.join_next().await {
        other.expect("a call").expect("no error for the others");
    }
    // The batch twice, a part of it, and the request alone.
    assert!(start.elapsed() < 4 * LOCK_TIMEOUT + UNDISTURBED, "the others waited for {:?}", start.elapsed());
    let_go(outside, waits).await;
    resolver.close().await;
}

/// Sessions that wait for a lock as long as the server has it by default would hold up their own batch for that long.
async fn later_callers_go_on_beside_the_pool_of_the_application(flavor: Flavor) {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let pool = MySqlPoolOptions::new().connect(&database.url()).await.expect("a pool");
    let resolver = IdentityResolver::new(MySqlStore::new(pool.clone()).await.expect("a store"));
    let outside = lock(&resolver, &database).await;
    let (waits, mut others) = all_call(&resolver);
    later_callers_hardly_wait(&resolver).await;
    let_go(outside, waits).await;
    while let Some(other) = others.join_next().await {
        other.expect("a call").expect("no error for the others");
    }
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mariadb() {
    others_are_answered(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mysql() {
    others_are_answered(Flavor::MySql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_pool_of_the_application_on_mariadb() {
    later_callers_go_on_beside_the_pool_of_the_application(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_pool_of_the_application_on_mysql() {
    later_callers_go_on_beside_the_pool_of_the_application(Flavor::MySql).await;
}
