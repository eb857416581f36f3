//! Connections that are cut, also exactly around COMMIT, and ones that cannot be had: what callers see, and what is left.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::time::{Duration, Instant};

use identity_core::{ConsolidatedContact, ErrorKind, IdentifyRequest, IdentityResolver, MySqlStore};
use identity_tests::databases::{Flavor, FreshDatabase, shared};
use identity_tests::proxy::{AtCommit, Proxy, Toward};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{Connection, MySqlConnection};

/// A resolver whose connections lead through a proxy.
struct Scene {
    proxy: Proxy,
    database: FreshDatabase,
    resolver: IdentityResolver,
}

impl Scene {
    async fn on(flavor: Flavor) -> Self {
        let database = shared(flavor).fresh_database().await.expect("a fresh database");
        let proxy = Proxy::start(shared(flavor).socket()).await.expect("a free port");
        let resolver =
            IdentityResolver::connect(&proxy.url_of(&database.url())).await.expect("an empty database");
        Self { proxy, database, resolver }
    }

    async fn identify(&self, n: u64) -> Result<ConsolidatedContact, ErrorKind> {
        let request = IdentifyRequest::new().email(format!("{n}@x.io")).phone_number(n);
        self.resolver.identify(request).await.map_err(|error| error.kind())
    }

    /// Rows, claims and pieces of evidence.
    async fn counts(&self) -> (i64, i64, i64) {
        let mut connection = MySqlConnection::connect(&self.database.url()).await.expect("a connection");
        let counts = "SELECT (SELECT COUNT(*) FROM Contact), (SELECT COUNT(*) FROM ContactIdentifier), \
                      (SELECT COUNT(*) FROM ContactEvent)";
        sqlx::query_as(counts).fetch_one(&mut connection).await.expect("the counts")
    }
}

async fn cut_once_around_commit(flavor: Flavor) {
    for (n, at) in (1..).zip([AtCommit::Lost, AtCommit::InFlight, AtCommit::ReplyLost]) {
        let scene = Scene::on(flavor).await;
        scene.proxy.cut_commits(at, 1.0, 1);
        let person = scene.identify(n).await.expect("a lost connection is tried again inside");
        assert_eq!(scene.proxy.commits_cut(), 1, "{at:?}");
        assert_eq!(scene.identify(n).await.expect("nothing new"), person);
        assert_eq!(scene.counts().await, (1, 2, 1), "{at:?}");
    }
}

async fn cut_whenever_it_commits(flavor: Flavor) {
    for (n, at) in (1..).zip([AtCommit::Lost, AtCommit::InFlight, AtCommit::ReplyLost]) {
        let scene = Scene::on(flavor).await;
        scene.proxy.cut_commits(at, 1.0, u64::MAX);
        let answer = scene.identify(n).await;
        match at {
            AtCommit::Lost => assert_eq!(answer, Err(ErrorKind::Unavailable)),
            AtCommit::InFlight => {
                assert!(answer.is_ok() || answer == Err(ErrorKind::Unavailable));
            }
            AtCommit::ReplyLost => assert!(answer.is_ok(), "the second try finds what the first one wrote"),
        }
        assert!(scene.proxy.commits_cut() > 0);
        if at == AtCommit::Lost {
            // A lone new contact goes out in one text with its COMMIT: none of it arrived.
            assert_eq!(scene.counts().await, (0, 0, 0), "nothing was begun");
        }
        scene.proxy.calm();
        let person = scene.identify(n).await.expect("the same call again");
        assert!(answer.is_err() || answer == Ok(person), "one person");
        assert_eq!(scene.counts().await, (1, 2, 1), "{at:?}");
    }
}

/// Several new people are inserted in a text of their own before the one with COMMIT: when that is lost, the server has a
/// transaction to take back.
async fn cut_in_a_transaction(flavor: Flavor) {
    for times in [1, u64::MAX] {
        let scene = Scene::on(flavor).await;
        let people = || (1..3_u64).map(|n| IdentifyRequest::new().email(format!("{n}@x.io")).phone_number(n));
        scene.proxy.cut_commits(AtCommit::Lost, 1.0, times);
        let answers = scene.resolver.identify_many(people()).await;
        if times == u64::MAX {
            for answer in answers {
                assert_eq!(answer.expect_err("no COMMIT arrives").kind(), ErrorKind::Unavailable);
            }
            assert_eq!(scene.counts().await, (0, 0, 0), "what was begun is taken back");
            scene.proxy.calm();
        }
        for person in scene.resolver.identify_many(people()).await {
            let id = person.expect("two people").primary_contact_id.get();
            assert!(id > 2, "contact {id}: the ids before are of rows that were inserted and taken back");
        }
        assert_eq!(scene.counts().await, (2, 4, 2));
    }
}

