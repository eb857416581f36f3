//! In what callers were told, and when.

use identity_core::ErrorKind;
use identity_tests::prove::checker::Violation;
use identity_tests::prove::{Attempt, Fault, Outcome, Reply, Stroke, Symbol};

use super::{assert_found, story};
use crate::story::{Story, asked};

#[tokio::test]
async fn a_stale_reply() {
    let mut ended = story().await;
    // What call 0 saw, before the merge.
    let stale = ended.reply(0).clone();
    let call = Outcome::Answered { at: 100, reply: stale };
    ended.history.calls[5].asked = asked(1, 0);
    *ended.last(5) = Attempt { begin: 90, outcome: call };
    assert_found(&ended, Violation::StaleReply { call: 5, earlier: 4 });
    // Had it begun before the merge was answered, it could be what there was before.
    let mut early = ended.clone();
    early.last(5).begin = 6;
    assert!(!early.violations().iter().any(|found| matches!(found, Violation::StaleReply { .. })));
}

#[tokio::test]
async fn a_stale_reply_to_a_call_that_was_made_again() {
    let mut ended = story().await;
    // The first attempt began before everything, and what was answered since then has to be in the reply all the same.
    ended.reply(4).secondaries.pop();
    ended.reply(4).symbols.retain(|symbol| *symbol != Symbol::new(6));
    ended.history.calls[4].asked = asked(1, 0);
    let failed = Outcome::Failed { at: 2, kind: ErrorKind::Unavailable };
    ended.history.calls[4].attempts.insert(0, Attempt { begin: 1, outcome: failed });
    assert_found(&ended, Violation::StaleReply { call: 4, earlier: 3 });
}

#[tokio::test]
async fn a_call_counts_from_its_first_attempt_on() {
    // The second call sees what the first one did before its attempt failed, and the first one is answered much later.
    let mut story = Story::new();
    let failed = Outcome::Failed { at: 5, kind: ErrorKind::Unavailable };
    story.unknown(asked(1, 1), 1, true, failed).await;
    story.answered(asked(1, 0), 10, 15).await;
    story.answered_again(0, 20, 25).await;
    let mut ended = story.end().await;
    ended.strokes.push(Stroke { fault: Fault::Cut, begin: 0, end: 10, hits: 1 });
    assert_eq!(ended.violations(), []);
    // Without that attempt nothing explains it.
    ended.history.calls[0].attempts.remove(0);
    assert_found(&ended, Violation::FutureReply { call: 1 });
}

#[tokio::test]
async fn a_call_that_is_never_answered() {
    let mut ended = story().await;
    ended.last(4).outcome = Outcome::Lost;
    assert_eq!(ended.violations(), [Violation::NeverAnswered { call: 4 }]);
}

#[tokio::test]
async fn a_call_that_is_answered_too_late() {
    let mut story = Story::new();
    let second = 1_000_000_000;
    story.answered(asked(1, 1), 0, 5).await;
    story.answered(asked(2, 2), 10, 10 + 100 * second).await;
    let mut ended = story.end().await;
    assert_eq!(ended.violations(), [Violation::LateAnswer { call: 1 }]);
    // What went wrong meanwhile left it 50 seconds at most.
    let stroke = |begin, end| Stroke { fault: Fault::Cut, begin, end, hits: 1 };
    ended.strokes = vec![stroke(40 * second, 45 * second), stroke(50 * second, 51 * second)];
    assert_eq!(ended.violations(), []);
    ended.strokes = vec![stroke(10 * second, 20 * second)];
    assert_eq!(ended.violations(), [Violation::LateAnswer { call: 1 }]);
}

#[tokio::test]
async fn a_call_that_starves_while_stroke_follows_on_stroke() {
    let mut story = Story::new();
    let second = 1_000_000_000;
    story.answered(asked(1, 1), 0, 5).await;
    story.answered(asked(2, 2), 10, 10 + 301 * second).await;
    let mut ended = story.end().await;
    let stroke = |number: u64| Stroke {
        fault: Fault::Cut,
        begin: number * 10 * second,
        end: (number + 1) * 10 * second,
        hits: 1,
    };
    ended.strokes = (0..40).map(stroke).collect();
    assert_eq!(ended.violations(), [Violation::LateAnswer { call: 1 }]);
    if let Outcome::Answered { at, .. } = &mut ended.last(1).outcome {
        *at -= 2 * second;
    }
    assert_eq!(ended.violations(), []);
}

#[tokio::test]
async fn a_reply_from_the_future() {
    let mut ended = story().await;
    let later = ended.reply(2).clone();
    *ended.reply(0) = later;
    assert_found(&ended, Violation::FutureReply { call: 0 });
    let mut foreign = story().await;
    foreign.reply(0).symbols.push(Symbol::FOREIGN);
    assert_found(&foreign, Violation::FutureReply { call: 0 });
}

#[tokio::test]
async fn replies_that_mix_states() {
    // Two callers bring something new to one person at the same time, and neither sees the other.
    let mut story = Story::new();
    story.answered(asked(1, 1), 0, 5).await;
    story.answered(asked(2, 1), 10, 50).await;
    story.answered(asked(3, 1), 11, 51).await;
    let mut ended = story.end().await;
    assert_eq!(ended.violations(), []);
    let unseen = ended.id(1);
    let reply = ended.reply(2);
    reply.symbols.retain(|symbol| *symbol != Symbol::new(4));
    reply.secondaries.retain(|contact| *contact != unseen);
    assert_eq!(ended.violations(), [Violation::MixedStates { call: 1, other: 2 }]);
}

#[tokio::test]
async fn replies_that_differ() {
    let mut ended = story().await;
    let reply = ended.reply(4);
    reply.secondaries.reverse();
    assert_found(&ended, Violation::ReplyDiffers { call: 3, other: 4 });
    assert_found(&ended, Violation::ReplyNotOfRows { call: 4 });
}

#[tokio::test]
async fn a_reply_in_the_wrong_order() {
    let mut ended = story().await;
    ended.reply(2).symbols.swap(0, 1);
    assert_found(&ended, Violation::ReplyNotOfRows { call: 2 });
}

#[tokio::test]
async fn a_primary_that_grows_younger() {
    let mut ended = story().await;
    let (oldest, younger) = (ended.id(0), ended.id(1));
    let reply = ended.reply(2);
    assert_eq!((reply.primary, &reply.secondaries), (oldest, &vec![younger]));
    (reply.primary, reply.secondaries) = (younger, vec![oldest]);
    assert_found(&ended, Violation::ShrunkReply { call: 0, other: 2 });
}

#[tokio::test]
async fn a_reply_without_what_was_asked() {
    let mut ended = story().await;
    *ended.reply(5) = Reply { primary: ended.id(3), symbols: Vec::new(), secondaries: Vec::new() };
    assert_found(&ended, Violation::ReplyWithoutItself { call: 5 });
}
