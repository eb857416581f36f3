//! Several processes on one database: what they leave is what one would.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::process::Stdio;

use identity_core::conformance::{Inspect, RandomCalls, assert_outcome};
use identity_core::{MySqlStore, SqliteStore, StoreOptions};
use identity_tests::databases::{Flavor, shared};
use tokio::process::Command;

/// The tables are created beforehand, or by whichever process comes first.
async fn two_processes_on(url: &str) -> [RandomCalls; 2] {
    let loads =
        [0, RandomCalls::MANY.tasks].map(|first_task| RandomCalls { first_task, ..RandomCalls::MANY });
    let processes = loads.map(|load| {
        Command::new(env!("CARGO_BIN_EXE_random-calls"))
            .arg(url)
            .arg(load.first_task.to_string())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("random-calls starts")
    });
    for mut process in processes {
        let status = process.wait().await.expect("random-calls ends");
        assert!(status.success(), "an error reached a caller: {status}");
    }
    loads
}

async fn on_server(flavor: Flavor) {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let loads = two_processes_on(&database.url()).await;
    let store = MySqlStore::connect(&database.url(), StoreOptions::default()).await.expect("the store");
    assert_outcome(&store as &dyn Inspect, &loads).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_mariadb() {
    on_server(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_mysql() {
    on_server(Flavor::MySql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_sqlite_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/contacts.db", folder.path().display());
    let loads = two_processes_on(&url).await;
    let store = SqliteStore::connect(&url, StoreOptions::default()).await.expect("the store");
    assert_outcome(&store as &dyn Inspect, &loads).await;
}
