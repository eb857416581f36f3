//! Batches and queues are bounded, and past the bound callers are told at once.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

mod gate;

use std::time::Duration;

use gate::{Gate, email, settle, spawn};
use identity_core::{ErrorKind, IdentityResolver};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_batch_is_bounded() {
    let gate = Gate::new(0, Semaphore::MAX_PERMITS);
    let resolver = IdentityResolver::builder()
        .concurrent_loads(1)
        .concurrent_writes(1)
        .batch_size(10)
        .build(gate.clone());
    let mut calls = JoinSet::new();
    for n in 0..41 {
        spawn(&mut calls, &resolver, email(&format!("{n}@x.io")));
    }
    settle().await;
    gate.loads.add_permits(1_000);
    while let Some(call) = calls.join_next().await {
        call.expect("a call").expect("identify");
    }
    assert_eq!(gate.counts().1, 5, "one, and four of ten");
}

#[tokio::test]
async fn past_the_bound_callers_are_told_at_once() {
    let gate = Gate::new(0, 0);
    let resolver = IdentityResolver::builder().concurrent_loads(1).queue_length(5).build(gate.clone());
    let mut calls = JoinSet::new();
    spawn(&mut calls, &resolver, email("0@x.io"));
    settle().await;
    for n in 1..6 {
        spawn(&mut calls, &resolver, email(&format!("{n}@x.io")));
    }
    settle().await;
    let refused = tokio::time::timeout(Duration::from_secs(5), resolver.identify(email("late@x.io"))).await;
    let error = refused.expect("at once").expect_err("overloaded");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Overloaded, true));
    gate.loads.add_permits(100);
    gate.commits.add_permits(100);
    while let Some(call) = calls.join_next().await {
        call.expect("a call").expect("those who waited are served");
    }
    resolver.identify(email("late@x.io")).await.expect("it recovers");
}

#[tokio::test]
async fn who_calls_at_the_same_time_is_bounded_too() {
    let gate = Gate::open();
    let resolver = IdentityResolver::builder().queue_length(5).build(gate);
    let mut calls = JoinSet::new();
    (0..20).for_each(|n| spawn(&mut calls, &resolver, email(&format!("{n}@x.io"))));
    let outcomes = calls.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(ErrorKind::Overloaded)).count(), 15);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 5);
}

/// The clock stands still, so that the commit that is held back does not count as a slow one.
#[tokio::test(start_paused = true)]
async fn those_who_wait_to_write_are_bounded_too_and_stand_in_no_readers_way() {
    let gate = Gate::new(Semaphore::MAX_PERMITS, 1);
    let resolver = IdentityResolver::builder().concurrent_writes(1).queue_length(5).build(gate.clone());
    let known = resolver.identify(email("known@x.io")).await.expect("identify");
    let mut calls = JoinSet::new();
    for n in 0..6 {
        spawn(&mut calls, &resolver, email(&format!("{n}@x.io")));
        settle().await;
    }
    let loaded = gate.counts().0;
    let error = resolver.identify(email("late@x.io")).await.expect_err("overloaded");
    assert_eq!((error.kind(), gate.counts().0), (ErrorKind::Overloaded, loaded + 1));
    settle().await;
    assert_eq!(resolver.identify(email("known@x.io")).await.expect("nothing to write"), known);
    gate.commits.add_permits(100);
    while let Some(call) = calls.join_next().await {
        call.expect("a call").expect("those who waited are served");
    }
    resolver.identify(email("late@x.io")).await.expect("it recovers");
}

#[tokio::test]
async fn who_has_gone_makes_room() {
    let gate = Gate::new(0, 0);
    let resolver = IdentityResolver::builder().concurrent_loads(1).queue_length(5).build(gate.clone());
    let (mut gone, mut staying) = (JoinSet::new(), JoinSet::new());
    spawn(&mut staying, &resolver, email("first@x.io"));
    settle().await;
    (0..5).for_each(|n| spawn(&mut gone, &resolver, email(&format!("gone{n}@x.io"))));
    settle().await;
    gone.shutdown().await;
    (0..5).for_each(|n| spawn(&mut staying, &resolver, email(&format!("staying{n}@x.io"))));
    settle().await;
    let error = resolver.identify(email("late@x.io")).await.expect_err("the room is taken again");
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    gate.loads.add_permits(100);
    gate.commits.add_permits(100);
    while let Some(call) = staying.join_next().await {
        call.expect("a call").expect("nobody was refused for the sake of the gone");
    }
}
