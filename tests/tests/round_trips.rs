//! How often a batch goes to the database and back: what counts where the database is not on the same machine.
//!
//! `identity-core/src/store/mysql/mod.rs` tells why these are the numbers. They are those of a connection that has met the
//! statements before: what is prepared for the first time takes one more.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use identity_core::{ContactStore, IdentifyRequest, IdentityResolver, MySqlStore, StoreOptions};
use identity_tests::databases::{Flavor, FreshDatabase, shared};
use identity_tests::proxy::Proxy;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{Connection, Executor, MySqlConnection, MySqlPool};

/// What the callers of a batch are to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Callers {
    /// All known, with nothing new.
    Known,
    /// New people.
    New,
    /// Known people with something new.
    Linked,
    /// In turn one who is known, one who is new, and one who is known with something new.
    Mixed,
    /// Known people who turn out to be the same, two and two.
    Merged,
    /// New people, each of whom calls twice, with another email.
    Twice,
    /// People whose contacts were deleted.
    Deleted,
}

use Callers::{Deleted, Known, Linked, Merged, Mixed, New, Twice};

/// So many requests that are made at once, and the round trips that they take together.
type Case = (Callers, usize, u64);

/// A resolver with one connection, which leads through a proxy.
struct Scene {
    proxy: Proxy,
    resolver: IdentityResolver,
    /// The application's.
    pool: Option<MySqlPool>,
    database: FreshDatabase,
}

impl Scene {
    async fn new(flavor: Flavor, of_application: bool) -> Self {
        let database = shared(flavor).fresh_database().await.expect("a fresh database");
        let proxy = Proxy::start(shared(flavor).socket()).await.expect("a free port");
        let url = proxy.url_of(&database.url());
        let (pool, store) = if of_application {
            let pool = MySqlPoolOptions::new().max_connections(1).connect(&url).await.expect("a pool");
            (Some(pool.clone()), MySqlStore::new(pool).await)
        } else {
            let options = StoreOptions::default().max_connections(1);
            (None, MySqlStore::connect(&url, options).await)
        };
        let store: Arc<dyn ContactStore> = Arc::new(store.expect("an empty database"));
        // So that callers at once are one batch.
        let builder = IdentityResolver::builder().concurrent_loads(1).concurrent_writes(1);
        Self { proxy, resolver: builder.build(store), pool, database }
    }

