//! The private clusters themselves: starting, seeing each other's rows, losing a member and having it back; and, where one
//! member takes the writes, what the store makes of it when another one comes to do so.
#![expect(clippy::unwrap_used, reason = "it is how a test fails")]

use std::time::{Duration, Instant};

use identity_core::{IdentifyRequest, IdentityResolver};
use identity_tests::databases::cluster::{Cluster, ClusterDatabase, ClusterKind, MEMBERS};
use identity_tests::proxy::Proxy;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};

async fn connect(database: &ClusterDatabase, member: usize) -> MySqlConnection {
    MySqlConnection::connect(database.url(member)).await.unwrap()
}

async fn insert(database: &ClusterDatabase, member: usize, row: usize) {
    let insert = format!("INSERT INTO Probe VALUES ({row})");
    connect(database, member).await.execute(AssertSqlSafe(insert)).await.unwrap();
}

/// Waits until a member has so many rows.
async fn wait_for_rows(database: &ClusterDatabase, member: usize, expected: i64) {
    let start = Instant::now();
    loop {
        let mut connection = connect(database, member).await;
        let count: Result<i64, _> =
            sqlx::query_scalar("SELECT COUNT(*) FROM Probe").fetch_one(&mut connection).await;
        match count {
            Ok(rows) if rows == expected => return,
            outcome => assert!(start.elapsed() < Duration::from_secs(20), "member {member} has {outcome:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The primary changes in good order, and an address that leads to it with it. Connections to the one before stay open there,
/// where they can read. The store does not hold on to them.
async fn new_connections_lead_to_the_new_primary(cluster: &Cluster) {
    let database = cluster.fresh_database().await.unwrap();
    let before = cluster.primary().await.unwrap();
    let proxy = Proxy::start(cluster.member(before).address().socket()).await.unwrap();
    let url = proxy.url_of(database.url(before));
    let resolver = IdentityResolver::connect(&url).await.unwrap();
    let person = |n: u64| resolver.identify(IdentifyRequest::new().phone_number(n));
    futures_util::future::try_join_all((0..40).map(person)).await.unwrap();

    let after = (before + 1) % MEMBERS;
    cluster.make_primary(after).await.unwrap();
    proxy.lead_to(cluster.member(after).address().socket());
    // Each connection to the one before may cost one attempt.
    for n in 100.. {
        match person(n).await {
            Ok(_) => break,
            Err(error) => assert!(error.is_retryable() && n < 110, "call {n}: {error:?}"),
        }
    }
    futures_util::future::try_join_all((200..240).map(person)).await.unwrap();
}

/// One life of a cluster.
async fn members_leave_and_come_back(kind: ClusterKind) {
    let mut cluster = Cluster::start(kind).await.unwrap();
    let database = cluster.fresh_database().await.unwrap();
    let primary = cluster.primary().await.unwrap();
    connect(&database, primary).await.execute("CREATE TABLE Probe (id INT PRIMARY KEY)").await.unwrap();
    for member in 0..MEMBERS {
        // What another inserted is seen here before the next row is.
        wait_for_rows(&database, member, member as i64).await;
        insert(&database, if kind == ClusterKind::SinglePrimary { primary } else { member }, member).await;
    }
    for member in 0..MEMBERS {
        wait_for_rows(&database, member, 3).await;
    }

    if kind == ClusterKind::SinglePrimary {
        new_connections_lead_to_the_new_primary(&cluster).await;
    }

    // The one that takes writes, where only one does.
    let primary = cluster.primary().await.unwrap();
    cluster.kill(primary).unwrap();
    assert!(!cluster.is_online(primary).await);
    let other = cluster.primary().await.unwrap();
    assert_ne!(other, primary);
    insert(&database, other, 10).await;
    cluster.rejoin(primary).await.unwrap();
    wait_for_rows(&database, primary, 4).await;

    // The others go on without one that stands still, and have it back when it goes on.
    if kind == ClusterKind::Galera {
        cluster.isolate(2).await.unwrap();
        insert(&database, 0, 11).await;
        cluster.bring_back(2).await.unwrap();
        wait_for_rows(&database, 2, 5).await;

        // One that loses the others learns that it is alone, and writes nothing meanwhile.
        cluster.partition(2).await.unwrap();
        cluster.wait_until_given_up(2).await.unwrap();
        assert!(!cluster.is_online(2).await);
        insert(&database, 0, 12).await;
        assert!(connect(&database, 2).await.execute("INSERT INTO Probe VALUES (13)").await.is_err());
        cluster.heal(2).await.unwrap();
        cluster.bring_back(2).await.unwrap();
        wait_for_rows(&database, 2, 6).await;
    }

    let folders: Vec<_> = cluster.members().iter().map(|member| member.folder().to_owned()).collect();
    drop(cluster);
    assert!(folders.iter().all(|folder| !folder.exists()), "a folder is left behind");
}

#[tokio::test]
async fn group_replication() {
    members_leave_and_come_back(ClusterKind::GroupReplication).await;
}

#[tokio::test]
async fn group_replication_with_a_single_primary() {
    members_leave_and_come_back(ClusterKind::SinglePrimary).await;
}

#[tokio::test]
async fn galera() {
    members_leave_and_come_back(ClusterKind::Galera).await;
}
