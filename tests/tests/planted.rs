//! Bugs that are known to happen, in stores of the tests' own: the checker finds each within a minute, and finds what it leads to
//! there. A checker that finds nothing would be as content with them as with the library.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "how a test fails, and what it tells"
)]

use std::time::{Duration, Instant};

use identity_core::conformance::Unsound;
use identity_tests::databases::{Flavor, shared};
use identity_tests::prove::checker::{Promise, Violation};
use identity_tests::prove::{On, Plan, Planted, Run, Scene};

const LIMIT: Duration = Duration::from_secs(60);

async fn scene(on: On) -> Scene {
    match on {
        On::Sqlite => Scene::file(None).expect("a folder"),
        On::Mariadb => Scene::shared(shared(Flavor::MariaDb)).await.expect("a fresh database"),
        On::Mysql => Scene::shared(shared(Flavor::MySql)).await.expect("a fresh database"),
        cluster => Scene::start(cluster, &[], 0, &[]).await.expect("a cluster"),
    }
}

/// Run after run until one finds what the bug is expected to lead to. Errors that reach callers would show without a checker.
async fn is_found(bug: Planted, on: On, expected: impl Fn(&Violation) -> bool) {
    let mut seen = Vec::new();
    let mut time = Duration::ZERO;
    let mut runs = 0;
    while time < LIMIT {
        runs += 1;
        let plan = Plan {
            seed: fastrand::u64(..1_000_000_000),
            identifiers: Plan::IDENTIFIERS,
            calls_per_group: Plan::CALLS_PER_GROUP,
        };
        let run = Run {
            program: env!("CARGO_BIN_EXE_prove").into(),
            plan,
            // A chain takes more luck than the others, and another start of a cluster more time than a longer run.
            calls: if on.cluster().is_some() && bug == Planted::LocksRoot { 6_000 } else { 3_000 },
            processes: 3,
            tasks: 16,
            faults: Vec::new(),
            planted: Some(bug),
            keep: None,
        };
        let scene = scene(on).await;
        // A cluster takes longer to start than the bug to be found.
        let start = Instant::now();
        let verdict = run.on(&scene).await.expect("the run is made");
        time += start.elapsed();
        if let Some(violation) = verdict.violations.iter().find(|violation| expected(violation)) {
            println!("{bug:?} on {on}: run {runs}, {time:?}: {violation}");
            assert!(time <= LIMIT, "{bug:?} on {on} was found after {time:?}");
            return;
        }
        seen.extend(verdict.violations);
    }
    panic!("{bug:?} on {on} was not found in {runs} runs, but: {:?}", &seen[..seen.len().min(20)]);
}

/// Plans on a person whom somebody else has changed meanwhile are committed, and answered.
fn is_of_no_one_history(violation: &Violation) -> bool {
    violation.promise() == Promise::Linearizable
}

/// One identifier has come to two people.
fn is_shared(violation: &Violation) -> bool {
    matches!(violation, Violation::Unsound(Unsound::Shared { .. }))
}

/// A member linked somebody to a primary that another member had merged away.
fn is_chain(violation: &Violation) -> bool {
    matches!(violation, Violation::Unsound(Unsound::Chain { .. }))
}

macro_rules! found {
    ($($test:ident: $bug:ident on $on:ident by $expected:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                is_found(Planted::$bug, On::$on, $expected).await;
            }
        )*
    };
}

found! {
    primaries_that_are_only_locked_on_sqlite: LocksRoot on Sqlite by is_of_no_one_history;
    primaries_that_are_only_locked_on_mariadb: LocksRoot on Mariadb by is_of_no_one_history;
    primaries_that_are_only_locked_on_mysql: LocksRoot on Mysql by is_of_no_one_history;
    primaries_that_are_only_locked_on_galera: LocksRoot on Galera by is_chain;
    primaries_that_are_only_locked_on_group_replication: LocksRoot on GroupReplication by is_chain;
    claims_outside_of_the_commit_on_sqlite: ClaimsBefore on Sqlite by is_shared;
    claims_outside_of_the_commit_on_mariadb: ClaimsBefore on Mariadb by is_shared;
    claims_outside_of_the_commit_on_mysql: ClaimsBefore on Mysql by is_shared;
    claims_outside_of_the_commit_on_galera: ClaimsBefore on Galera by is_shared;
    claims_outside_of_the_commit_on_group_replication: ClaimsBefore on GroupReplication by is_shared;
    versions_that_always_match_on_sqlite: NoVersion on Sqlite by is_of_no_one_history;
    versions_that_always_match_on_mariadb: NoVersion on Mariadb by is_of_no_one_history;
    versions_that_always_match_on_mysql: NoVersion on Mysql by is_of_no_one_history;
    versions_that_always_match_on_galera: NoVersion on Galera by is_of_no_one_history;
    versions_that_always_match_on_group_replication: NoVersion on GroupReplication by is_of_no_one_history;
}