    async fn identify_at_once(&self, requests: impl Iterator<Item = IdentifyRequest>) {
        for reply in join_all(requests.map(|request| self.resolver.identify(request))).await {
            reply.expect("identify");
        }
        // The application's pool makes sure of what comes back to it.
        let is_back = || self.pool.as_ref().is_none_or(|pool| pool.num_idle() == 1);
        while !is_back() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// As the application would, not by way of the proxy.
    async fn delete_all(&self) {
        let mut connection = MySqlConnection::connect(&self.database.url()).await.expect("a connection");
        connection.execute("UPDATE Contact SET deletedAt = updatedAt").await.expect("an UPDATE");
        connection.close().await.expect("closed");
    }

    /// The round trips of one batch, once the connection has met all statements.
    async fn round_trips(&self, callers: Callers, size: usize) -> u64 {
        let mut counted = u64::MAX;
        for round in 0..5 {
            let request = |name: &str, email: usize, phone: usize| {
                let batch = 10_000_000 * (1 + callers as u64) + 10_000 * size as u64 + 1_000 * round;
                IdentifyRequest::new()
                    .email(format!("{name}.{callers:?}.{size}.{round}.{email}@example.com"))
                    .phone_number(format!("+4930{}", batch + phone as u64))
            };
            let all = || 0..size;
            let known = |n| request("known", n, n);
            let linked = |n| request("other", n, n);
            self.identify_at_once(all().map(known)).await;
            if callers == Deleted {
                self.delete_all().await;
            }
            let before = self.proxy.round_trips();
            match callers {
                Known | Deleted => self.identify_at_once(all().map(known)).await,
                New => self.identify_at_once(all().map(|n| request("new", n, size + n))).await,
                Linked => self.identify_at_once(all().map(linked)).await,
                Mixed => {
                    let request = |n| match n % 3 {
                        0 => linked(n),
                        1 => request("new", n, size + n),
                        _ => known(n),
                    };
                    self.identify_at_once(all().map(request)).await;
                }
                Merged => self.identify_at_once(all().map(|n| request("known", n, n ^ 1))).await,
                Twice => {
                    self.identify_at_once(all().map(|n| request("new", n, size + n / 2))).await;
                }
            }
            // Of the rounds in which nothing was new to the connection, the fewest: now and then so many callers come to two batches.
            if round >= 2 {
                counted = counted.min(self.proxy.round_trips() - before);
            }
        }
        counted
    }
}

async fn take(flavor: Flavor, of_application: bool, expected: &[Case]) {
    let scene = Scene::new(flavor, of_application).await;
    let mut counted = BTreeMap::new();
    for &(callers, size, _) in expected {
        counted.insert((callers, size), scene.round_trips(callers, size).await);
    }
    let expected = expected.iter().map(|&(callers, size, round_trips)| ((callers, size), round_trips));
    assert_eq!(counted, expected.collect(), "{flavor}");
    scene.resolver.close().await;
}

/// On a pool of the store's own.
const ON_ITS_OWN: &[Case] = &[
    (Known, 1, 1),
    (Known, 15, 1),
    (Known, 16, 1),
    (Known, 64, 1),
    (Known, 256, 1),
    // One load, or two from 16 on; then contacts, and the rest. A single contact goes along with the rest.
    (New, 1, 2),
    (New, 2, 3),
    (New, 15, 3),
    (New, 16, 4),
    (New, 64, 4),
    // What is sent at once is bounded.
    (New, 256, 10),
    // And before them the primaries.
    (Linked, 1, 3),
    (Linked, 15, 4),
    (Linked, 16, 5),
    (Linked, 64, 5),
    (Linked, 256, 10),
    (Mixed, 15, 4),
    (Mixed, 16, 5),
    (Mixed, 64, 5),
    (Mixed, 256, 8),
    // No contact is new.
    (Merged, 2, 3),
    (Merged, 16, 4),
    (Merged, 64, 4),
    // Contacts learn the ids of other new ones.
    (Twice, 2, 4),
    (Twice, 16, 5),
    // Each claim is taken over by itself.
    (Deleted, 1, 4),
    (Deleted, 4, 11),
];

/// On the application's pool. It asks the connection for a sign of life before each use and after it; a transaction is begun
/// and committed by itself; the others are lists of rows, in the fixed lengths: 15 are 4, 4, 4, 1, 1 and 1, each of 4 contacts
/// with a look at their ids.
const ON_THE_APPLICATIONS: &[Case] = &[
    (Known, 1, 3),
    (Known, 15, 3),
    (Known, 16, 3),
    (Known, 64, 3),
    (Known, 256, 3),
    (New, 1, 11),
    (New, 15, 28),
    (New, 16, 15),
    (New, 64, 15),
    (New, 256, 15),
    (Linked, 1, 11),
    (Linked, 15, 29),
    (Linked, 16, 15),
    (Linked, 64, 15),
    (Linked, 256, 18),
    (Mixed, 15, 24),
    (Mixed, 16, 24),
    (Mixed, 64, 30),
    (Mixed, 256, 37),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_takes_few_round_trips_on_mariadb() {
    take(Flavor::MariaDb, false, ON_ITS_OWN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_takes_few_round_trips_on_mysql() {
    take(Flavor::MySql, false, ON_ITS_OWN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn round_trips_on_the_pool_of_the_application_on_mariadb() {
    take(Flavor::MariaDb, true, ON_THE_APPLICATIONS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn round_trips_on_the_pool_of_the_application_on_mysql() {
    take(Flavor::MySql, true, ON_THE_APPLICATIONS).await;
}
