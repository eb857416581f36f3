//! The store on clusters keeps its promises whichever member a call goes to, also when members leave and come back.
//!
//! All cases of the conformance suite pass here; those that have writers on several members at once are run.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use identity_core::conformance::{self, Fixture, Subject};
use identity_core::{
    Changes, ContactId, ContactStore, Error, ErrorKind, IdentifyRequest, IdentityResolver, MySqlStore, Query,
    Snapshot, StoreOptions, Version,
};
use identity_tests::databases::cluster::{Cluster, ClusterDatabase, ClusterKind, MEMBERS};
use sqlx::{Connection, Executor, MySqlConnection};

/// Each call goes to another member than the last, as behind a load balancer.
#[derive(Debug)]
struct InTurn {
    stores: Vec<MySqlStore>,
    calls: AtomicUsize,
}

impl InTurn {
    fn next(&self) -> &MySqlStore {
        &self.stores[self.calls.fetch_add(1, Ordering::Relaxed) % self.stores.len()]
    }
}

#[async_trait::async_trait]
impl ContactStore for InTurn {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        self.next().load(query).await
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        self.next().commit(changes).await
    }

    async fn unchanged(&self, seen: &[Version]) -> Result<bool, Error> {
        self.next().unchanged(seen).await
    }

    async fn primaries(&self, contacts: &[ContactId]) -> Result<Vec<Option<ContactId>>, Error> {
        self.next().primaries(contacts).await
    }
}

/// A store on each member; all of them create the tables at once.
async fn stores(database: &ClusterDatabase) -> Vec<MySqlStore> {
    let connects = database.urls().iter().map(|url| MySqlStore::connect(url, StoreOptions::default()));
    futures_util::future::try_join_all(connects).await.expect("an empty database")
}

#[derive(Debug)]
struct On(Cluster);

#[async_trait::async_trait]
impl Fixture for On {
    async fn fresh(&self) -> Subject {
        let database = self.0.fresh_database().await.expect("a fresh database");
        let stores = stores(&database).await;
        let rows = Arc::new(stores[0].clone());
        Subject::new(Arc::new(InTurn { stores, calls: AtomicUsize::new(0) }), rows)
    }
}

fn request(email: &str, phone: &str) -> IdentifyRequest {
    IdentifyRequest::new().email(email).phone_number(phone)
}

fn resolver(store: &MySqlStore) -> IdentityResolver {
    IdentityResolver::new(store.clone())
}

/// What one member answered is seen on another, even while that one applies nothing.
async fn answers_are_seen_on_other_members(cluster: &Cluster) {
    let database = cluster.fresh_database().await.expect("a fresh database");
    let stores = stores(&database).await;
    let resolvers: Vec<_> = stores.iter().map(resolver).collect();
    for round in 0..60 {
        let (here, there) = (&resolvers[round % MEMBERS], &resolvers[(round + 1) % MEMBERS]);
        let email = format!("{round}@x.io");
        let person = here.identify(request(&email, "1")).await.expect("identify");
        let found = there.lookup(IdentifyRequest::new().email(&*email)).await.expect("lookup");
        assert_eq!(found, [person], "round {round}: a stale read");
    }

    let mut lock = MySqlConnection::connect(database.url(1)).await.expect("a connection");
    lock.execute("FLUSH TABLES WITH READ LOCK").await.expect("the lock");
    let person = resolvers[0].identify(request("held@x.io", "1")).await.expect("identify");
    let unlock = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        lock.execute("UNLOCK TABLES").await.expect("unlocked");
    };
    let (found, ()) = tokio::join!(resolvers[1].lookup(IdentifyRequest::new().email("held@x.io")), unlock);
    assert_eq!(found.expect("lookup"), [person], "a member that lags answered");
}

