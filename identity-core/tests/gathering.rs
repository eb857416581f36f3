//! Concurrent callers become batches, and none of them can harm another.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

mod gate;

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use gate::{Gate, email, settle, spawn};
use identity_core::{ErrorKind, IdentityResolver};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The clock stands still unless something waits for it.
#[tokio::test(start_paused = true)]
async fn a_lone_caller_costs_one_load_and_one_commit_and_no_wait() {
    let gate = Gate::open();
    let resolver = IdentityResolver::new(gate.clone());
    let start = Instant::now();
    resolver.identify(email("a@x.io")).await.expect("identify");
    assert_eq!(gate.counts(), (1, 1));
    resolver.identify(email("a@x.io")).await.expect("identify");
    assert_eq!(gate.counts(), (2, 1), "nothing new: no commit");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_large_batch_asks_for_one_identifier_of_each_request_first() {
    let gate = Gate::open();
    let resolver = IdentityResolver::builder().concurrent_loads(1).build(gate.clone());
    let person = |n: u64| email(&format!("{n}@x.io")).phone_number(n);
    // New people need both; known ones do not.
    for (loads, asked) in [(2, 80), (1, 40)] {
        let (loaded_before, asked_before) = (gate.counts().0, gate.asked.load(Ordering::SeqCst));
        let mut calls = JoinSet::new();
        (0..40).for_each(|n| spawn(&mut calls, &resolver, person(n)));
        while let Some(call) = calls.join_next().await {
            call.expect("a call").expect("identify");
        }
        assert_eq!(gate.counts().0 - loaded_before, loads);
        assert_eq!(gate.asked.load(Ordering::SeqCst) - asked_before, asked);
    }
    assert_eq!(gate.counts().1, 1);
}

/// The clock stands still, so that commits that are held back do not count as slow ones.
#[tokio::test(start_paused = true)]
async fn no_second_batch_is_written_while_fewer_wait_than_are_being_written() {
    let gate = Gate::new(Semaphore::MAX_PERMITS, 0);
    let resolver = IdentityResolver::builder().concurrent_loads(1).concurrent_writes(2).build(gate.clone());
    let mut calls = JoinSet::new();
    // 20 are held back at their commit; 5 wait; with 16 more they are worth a batch.
    for people in [0..20, 20..25, 25..41] {
        people.for_each(|n| spawn(&mut calls, &resolver, email(&format!("{n}@x.io"))));
        settle().await;
    }
    gate.commits.add_permits(10);
    while let Some(call) = calls.join_next().await {
        call.expect("a call").expect("identify");
    }
    assert_eq!(gate.counts().1, 2);
}

#[tokio::test]
async fn what_arrives_while_a_batch_is_in_flight_is_the_next_batch() {
    let gate = Gate::new(0, 0);
    let resolver = IdentityResolver::builder().concurrent_loads(1).concurrent_writes(1).build(gate.clone());
    let mut calls = JoinSet::new();
    spawn(&mut calls, &resolver, email("0@x.io"));
    settle().await;
    for n in 1..101 {
        spawn(&mut calls, &resolver, email(&format!("{n}@x.io")));
    }
    settle().await;
    gate.loads.add_permits(10);
    gate.commits.add_permits(10);
    while let Some(call) = calls.join_next().await {
        call.expect("a call").expect("identify");
    }
    // The first by itself; the other hundred together: loaded once, and again if the first was still being written.
    let (loaded, committed) = gate.counts();
    assert!(loaded <= 3, "{loaded} loads");
    assert_eq!(committed, 2);
}

#[tokio::test(start_paused = true)]
async fn who_calls_at_the_same_time_is_one_batch() {
    let gate = Gate::open();
    let resolver = IdentityResolver::new(gate.clone());
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for n in 0..100 {
        spawn(&mut calls, &resolver, email(&format!("{n}@x.io")));
    }
    while let Some(call) = calls.join_next().await {
        call.expect("a call").expect("identify");
    }
    let (loaded, committed) = gate.counts();
    assert!(
        loaded <= 3 && committed <= 2,
        "one batch, and the first callers of both slots: {loaded}, {committed}"
    );
    assert_eq!(start.elapsed(), Duration::ZERO, "nobody waits for who may come");
}

#[tokio::test]
async fn reads_do_not_wait_behind_commits() {
    let gate = Gate::new(Semaphore::MAX_PERMITS, 1);
    let resolver = IdentityResolver::builder().concurrent_loads(1).concurrent_writes(1).build(gate.clone());
    let known = resolver.identify(email("known@x.io")).await.expect("identify");
    let mut writes = JoinSet::new();
    for n in 0..10 {
        spawn(&mut writes, &resolver, email(&format!("{n}@x.io")));
    }
    settle().await;
    for _ in 0..10 {
        let read = tokio::time::timeout(Duration::from_secs(5), resolver.identify(email("known@x.io")));
        assert_eq!(read.await.expect("it does not wait").expect("identify"), known);
    }
    gate.commits.add_permits(100);
    while let Some(call) = writes.join_next().await {
        call.expect("a call").expect("identify");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_nobody_down() {
    let gate = Gate::new(0, 0);
    let resolver = IdentityResolver::builder().concurrent_loads(1).concurrent_writes(1).build(gate.clone());
    let (mut gone, mut staying) = (JoinSet::new(), JoinSet::new());
    for n in 0..20 {
        // The first goes away too: the one that holds the slot.
        spawn(&mut gone, &resolver, email(&format!("gone{n}@x.io")));
        spawn(&mut staying, &resolver, email(&format!("staying{n}@x.io")));
    }
    settle().await;
    gone.shutdown().await;
    gate.loads.add_permits(1);
    settle().await;
    // Now the batch is being written; the next ones come and go.
    let mut late = JoinSet::new();
    for n in 0..20 {
        spawn(&mut late, &resolver, email(&format!("late{n}@x.io")));
    }
    settle().await;
    late.shutdown().await;
    gate.loads.add_permits(100);
    gate.commits.add_permits(100);
    let mut people = Vec::new();
    while let Some(call) = staying.join_next().await {
        people.push(call.expect("a call").expect("identify"));
    }
    people.sort_unstable();
    people.dedup();
    assert_eq!(people.len(), 20);
}

/// As parts of `buffer_unordered` whose consumer is busy: nobody may wait for a slot that they hold, in whatever stage they are.
#[tokio::test]
async fn a_call_that_nobody_polls_holds_up_nobody() {
    for (stage, polls) in [("load", 1), ("load", 3), ("write", 3)] {
        let gate = if stage == "load" { Gate::new(0, 10) } else { Gate::new(10, 0) };
        let resolver =
            IdentityResolver::builder().concurrent_loads(1).concurrent_writes(1).build(gate.clone());
        let mut idle: Vec<_> =
            (0..3).map(|n| Box::pin(resolver.identify(email(&format!("idle{n}@x.io"))))).collect();
        for _ in 0..polls {
            for call in &mut idle {
                assert!(call.as_mut().now_or_never().is_none(), "it is held back at its {stage}");
            }
            settle().await;
        }
        gate.loads.add_permits(10);
        gate.commits.add_permits(10);
        let other = tokio::time::timeout(Duration::from_secs(5), resolver.identify(email("other@x.io")));
        other.await.expect("it waits for nobody").expect("identify");
        for call in idle {
            call.await.expect("it was served meanwhile");
        }
    }
}

/// As where a future is handed to another thread and let go there.
#[tokio::test]
async fn a_call_that_is_dropped_outside_of_a_runtime_takes_nobody_down() {
    let gate = Gate::new(0, 0);
    let resolver = IdentityResolver::builder().concurrent_loads(1).concurrent_writes(1).build(gate.clone());
    let mut dropped = Box::pin({
        let resolver = resolver.clone();
        async move { resolver.identify(email("dropped@x.io")).await }
    });
    assert!(dropped.as_mut().now_or_never().is_none(), "it is held back");
    let mut calls = JoinSet::new();
    (0..20).for_each(|n| spawn(&mut calls, &resolver, email(&format!("{n}@x.io"))));
    settle().await;
    std::thread::spawn(move || drop(dropped)).join().expect("a thread");
    gate.loads.add_permits(100);
    gate.commits.add_permits(100);
    while let Some(call) = calls.join_next().await {
        call.expect("a call").expect("nobody is told that the database is away");
    }
}

#[test]
fn a_call_without_a_runtime_is_told_so() {
    let resolver = IdentityResolver::new(Gate::open());
    let reply = resolver.identify(email("a@x.io")).now_or_never().expect("at once");
    assert_eq!(reply.expect_err("nothing to run on").kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn what_the_database_refuses_fails_alone() {
    let gate = Gate::new(0, Semaphore::MAX_PERMITS);
    let resolver = IdentityResolver::builder().concurrent_loads(1).concurrent_writes(1).build(gate.clone());
    let mut calls = JoinSet::new();
    for n in 0..50 {
        let name = if n == 17 || n == 33 { "refused" } else { "fine" };
        spawn(&mut calls, &resolver, email(&format!("{name}{n}@x.io")));
    }
    settle().await;
    gate.loads.add_permits(1_000);
    let mut outcomes = Vec::new();
    while let Some(call) = calls.join_next().await {
        outcomes.push(call.expect("a call"));
    }
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(ErrorKind::Refused)).count(), 2);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 48);
    let many = ["a@x.io", "refused@x.io", "b@x.io"].map(email);
    let many: Vec<_> = resolver.identify_many(many).await.into_iter().map(|reply| reply.is_ok()).collect();
    assert_eq!(many, [true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_one_call_only() {
    let gate = Gate::new(0, Semaphore::MAX_PERMITS);
    let resolver = IdentityResolver::builder().concurrent_loads(1).build(gate.clone());
    let mut calls = JoinSet::new();
    for n in 0..3 {
        spawn(&mut calls, &resolver, email(&format!("{n}@x.io")));
    }
    settle().await;
    let hasty = resolver.with_deadline(Duration::from_millis(50));
    let error = hasty.identify(email("hasty@x.io")).await.expect_err("too late");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Timeout, true));
    assert_eq!(hasty.ping().await.expect_err("too late").kind(), ErrorKind::Timeout);
    gate.loads.add_permits(100);
    while let Some(call) = calls.join_next().await {
        call.expect("a call").expect("the others are served");
    }
}

#[tokio::test]
async fn a_panic_of_the_store_blocks_nobody() {
    let gate = Gate::new(0, Semaphore::MAX_PERMITS);
    let resolver = IdentityResolver::builder().concurrent_loads(1).concurrent_writes(1).build(gate.clone());
    let mut calls = JoinSet::new();
    spawn(&mut calls, &resolver, email("0@x.io"));
    settle().await;
    for n in 1..5 {
        spawn(&mut calls, &resolver, email(&format!("{n}@x.io")));
    }
    settle().await;
    gate.loads.add_permits(1);
    settle().await;
    gate.panics.store(true, Ordering::SeqCst);
    gate.loads.add_permits(100);
    while let Some(call) = calls.join_next().await {
        let outcome = call.expect("a call");
        assert!(matches!(outcome, Ok(_) | Err(ErrorKind::Unavailable)), "{outcome:?}");
    }
    resolver.identify(email("after@x.io")).await.expect("the slot was given back");
}
