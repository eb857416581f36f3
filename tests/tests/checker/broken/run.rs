//! In errors, clocks and faults: the run itself.

use std::time::Duration;

use identity_core::{ErrorKind, Timestamp};
use identity_tests::prove::checker::{GRACE, Violation, check_times, never_struck};
use identity_tests::prove::{Attempt, Fault, On, Outcome, Stroke};

use super::story;
use crate::story::Ended;

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
