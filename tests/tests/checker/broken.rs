//! Each way in which a promise can be broken, made once and found.

use std::time::Duration;

use identity_core::conformance::{RecordedEvent, Unsound};
use identity_core::{ErrorKind, EventKind, Identifier, IdentifierKind, Timestamp};
use identity_tests::prove::checker::{GRACE, Violation, check_times, never_struck};
use identity_tests::prove::{Attempt, Fault, On, Outcome, Reply, Stroke, Symbol};

use crate::story::{Ended, Story, asked, link, unlink};

/// Contacts at 0 and 1 are two people, which call 2 merges; call 3 adds the contact at 2; call 4 finds nothing new; call 5 is
/// another person, the contact at 3. No two calls overlap.
async fn story() -> Ended {
    let mut story = Story::new();
    let calls = [(1, 1), (2, 2), (1, 2), (3, 1), (3, 0), (9, 9)];
    for (number, (email, phone)) in calls.into_iter().enumerate() {
        let begin = 10 * number as u64;
        story.answered(asked(email, phone), begin, begin + 5).await;
    }
    let ended = story.end().await;
    assert_eq!(ended.violations(), []);
    ended
}

#[track_caller]
fn assert_found(ended: &Ended, expected: Violation) {
    let found = ended.violations();
    assert!(found.contains(&expected), "{expected:?} is not among {found:#?}");
}

#[tokio::test]
async fn a_lost_merge() {
    let mut ended = story().await;
    unlink(ended.contact(1));
    let (one, other) = (ended.id(0), ended.id(1));
    assert_found(&ended, Violation::LostMerge { call: 2, one, other });
    // It went through, as the evidence tells, and was undone.
    assert_found(&ended, Violation::WrongEvidence { contact: other, replayed: one, primary: other });
    assert_found(&ended, Violation::ReplyApart { call: 4 });
}

#[tokio::test]
async fn a_merge_that_never_was() {
    let mut ended = story().await;
    unlink(ended.contact(1));
    ended.finale.events.retain(|event| event.kind != EventKind::Merged);
    let (one, other) = (ended.id(0), ended.id(1));
    assert_found(&ended, Violation::LostMerge { call: 2, one, other });
}

#[tokio::test]
async fn a_duplicate_primary() {
    let mut ended = story().await;
    let other = ended.id(0);
    let copy = ended.copy(0);
    copy.phone_number = None;
    let contact = copy.id;
    let kind = IdentifierKind::Email;
    assert_found(&ended, Violation::Unsound(Unsound::Shared { contact, other, kind }));
}

#[tokio::test]
async fn the_wrong_one_is_the_oldest() {
    let mut ended = story().await;
    let (oldest, younger) = (ended.id(0), ended.id(1));
    unlink(ended.contact(1));
    link(ended.contact(0), younger);
    link(ended.contact(2), younger);
    let expected = Unsound::OlderThanPrimary { contact: oldest, primary: younger };
    assert_found(&ended, Violation::Unsound(expected));
}

#[tokio::test]
async fn a_chain() {
    let mut ended = story().await;
    let (contact, linked_id) = (ended.id(2), ended.id(1));
    link(ended.contact(2), linked_id);
    assert_found(&ended, Violation::Unsound(Unsound::Chain { contact, linked_id }));
}

#[tokio::test]
async fn a_claim_twice() {
    let mut ended = story().await;
    let (identifier, _) = ended.claim_of(0).clone();
    let (kind, holder) = (identifier.kind, ended.id(3));
    ended.finale.claims.push((identifier, holder));
    assert_found(&ended, Violation::Unsound(Unsound::ClaimedTwice { kind, holder }));
    assert_found(&ended, Violation::IdleClaim { holder, kind });
}

#[tokio::test]
async fn a_claim_of_another_person_and_none() {
    let mut ended = story().await;
    let (holder, person) = (ended.id(3), ended.id(0));
    let kind = ended.claim_of(0).0.kind;
    let (identifier, of) = ended.claim_of(0);
    *of = holder;
    let identifier = identifier.clone();
    assert_found(&ended, Violation::Unsound(Unsound::ClaimedByAnother { kind, person, holder }));
    ended.finale.claims.retain(|(claimed, _)| *claimed != identifier);
    assert_found(&ended, Violation::Unsound(Unsound::Unclaimed { kind, person }));
}

#[tokio::test]
async fn a_row_twice() {
    let mut ended = story().await;
    let one = ended.id(2);
    let other = ended.copy(2).id;
    assert_found(&ended, Violation::Unsound(Unsound::RepeatedRow { one, other }));
}