/// All connections that there are die at the same moment; the database is well.
async fn cut_all(flavor: Flavor) {
    let scene = Scene::on(flavor).await;
    for round in 0..5 {
        // As many as the pool has.
        let calls = (0..40).map(|n| scene.resolver.lookup(IdentifyRequest::new().phone_number(n + 1_u64)));
        futures_util::future::join_all(calls).await;
        let cut = scene.proxy.cut();
        assert!(cut >= 8, "{cut} connections");
        for n in 1..4 {
            let person = scene.identify(round * 10 + n).await;
            assert!(person.is_ok(), "of {cut} dead connections one was given to a caller: {person:?}");
        }
    }
    assert_eq!(scene.counts().await, (15, 30, 15));
}

/// Nobody takes connections in: callers are told within about the time that a connection may take.
async fn refused(flavor: Flavor) {
    let scene = Scene::on(flavor).await;
    scene.identify(1).await.expect("a call");
    scene.proxy.refuse(true);
    for _ in 0..2 {
        let since = Instant::now();
        assert_eq!(scene.identify(1).await, Err(ErrorKind::Unavailable));
        assert!(since.elapsed() < Duration::from_secs(4), "told after {:?}", since.elapsed());
    }
    scene.proxy.refuse(false);
    scene.identify(1).await.expect("at once");
    // As where the server is down.
    let Scene { proxy, resolver, database: _database } = scene;
    drop(proxy);
    let since = Instant::now();
    let error = resolver.identify(IdentifyRequest::new().phone_number(1_u64)).await.expect_err("no server");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(since.elapsed() < Duration::from_secs(4), "told after {:?}", since.elapsed());
}

/// Somebody else has all connections of the application's pool.
async fn exhausted(flavor: Flavor) {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let patience = Duration::from_millis(1_500);
    let pool = MySqlPoolOptions::new().max_connections(2).acquire_timeout(patience);
    let pool = pool.connect(&database.url()).await.expect("a pool");
    let resolver = IdentityResolver::new(MySqlStore::new(pool.clone()).await.expect("a store"));
    let request = || IdentifyRequest::new().email("a@x.io");
    let taken = [pool.acquire().await.expect("a connection"), pool.acquire().await.expect("another")];
    let since = Instant::now();
    let error = resolver.identify(request()).await.expect_err("no connection");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(since.elapsed() < patience * 2, "told after {:?}", since.elapsed());
    // Who comes while there is none, and waits, gets one as soon as there is.
    let waiting = tokio::spawn({
        let resolver = resolver.clone();
        async move { resolver.identify(request()).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(taken);
    waiting.await.expect("a call").expect("a connection came free");
    pool.close().await;
}

async fn delayed(flavor: Flavor) {
    let scene = Scene::on(flavor).await;
    scene.identify(1).await.expect("a call");
    scene.proxy.delay(Toward::Client, Duration::from_millis(300));
    let since = Instant::now();
    scene.identify(1).await.expect("late, and right");
    assert!(since.elapsed() >= Duration::from_millis(300));
    let hasty = scene.resolver.with_deadline(Duration::from_millis(100));
    let request = || IdentifyRequest::new().email("2@x.io").phone_number(2_u64);
    let error = hasty.identify(request()).await.expect_err("too late");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    scene.proxy.calm();
    scene.identify(2).await.expect("the same call again");
    assert_eq!(scene.counts().await, (2, 4, 2));
}

macro_rules! on_both {
    ($($name:ident),+) => {
        mod mariadb {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Flavor::MariaDb).await;
            })+
        }

        mod mysql {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Flavor::MySql).await;
            })+
        }
    };
}

on_both!(
    cut_once_around_commit,
    cut_whenever_it_commits,
    cut_in_a_transaction,
    cut_all,
    refused,
    exhausted,
    delayed
);
