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
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

/// A process that is connected, and what it gets to begin.
struct Racer {
    process: Child,
    start: String,
}

impl Racer {
    /// Makes a load's calls in a Node process.
    async fn in_node(url: &str, load: RandomCalls) -> Self {
        let mut command = Command::new("node");
        command.args([concat!(env!("CARGO_MANIFEST_DIR"), "/node/load.mjs"), url]);
        let tasks = load.first_task..load.first_task + load.tasks;
        let calls = tasks.map(|task| format!("{}\n", json!(load.requests(task).collect::<Vec<_>>())));
        Self::connected(command, calls.collect()).await
    }

    async fn in_rust(url: &str, load: RandomCalls) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_random-calls"));
        command.args([url, &load.first_task.to_string(), &load.identifiers.to_string()]);
        Self::connected(command, "start\n".to_owned()).await
    }

    async fn connected(mut command: Command, start: String) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process =
            command.spawn().expect("it starts; for node see tests/requirements and npm run build");
        let output = process.stdout.as_mut().expect("an output");
        let ready = BufReader::new(output).lines().next_line().await.expect("it writes");
        assert_eq!(ready.as_deref(), Some("ready"), "it connects");
        Self { process, start }
    }

    async fn begin(&mut self) {
        let mut input = self.process.stdin.take().expect("an input");
        input.write_all(self.start.as_bytes()).await.expect("it reads");
    }
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
    let mut racers = [
        Racer::in_node(&url, loads[0]).await,
        Racer::in_node(&url, loads[1]).await,
        Racer::in_rust(&url, loads[2]).await,
    ];
    for racer in &mut racers {
        racer.begin().await;
    }
    for racer in &mut racers {
        assert!(racer.process.wait().await.expect("it ends").success(), "an error reached a caller");
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
