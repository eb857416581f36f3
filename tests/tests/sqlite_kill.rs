//! Processes that share a SQLite file are killed in the middle of their commits: the file stays whole, and each call happened
//! or did not.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use identity_core::conformance::{Inspect, RandomCalls, assert_sound};
use identity_core::{EventKind, SqliteStore, StoreOptions};
use sqlx::{Connection, SqliteConnection};
use tokio::process::{Child, Command};

/// So many that there is something new to write for as long as a process lives.
const IDENTIFIERS: usize = 20_000;
const KILLS: u32 = 16;

fn start(url: &str, load: RandomCalls) -> Child {
    Command::new(env!("CARGO_BIN_EXE_random-calls"))
        .args([url, &load.first_task.to_string(), &load.identifiers.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("random-calls starts")
}

async fn contacts(path: &Path) -> Option<i64> {
    let mut connection = SqliteConnection::connect(&path.to_string_lossy()).await.ok()?;
    sqlx::query_scalar("SELECT COUNT(*) FROM Contact").fetch_one(&mut connection).await.ok()
}

async fn assert_whole(path: &Path, url: &str) {
    let mut connection = SqliteConnection::connect(&path.to_string_lossy()).await.expect("the file");
    let check: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.expect("a check");
    assert_eq!(check, "ok");
    connection.close().await.expect("closed");
    let store = SqliteStore::connect(url, StoreOptions::default()).await.expect("the store");
    let contacts = store.contacts().await;
    assert_sound(&contacts, &store.claims().await);
    // Each contact leaves a piece of evidence, in the same transaction.
    let created = store.events().await.into_iter().filter(|event| event.kind != EventKind::Merged);
    assert_eq!(created.count(), contacts.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_survives_processes_that_are_killed_mid_write() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("contacts.db");
    let url = format!("sqlite://{}", path.display());
    let loads = [0, RandomCalls::MANY.tasks].map(|first_task| RandomCalls {
        first_task,
        identifiers: IDENTIFIERS,
        ..RandomCalls::MANY
    });
    let mut met = 0;
    for kill in 0..KILLS {
        let before = contacts(&path).await.unwrap_or_default();
        let mut processes = loads.map(|load| start(&url, load));
        // Both at the same moment, or one while the other goes on.
        while contacts(&path).await.unwrap_or_default() <= before {
            if processes[0].try_wait().expect("a process").is_some() {
                break;
            }
        }
        tokio::time::sleep(Duration::from_micros(random.u64(0..30_000))).await;
        let worked = processes[0].try_wait().expect("a process").is_none();
        processes[0].kill().await.expect("killed");
        if kill % 2 == 0 {
            tokio::time::sleep(Duration::from_micros(random.u64(0..30_000))).await;
        }
        processes[1].kill().await.expect("killed");
        met += u32::from(worked);

        assert_whole(&path, &url).await;
    }
    let mut processes = loads.map(|load| start(&url, load));
    for process in &mut processes {
        assert!(process.wait().await.expect("it ends").success(), "an error reached a caller");
    }
    assert_whole(&path, &url).await;
    assert!(met > KILLS / 2, "only {met} kills met a process at work (seed {seed})");
}