/// The application's own pool is refused as long as its sessions may read what is stale; then it does as well.
async fn pools_must_read_what_is_current(cluster: &Cluster) {
    let database = cluster.fresh_database().await.expect("a fresh database");
    let pool = sqlx::MySqlPool::connect(database.url(1)).await.expect("a pool");
    let refused = MySqlStore::new(pool).await.expect_err("stale reads are not refused");
    assert_eq!(refused.kind(), ErrorKind::Configuration);
    let (_, cure) = refused
        .to_string()
        .split_once("(after_connect): ")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a cure");
    let pool = sqlx::mysql::MySqlPoolOptions::new()
        .after_connect(move |connection, _| {
            let cure = sqlx::AssertSqlSafe(cure.clone());
            Box::pin(async move { connection.execute(cure).await.map(drop) })
        })
        .connect(database.url(1))
        .await
        .expect("a pool");
    let store = MySqlStore::new(pool).await.expect("the cure cures");
    resolver(&store).identify(request("pool@x.io", "1")).await.expect("identify");
}

/// A member that is cut off answers nothing wrong: each call fails as unavailable, or sees what the others answered meanwhile.
async fn a_member_that_is_cut_off_answers_nothing_stale(cluster: &mut Cluster) {
    let database = cluster.fresh_database().await.expect("a fresh database");
    let stores = stores(&database).await;
    let [here, there] = [0, 2].map(|member| resolver(&stores[member]));
    there.identify(request("before@x.io", "1")).await.expect("identify");
    cluster.pause(2).expect("paused");
    cluster.wait_until_given_up(2).await.expect("given up");
    let person = here.identify(request("meanwhile@x.io", "1")).await.expect("the others go on");
    cluster.resume(2).expect("resumed");
    let start = Instant::now();
    loop {
        match there.lookup(IdentifyRequest::new().email("meanwhile@x.io")).await {
            Ok(found) => {
                assert_eq!(found, [person], "a member that was cut off answered");
                break;
            }
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
        assert!(start.elapsed() < Duration::from_secs(60), "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    cluster.wait_until_online().await.expect("all are back");
    there.identify(request("after@x.io", "1")).await.expect("identify");
}

/// The same of a member that crashed and comes back.
async fn a_member_that_comes_back_answers_nothing_stale(cluster: &mut Cluster) {
    let database = cluster.fresh_database().await.expect("a fresh database");
    let stores = stores(&database).await;
    let [here, there] = [0, 2].map(|member| resolver(&stores[member]));
    there.identify(request("before@x.io", "1")).await.expect("identify");
    cluster.kill(2).expect("killed");
    let people = [here.identify(request("meanwhile@x.io", "1")).await.expect("the others go on")];
    let asked = async {
        let mut answers = 0;
        loop {
            match there.lookup(IdentifyRequest::new().email("meanwhile@x.io")).await {
                Ok(found) => {
                    assert_eq!(found, people, "a member that was away answered");
                    answers += 1;
                    if answers == 20 {
                        return;
                    }
                }
                Err(error) => assert!(error.is_retryable(), "{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (rejoined, ()) = tokio::join!(cluster.rejoin(2), asked);
    rejoined.expect("it comes back");
    there.identify(request("after@x.io", "1")).await.expect("identify");
}

async fn keeps_its_promises(kind: ClusterKind) {
    let mut on = On(Cluster::start(kind).await.expect("a cluster"));
    answers_are_seen_on_other_members(&on.0).await;
    pools_must_read_what_is_current(&on.0).await;
    for case in [
        "many_callers_leave_one_person_each",
        "the_same_new_person_at_once_is_one",
        "a_chain_of_merges_at_once_is_one_person",
        "links_while_people_are_merged",
        "calls_that_are_given_up_leave_nothing_half",
        "a_taken_over_claim_has_one_winner",
        "an_import_beside_other_callers",
    ] {
        conformance::run(case, &on).await;
    }
    a_member_that_is_cut_off_answers_nothing_stale(&mut on.0).await;
    a_member_that_comes_back_answers_nothing_stale(&mut on.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn group_replication() {
    keeps_its_promises(ClusterKind::GroupReplication).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn galera() {
    keeps_its_promises(ClusterKind::Galera).await;
}
