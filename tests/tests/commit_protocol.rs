//! The commit protocol, checked in every interleaving within bounds, and the mistakes that it must not make: put back in, each
//! is found.
//!
//! Exhaustive is each check for its bounds and no further: all requests over so many emails and phone numbers, all that up to
//! so many calls before can have stored, every order of steps, at most so many faults, a call giving up after its last load.
#![allow(clippy::panic, clippy::print_stderr, reason = "how a test fails, and what it has covered")]

use std::time::Instant;

use identity_tests::model::{Bounds, Bug, Protocol, Reads};
use stateright::{Checker, Expectation, HasDiscoveries, Model};

const ON_ONE_PERSON: &str = "replies are of one history";

/// Visits all states: no promise is broken, and what must be able to happen does.
fn holds(protocol: Protocol) {
    let (start, scenarios) = (Instant::now(), protocol.scenarios());
    let checker = protocol.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let mut discoveries = checker.discoveries();
    for property in checker.model().properties() {
        match (property.expectation, discoveries.remove(property.name)) {
            (Expectation::Sometimes, None) => panic!("never: {}", property.name),
            (Expectation::Always | Expectation::Eventually, Some(path)) => {
                panic!(
                    "broken: {}\n{:#?}\nby {:?}",
                    property.name,
                    path.last_state(),
                    path.clone().into_actions()
                )
            }
            _ => {}
        }
    }
    assert!(checker.is_done(), "all states are visited");
    let states = checker.unique_state_count();
    eprintln!(
        "{scenarios} scenarios, {states} states, depth {}, {:.1} s",
        checker.max_depth(),
        start.elapsed().as_secs_f32()
    );
}

/// The mistake breaks this promise.
fn breaks(property: &'static str, protocol: Protocol) {
    let found = HasDiscoveries::AllOf([property].into());
    let checker = protocol.checker().finish_when(found).spawn_bfs().join();
    let Some(path) = checker.discovery(property) else { panic!("not found: {property}") };
    eprintln!("{property}: broken by {:?}", path.into_actions());
}

/// Callers of one request each, whose clocks agree.
fn callers(count: usize) -> Bounds {
    Bounds { emails: 2, phones: 2, before: 2, batches: vec![1; count], clocks: vec![1; count] }
}

/// Two callers, the first of whom is ahead of the clock and the second behind.
fn callers_with_clocks_of_their_own() -> Bounds {
    Bounds { clocks: vec![2, 0], ..callers(2) }
}

/// Three callers over fewer identifiers: still enough for three people to become one at once.
fn three_callers() -> Bounds {
    Bounds { emails: 1, ..callers(3) }
}

#[test]
fn two_callers_on_one_server() {
    holds(Protocol::on_one_server(&callers(2)).faults(1));
}

#[test]
fn two_callers_with_clocks_of_their_own_on_one_server() {
    holds(Protocol::on_one_server(&callers_with_clocks_of_their_own()).faults(1));
}

#[test]
fn two_callers_and_two_faults_on_one_server() {
    holds(Protocol::on_one_server(&Bounds { emails: 1, before: 1, ..callers(2) }).faults(2));
}

#[test]
fn a_batch_and_a_call_on_one_server() {
    let bounds = Bounds { emails: 1, before: 1, batches: vec![2, 1], ..callers(2) };
    holds(Protocol::on_one_server(&bounds).faults(1));
}

#[test]
fn three_callers_on_one_server() {
    holds(Protocol::on_one_server(&three_callers()));
}

#[test]
fn three_callers_and_a_fault_on_one_server() {
    holds(Protocol::on_one_server(&Bounds { phones: 1, before: 1, ..three_callers() }).faults(1));
}

#[test]
fn two_members_that_read_what_they_have() {
    holds(Protocol::on_a_cluster(&callers(2), Reads::Local).faults(1));
}

#[test]
fn two_members_that_wait_before_they_read() {
    holds(Protocol::on_a_cluster(&callers_with_clocks_of_their_own(), Reads::Current).faults(1));
}

#[test]
fn three_members_that_read_what_they_have() {
    holds(Protocol::on_a_cluster(&Bounds { before: 1, ..three_callers() }, Reads::Local).loads(2));
}

#[test]
fn three_members_that_wait_before_they_read() {
    holds(Protocol::on_a_cluster(&three_callers(), Reads::Current).loads(2));
}

/// Locks alone keep the rows of one server sound; that a plan is outdated they do not tell.
#[test]
fn locking_the_root_on_one_server_is_found() {
    breaks(ON_ONE_PERSON, Protocol::on_one_server(&callers(2)).with(Bug::LocksRoot));
}

/// A secondary is added on one member while another merges its primary away.
#[test]
fn locking_the_root_on_a_cluster_is_found() {
    for reads in [Reads::Local, Reads::Current] {
        for property in ["no chain", "in the end people are what was asked"] {
            breaks(property, Protocol::on_a_cluster(&callers(2), reads).with(Bug::LocksRoot));
        }
    }
}

#[test]
fn checking_claims_before_on_one_server_is_found() {
    for property in ["one claim per identifier", "no duplicate rows", "in the end people are what was asked"]
    {
        breaks(property, Protocol::on_one_server(&callers(2)).with(Bug::ChecksClaimsBefore));
    }
}

#[test]
fn checking_claims_before_on_a_cluster_is_found() {
    for reads in [Reads::Local, Reads::Current] {
        breaks(
            "one claim per identifier",
            Protocol::on_a_cluster(&callers(2), reads).with(Bug::ChecksClaimsBefore),
        );
    }
}

/// Two callers add to one person, and neither reply knows of the other.
#[test]
fn no_version_on_one_server_is_found() {
    breaks(ON_ONE_PERSON, Protocol::on_one_server(&callers(2)).with(Bug::NoVersion));
}

#[test]
fn no_version_on_a_cluster_is_found() {
    for reads in [Reads::Local, Reads::Current] {
        breaks(ON_ONE_PERSON, Protocol::on_a_cluster(&callers(2), reads).with(Bug::NoVersion));
    }
}