#[tokio::test]
async fn a_lost_row() {
    let mut ended = story().await;
    ended.finale.contacts.remove(3);
    assert_found(&ended, Violation::LostCall { call: 5 });
    assert_found(&ended, Violation::ReplyNotOfRows { call: 5 });
}

#[tokio::test]
async fn a_row_that_nobody_asked_for() {
    let mut ended = story().await;
    let copy = ended.copy(0);
    (copy.email, copy.phone_number) = (Some("someone@else.io".to_owned()), None);
    let contact = copy.id;
    assert_found(&ended, Violation::RowOfNoCall { contact });
}

#[tokio::test]
async fn a_merge_that_nothing_proves() {
    let mut ended = story().await;
    let (one, other) = (ended.id(0), ended.id(3));
    link(ended.contact(3), one);
    assert_found(&ended, Violation::Unproven { primary: one, one, other });
}

#[tokio::test]
async fn missing_evidence() {
    for missing in 0..5 {
        let mut ended = story().await;
        let event = ended.finale.events.remove(missing);
        let (contact, primary) = (event.contact, event.primary);
        let expected = match event.kind {
            EventKind::Merged => Violation::WrongEvidence { contact, replayed: contact, primary },
            _ => Violation::NoEvidence { contact },
        };
        assert_found(&ended, expected);
    }
}

#[tokio::test]
async fn a_creation_that_is_told_twice() {
    for (position, contact) in [(0, 0), (4, 3)] {
        let mut ended = story().await;
        let contact = ended.id(contact);
        let event = ended.finale.events[position].clone();
        assert_eq!((event.contact, event.kind), (contact, EventKind::Created));
        ended.finale.events.push(event);
        assert_found(&ended, Violation::EvidenceTwice { contact });
    }
}

#[tokio::test]
async fn a_merge_that_nobody_asked_for() {
    let mut ended = story().await;
    let merge = ended.finale.events.iter().position(|event| event.kind == EventKind::Merged).unwrap();
    // It names one identifier of each of the two, and no call asked for just these.
    let pair = asked(2, 1);
    let symbols = || pair.symbols();
    ended.finale.events[merge].by =
        symbols().map(|symbol| Identifier::new(symbol.kind(), symbol.value())).collect();
    let contact = ended.id(1);
    assert_eq!(ended.violations(), [Violation::EvidenceOfNoCall { position: merge, contact }]);
}

#[tokio::test]
async fn a_merge_into_the_younger_one() {
    let mut ended = story().await;
    let merge = ended.finale.events.iter().position(|event| event.kind == EventKind::Merged).unwrap();
    let (older, younger) = (ended.id(0), ended.id(1));
    let event = &mut ended.finale.events[merge];
    (event.contact, event.primary, event.previous_primary) = (older, younger, Some(older));
    assert_found(&ended, Violation::MergedIntoYounger { position: merge, contact: older });
}

#[tokio::test]
async fn evidence_that_cannot_be() {
    let base = story().await;
    let merge = base.finale.events.iter().position(|event| event.kind == EventKind::Merged).unwrap();
    let changed = |change: &dyn Fn(&mut RecordedEvent)| {
        let mut ended = base.clone();
        change(&mut ended.finale.events[merge]);
        ended
    };
    let contact = base.id(1);
    let out_of_order = Violation::EvidenceOutOfOrder { position: merge, contact };
    assert_found(&changed(&|event| event.previous_primary = None), out_of_order);
    assert_found(&changed(&|event| event.by.truncate(1)), out_of_order);
    let other_proof = base.finale.events.last().unwrap().by.clone();
    assert_found(&changed(&|event| event.by = other_proof.clone()), out_of_order);
    assert_found(&changed(&|event| event.kind = EventKind::Promoted), out_of_order);
    assert_found(&changed(&|event| event.kind = EventKind::Linked), out_of_order);
    let nobody = changed(&|event| event.contact = 77.into());
    assert_found(&nobody, Violation::EvidenceOfNobody { contact: 77.into() });
    let mut twice = base.clone();
    twice.finale.events.push(base.finale.events[merge].clone());
    let position = base.finale.events.len();
    assert_found(&twice, Violation::EvidenceOutOfOrder { position, contact });
}

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

#[tokio::test]
async fn a_half_of_a_call() {
    let mut ended = story().await;
    // Its worker was killed, and its row has the email only.
    let mut lost = ended.history.calls[5].clone();
    (lost.number, lost.asked) = (6, asked(8, 8));
    lost.attempts = vec![Attempt { begin: 50, outcome: Outcome::Lost }];
    ended.history.calls.push(lost);
    let copy = ended.copy(3);
    copy.email = asked(8, 0).email.map(Symbol::value);
    copy.phone_number = None;
    let contact = copy.id;
    assert_found(&ended, Violation::HalfApplied { call: 6, contact });
    // The whole of it may be there, and may be missing.
    ended.finale.contacts.pop();
    assert_eq!(ended.violations(), [Violation::NeverAnswered { call: 6 }]);
}

