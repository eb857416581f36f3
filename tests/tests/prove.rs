//! The quick form of `tests/prove`: several processes on one database, killed in the middle of what they do. What they leave,
//! and what they were answered, is what calls one after the other would.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "how a test fails, and its table"
)]

use identity_tests::databases::{Flavor, shared};
use identity_tests::prove::checker::Violation;
use identity_tests::prove::{Fault, On, Plan, Planted, Run, Scene, Verdict, report};
use tokio::process::Command;

/// Nobody has created the tables: whichever process comes first does.
fn quick() -> Run {
    Run {
        program: env!("CARGO_BIN_EXE_prove").into(),
        plan: Plan {
            seed: fastrand::u64(..1_000_000_000),
            identifiers: Plan::IDENTIFIERS,
            calls_per_group: Plan::CALLS_PER_GROUP,
        },
        calls: 4_500,
        processes: 3,
        tasks: 16,
        faults: vec![Fault::WorkerKill],
        planted: None,
        keep: None,
    }
}

/// All calls meet at the few identifiers that are new to everybody: as many calls as are made at once are about the same ones.
fn contention() -> Run {
    let base = quick();
    let plan = Plan { identifiers: 10, calls_per_group: 4 * 16, ..base.plan };
    Run { plan, calls: 4_000, processes: 4, faults: Vec::new(), ..base }
}

async fn prove(run: &Run, scene: &Scene) -> Verdict {
    let verdict = run.on(scene).await.expect("the run is made");
    println!("{}{}", report::HEAD, report::line(scene.on(), run, &verdict));
    let broken = report::violations(&verdict);
    assert!(broken.is_empty(), "seed {}:\n{broken}", run.plan.seed);
    let answered = verdict.history.calls.iter().filter(|call| call.answer().is_some()).count();
    assert_eq!(answered as u64, run.calls, "seed {}: calls that a worker took with it", run.plan.seed);
    verdict
}

