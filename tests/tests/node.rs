//! Two Node processes and one Rust process race on one table, in every way that collides: the table is sound, and its people
//! are the connected components of all that was asked.
//!
//! The npm package must have been built, as `tests/run` does: `npm ci && npm run build`.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::process::Stdio;

use identity_core::conformance::{RandomCalls, assert_outcome};
use identity_core::{MySqlStore, StoreOptions};
use identity_tests::databases::{Flavor, shared};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// Makes a load's calls in a Node process, which gets them by its input.
async fn in_node(url: &str, load: RandomCalls) -> Child {
    let mut process = Command::new("node")
        .args([concat!(env!("CARGO_MANIFEST_DIR"), "/node/load.mjs"), url])
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node is installed, see tests/requirements");
    let tasks = load.first_task..load.first_task + load.tasks;
    let lines: String =
        tasks.map(|task| format!("{}\n", json!(load.requests(task).collect::<Vec<_>>()))).collect();
    let mut input = process.stdin.take().expect("an input");
    input.write_all(lines.as_bytes()).await.expect("node reads; the npm package is built by npm run build");
    process
}

fn in_rust(url: &str, load: RandomCalls) -> Child {
    Command::new(env!("CARGO_BIN_EXE_random-calls"))
        .args([url, &load.first_task.to_string(), &load.identifiers.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("random-calls starts")
}

async fn race(flavor: Flavor, identifiers: usize) {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let url = database.url();
    let store = MySqlStore::connect(&url, StoreOptions::default()).await.expect("an empty database");
    let loads = [0, 1, 2].map(|n| RandomCalls {
        first_task: n * RandomCalls::MANY.tasks,
        identifiers,
        ..RandomCalls::MANY
    });
    let mut processes =
        [in_node(&url, loads[0]).await, in_node(&url, loads[1]).await, in_rust(&url, loads[2])];
    for process in &mut processes {
        assert!(process.wait().await.expect("it ends").success(), "an error reached a caller");
    }
    assert_outcome(&store, &loads).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_few_identifiers_on_mysql() {
    race(Flavor::MySql, RandomCalls::MANY.identifiers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_many_identifiers_on_mysql() {
    race(Flavor::MySql, 5_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_few_identifiers_on_mariadb() {
    race(Flavor::MariaDb, RandomCalls::MANY.identifiers).await;
}
