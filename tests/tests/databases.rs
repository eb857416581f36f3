//! The private database servers themselves: starting, crashing, starting again, and leaving nothing behind.

#![expect(clippy::unwrap_used, reason = "it is how a test fails")]

use std::time::{Duration, Instant};

use identity_tests::databases::{DatabaseError, DatabaseServer, Flavor, FreshDatabase, shared};
use rustix::process::{Pid, test_kill_process};
use sqlx::{Connection, Executor, MySqlConnection};

async fn connect(database: &FreshDatabase) -> MySqlConnection {
    MySqlConnection::connect(&database.url()).await.unwrap()
}

async fn count_rows(database: &FreshDatabase) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM Probe").fetch_one(&mut connect(database).await).await.unwrap()
}

fn runs(process: u32) -> bool {
    test_kill_process(Pid::from_raw(process.try_into().unwrap()).unwrap()).is_ok()
}

/// One life of a server: up, restarted, crashed, up again, stopped, gone.
async fn keeps_data_and_leaves_nothing(flavor: Flavor) {
    let mut server = DatabaseServer::start(flavor).await.unwrap();
    let port = server.port();
    let database = server.fresh_database().await.unwrap();
    let mut connection = connect(&database).await;
    connection.execute("CREATE TABLE Probe (id INT PRIMARY KEY)").await.unwrap();
    connection.execute("INSERT INTO Probe VALUES (1)").await.unwrap();

    server.restart().await.unwrap();
    assert_eq!(server.port(), port);
    assert_eq!(count_rows(&database).await, 1);

    connect(&database).await.execute("INSERT INTO Probe VALUES (2)").await.unwrap();
    server.kill().unwrap();
    assert_eq!(server.process_id(), None);
    assert!(server.address().connect().await.is_err(), "it answers after it was killed");
    server.kill().unwrap();

    server.restart().await.unwrap();
    assert_eq!(count_rows(&database).await, 2, "a committed row is lost");
    database.close().await.unwrap();

    server.stop().await.unwrap();
    server.stop().await.unwrap();
    server.restart().await.unwrap();
    let (folder, process) = (server.folder().to_owned(), server.process_id().unwrap());
    assert!(folder.exists() && runs(process));
    drop(server);
    assert!(!folder.exists(), "the folder is left behind");
    assert!(!runs(process), "the server is left behind");
}

#[tokio::test]
async fn mariadb_keeps_data_and_leaves_nothing() {
    keeps_data_and_leaves_nothing(Flavor::MariaDb).await;
}

#[tokio::test]
async fn mysql_keeps_data_and_leaves_nothing() {
    keeps_data_and_leaves_nothing(Flavor::MySql).await;
}

#[tokio::test]
async fn two_servers_are_two() {
    let start = || DatabaseServer::start_with(Flavor::MariaDb, &["--auto-increment-increment=7"]);
    let (one, other) = tokio::try_join!(start(), start()).unwrap();
    assert_ne!(one.port(), other.port());
    assert_ne!(one.folder(), other.folder());

    let database = one.fresh_database().await.unwrap();
    let step: u64 = sqlx::query_scalar("SELECT @@auto_increment_increment")
        .fetch_one(&mut connect(&database).await)
        .await
        .unwrap();
    assert_eq!(step, 7, "the option did not reach the server");
    assert!(MySqlConnection::connect(&other.url(database.name())).await.is_err(), "both share a database");
}

#[tokio::test]
async fn a_server_that_dies_at_start_shows_its_log() {
    let error = DatabaseServer::start_with(Flavor::MariaDb, &["--no-such-option"]).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Died { .. }), "{error}");
    assert!(error.to_string().contains("no-such-option"), "{error}");
}

/// The flavors answer for what they say they are, and a database is gone with its value, whatever still uses it.
#[tokio::test]
async fn shared_servers_give_each_test_a_database() {
    for flavor in Flavor::ALL {
        let server = shared(flavor);
        let database = server.fresh_database().await.unwrap();
        let mut connection = connect(&database).await;
        let version: String =
            sqlx::query_scalar("SELECT VERSION()").fetch_one(&mut connection).await.unwrap();
        assert_eq!(version.contains("MariaDB"), flavor == Flavor::MariaDb, "{flavor} is {version}");

        let other = server.fresh_database().await.unwrap();
        assert_ne!(database.name(), other.name());

        let url = database.url();
        drop(database);
        let start = Instant::now();
        assert!(MySqlConnection::connect(&url).await.is_err(), "the database is left behind");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
