//! Bugs that are known to happen, in stores of the tests' own: the checker finds each within a minute. A checker that finds
//! nothing would be as content with them as with the library.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "how a test fails, and what it tells"
)]

use std::time::{Duration, Instant};

use identity_tests::databases::{Flavor, shared};
use identity_tests::prove::checker::Promise;
use identity_tests::prove::{Plan, Planted, Run, Scene};

const LIMIT: Duration = Duration::from_secs(60);

/// Run after run until one finds it.
async fn is_found(bug: Planted, flavor: Flavor) {
    let start = Instant::now();
    let mut runs = 0;
    while start.elapsed() < LIMIT {
        runs += 1;
        let plan = Plan {
            seed: fastrand::u64(..1_000_000_000),
            identifiers: Plan::IDENTIFIERS,
            calls_per_group: Plan::CALLS_PER_GROUP,
        };
        let run = Run {
            program: env!("CARGO_BIN_EXE_prove").into(),
            plan,
            calls: 3_000,
            processes: 3,
            tasks: 16,
            faults: Vec::new(),
            planted: Some(bug),
            keep: None,
        };
        let scene = Scene::shared(shared(flavor)).await.expect("a fresh database");
        let verdict = run.on(&scene).await.expect("the run is made");
        // Errors that reach callers would show without a checker.
        let mut found = verdict.violations.iter();
        if let Some(violation) = found.find(|violation| violation.promise() != Promise::NoError) {
            println!("{bug:?} on {flavor}: run {runs}, {:?}: {violation}", start.elapsed());
            return;
        }
    }
    panic!("{bug:?} on {flavor} was not found in {runs} runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn primaries_that_are_only_locked_on_mariadb() {
    is_found(Planted::LocksRoot, Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn primaries_that_are_only_locked_on_mysql() {
    is_found(Planted::LocksRoot, Flavor::MySql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_outside_of_the_commit_on_mariadb() {
    is_found(Planted::ClaimsBefore, Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_outside_of_the_commit_on_mysql() {
    is_found(Planted::ClaimsBefore, Flavor::MySql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_always_match_on_mariadb() {
    is_found(Planted::NoVersion, Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_always_match_on_mysql() {
    is_found(Planted::NoVersion, Flavor::MySql).await;
}