async fn on_server(flavor: Flavor) -> Scene {
    Scene::shared(shared(flavor)).await.expect("a fresh database")
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_on_one_sqlite_file() {
    prove(&quick(), &Scene::file(None).expect("a folder")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_on_mariadb() {
    prove(&quick(), &on_server(Flavor::MariaDb).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_on_mysql() {
    prove(&quick(), &on_server(Flavor::MySql).await).await;
}

/// Connections are cut, also exactly around COMMIT, somebody outside takes locks, and the callers' clocks are apart.
async fn disturb(scene: &Scene) {
    let faults = vec![Fault::Cut, Fault::CutCommit, Fault::Lock, Fault::Clock];
    prove(&Run { calls: 6_000, faults, ..quick() }, scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_connections_to_mariadb() {
    disturb(&on_server(Flavor::MariaDb).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_connections_to_mysql() {
    disturb(&on_server(Flavor::MySql).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_are_apart_on_one_sqlite_file() {
    let run = Run { faults: vec![Fault::Clock], ..quick() };
    let verdict = prove(&run, &Scene::file(None).expect("a folder")).await;
    // SQLite has the time from the workers. Two of the three are more than a day apart.
    let times = || verdict.finale.contacts.iter().map(|contact| contact.created_at.as_micros());
    let apart = times().max().unwrap_or_default() - times().min().unwrap_or_default();
    assert!(apart > 24 * 3_600 * 1_000_000, "{apart} microseconds: the clocks are not apart");
}

/// One of three is killed while all are written through, and comes back. The runs of `tests/prove` have more of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_killed_on_galera() {
    let faults = vec![Fault::MemberKill];
    let scene = Scene::start(On::Galera, &faults, 0, &[]).await.expect("a cluster");
    prove(&Run { faults, ..quick() }, &scene).await;
}

/// The library tries a batch again up to 50 times; whoever comes near that is about to be told so.
const FEW_RETRIES: u64 = 25;

/// No error reaches a caller, and no batch came near the number of retries at which one does.
async fn contend(scene: &Scene) {
    let verdict = prove(&contention(), scene).await;
    assert!(verdict.history.conflicts > 100, "{} conflicts: nobody contended", verdict.history.conflicts);
    assert!(verdict.history.retries <= FEW_RETRIES, "{} retries of one batch", verdict.history.retries);
    assert!(verdict.history.retries > 0, "the resolver tells of none that it retried");
}

#[tokio::test(flavor = "multi_thread")]
async fn contention_on_one_sqlite_file() {
    contend(&Scene::file(None).expect("a folder")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contention_on_mariadb() {
    contend(&on_server(Flavor::MariaDb).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contention_on_mysql() {
    contend(&on_server(Flavor::MySql).await).await;
}

/// What workers did not come to do is no reason to hold that nothing is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_fails_is_a_broken_promise() {
    let run = Run { program: "false".into(), faults: Vec::new(), ..quick() };
    let verdict = run.on(&Scene::file(None).expect("a folder")).await.expect("a verdict");
    let failed = |violation: &Violation| matches!(violation, Violation::WorkerFailed { .. });
    assert!(verdict.violations.iter().any(failed), "{:?}", verdict.violations);
}

/// Workers that end well and did nothing.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_nobody_makes_are_a_broken_promise() {
    let run = Run { program: "true".into(), faults: Vec::new(), ..quick() };
    let verdict = run.on(&Scene::file(None).expect("a folder")).await.expect("a verdict");
    assert_eq!(verdict.violations, [Violation::CallsMissing { missing: run.calls }]);
}

/// No worker gets as far as its first call.
#[tokio::test(flavor = "multi_thread")]
async fn workers_that_stand_still_are_a_broken_promise() {
    let scene = on_server(Flavor::MariaDb).await;
    scene.proxy(&mut fastrand::Rng::new()).expect("a proxy").refuse(true);
    // One with a bug has little time.
    let run = Run { faults: Vec::new(), planted: Some(Planted::NoVersion), ..quick() };
    let verdict = run.on(&scene).await.expect("a verdict");
    assert!(matches!(verdict.violations[..], [Violation::Stuck { .. }]), "{:?}", verdict.violations);
}

/// A database that does not come back may have lost what was answered: what the workers saw is checked and kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_scene_that_breaks_down_is_a_broken_promise() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    // Its disk is none that a stroke could fill.
    let run = Run { faults: vec![Fault::DiskFull], keep: Some(kept.clone()), ..quick() };
    let verdict = run.on(&Scene::file(None).expect("a folder")).await.expect("a verdict");
    assert_eq!(verdict.violations, [Violation::BrokeDown]);
    assert!(verdict.broke_down.is_some() && !verdict.history.calls.is_empty());
    assert!(report::violations(&verdict).contains("disk-full"), "{}", report::violations(&verdict));
    let kept = std::fs::read_to_string(kept).expect("the histories");
    // It may have broken down before each of them had made a call.
    assert!(kept.starts_with("## worker-0-0\n") && kept.contains("\nB "), "{kept}");
}

/// The exit status tells of a broken promise, and the table of which.
#[tokio::test]
async fn a_broken_promise_is_in_the_table() {
    let mut prove = Command::new(env!("CARGO_BIN_EXE_prove"));
    let planted = ["--on", "sqlite", "--faults", "none", "--calls", "20000", "--planted", "no-version"];
    let output = prove.args(planted).output().await.expect("the program");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert!(table.contains(report::HEAD) && table.contains("| **"), "{table}");
}

/// One database on which nothing can be proved has its line in the table, and the exit status tells.
#[tokio::test]
async fn a_run_that_cannot_be_made_is_in_the_table() {
    let mut prove = Command::new(env!("CARGO_BIN_EXE_prove"));
    let output = prove.args(["--on", "sqlite", "--faults", "lock"]).output().await.expect("the program");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{table}");
    assert!(
        table.contains(report::HEAD) && table.contains("**not made: lock is nothing that can happen"),
        "{table}"
    );
}
