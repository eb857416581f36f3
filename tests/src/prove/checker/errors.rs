//! An error reaches a caller only while a fault strikes that can cause it, or shortly after.

use std::time::Duration;

use super::Violation;
use crate::prove::history::{Call, History, Outcome};
use crate::prove::strokes::Stroke;

/// How long after a stroke its errors may still arrive: what a call waits for a connection (3 seconds by default), and what a busy
/// machine needs to find out that all is well again.
pub const GRACE: Duration = Duration::from_secs(5);

pub(super) fn check(history: &History, strokes: &[Stroke]) -> Vec<Violation> {
    let grace = u64::try_from(GRACE.as_nanos()).unwrap_or(u64::MAX);
    let explains = |stroke: &Stroke, kind, at| {
        stroke.fault.allows().contains(&kind) && stroke.begin <= at && at <= stroke.end.saturating_add(grace)
    };
    let wrong = |call: &Call| {
        call.failed().find_map(|attempt| match attempt.outcome {
            Outcome::Failed { at, kind } if !strokes.iter().any(|stroke| explains(stroke, kind, at)) => {
                Some(Violation::ForbiddenError { call: call.number, kind })
            }
            _ => None,
        })
    };
    history.calls.iter().filter_map(wrong).collect()
}
