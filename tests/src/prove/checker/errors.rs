//! No other error reaches a caller than the faults of the run allow.

use identity_core::ErrorKind;

use super::Violation;
use crate::prove::history::{Call, History, Outcome};

pub(super) fn check(history: &History, allowed: &[ErrorKind]) -> Vec<Violation> {
    let failed = |call: &Call| {
        call.failed().find_map(|attempt| match attempt.outcome {
            Outcome::Failed { kind, .. } if !allowed.contains(&kind) => {
                Some(Violation::ForbiddenError { call: call.number, kind })
            }
            _ => None,
        })
    };
    history.calls.iter().filter_map(failed).collect()
}