/// A call of two attempts, of which the first one failed, in a run in which connections are cut.
async fn story_with_error(fault: Fault, kind: ErrorKind, at: u64, stroke: std::ops::Range<u64>) -> Ended {
    let mut ended = story().await;
    let (begin, outcome) = (36, Outcome::Failed { at, kind });
    ended.history.calls[4].attempts.insert(0, Attempt { begin, outcome });
    ended.strokes.push(Stroke { fault, begin: stroke.start, end: stroke.end, hits: 1 });
    ended
}

#[tokio::test]
async fn an_error_without_a_reason() {
    let broken = |kind| vec![Violation::ForbiddenError { call: 4, kind }];
    let story = story_with_error(Fault::Cut, ErrorKind::Unavailable, 38, 37..60).await;
    assert_eq!(story.violations(), []);
    let story = story_with_error(Fault::Cut, ErrorKind::Conflict, 38, 37..60).await;
    assert_eq!(story.violations(), broken(ErrorKind::Conflict), "of a kind that nothing explains");
    let story = story_with_error(Fault::Lock, ErrorKind::Unavailable, 38, 37..60).await;
    assert_eq!(story.violations(), broken(ErrorKind::Unavailable), "a fault that does not explain it");
    let story = story_with_error(Fault::Cut, ErrorKind::Unavailable, 38, 39..60).await;
    assert_eq!(story.violations(), broken(ErrorKind::Unavailable), "before it struck");
    let late = 60 + u64::try_from(GRACE.as_nanos()).unwrap();
    let story = story_with_error(Fault::Cut, ErrorKind::Unavailable, late, 37..60).await;
    assert_eq!(story.violations(), []);
    let story = story_with_error(Fault::Cut, ErrorKind::Unavailable, late + 1, 37..60).await;
    assert_eq!(story.violations(), broken(ErrorKind::Unavailable), "long after it struck");
}

#[tokio::test]
async fn times_of_the_wrong_clock() {
    const HOURS: Duration = Duration::from_secs(5 * 3_600);
    let took = Duration::from_secs(60);
    let mut ended = story().await;
    let first = ended.contact(0).created_at;
    let at = |later: Duration| Timestamp::from_micros(first.as_micros() + later.as_micros() as i64);
    for position in 0..4 {
        ended.contact(position).created_at = at(took);
    }
    let times = |ended: &Ended, on| check_times(&ended.finale, on, took);
    let span = Duration::ZERO;
    assert_eq!(times(&ended, On::Sqlite), Some(Violation::ClocksTogether { span }));
    assert_eq!(times(&ended, On::Galera), None);
    ended.contact(2).created_at = at(took + HOURS);
    let span = HOURS;
    assert_eq!(times(&ended, On::Mysql), Some(Violation::WorkersTimes { span }));
    assert_eq!(times(&ended, On::Sqlite), None);
}

#[test]
fn a_fault_that_never_strikes() {
    // The pool is small all the time, and no stroke's to make so.
    let faults = [Fault::Lock, Fault::Pool, Fault::Cut];
    let stroke = |fault| Stroke { fault, begin: 1, end: 2, hits: 1 };
    assert_eq!(never_struck(&faults, &[stroke(Fault::Cut)]), [Violation::NeverStruck { fault: Fault::Lock }]);
    assert_eq!(never_struck(&faults, &[stroke(Fault::Cut), stroke(Fault::Lock)]), []);
}

#[tokio::test]
async fn a_fault_that_hits_nothing() {
    let mut ended = story().await;
    let stroke = |fault, hits| Stroke { fault, begin: 1, end: 2, hits };
    ended.strokes = vec![stroke(Fault::Lock, 0), stroke(Fault::Lock, 0), stroke(Fault::Cut, 0)];
    assert_eq!(ended.violations(), [Violation::NoHit { fault: Fault::Cut, strokes: 1 }]);
    ended.strokes[2].hits = 1;
    assert_eq!(ended.violations(), [], "locks may miss once or twice");
    ended.strokes.push(stroke(Fault::Lock, 0));
    assert_eq!(ended.violations(), [Violation::NoHit { fault: Fault::Lock, strokes: 3 }]);
    ended.strokes[0].hits = 1;
    assert_eq!(ended.violations(), []);
}
