//! Every call is answered, and soon after everything around it is in order again.

use std::time::Duration;

use super::Violation;
use crate::prove::history::{Call, History};
use crate::prove::strokes::Stroke;

/// How long a call may go unanswered while nothing goes wrong around it, by whoever makes it again after each error. It is
/// several times what the library may take for one attempt (15 seconds) and a database for its own time-outs.
pub const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// How long it may go unanswered whatever goes wrong: strokes on clusters follow one another with little calm between them, and no
/// caller is to starve meanwhile.
const ANSWERED_AT_ALL: Duration = Duration::from_secs(300);

pub(super) fn check(history: &History, strokes: &[Stroke]) -> Vec<Violation> {
    let [limit, limit_at_all] = [ANSWERED_WITHIN, ANSWERED_AT_ALL].map(|limit| limit.as_nanos() as u64);
    let is_late = |begin: u64, at: u64| {
        longest_calm(begin, at, strokes) > limit || at.saturating_sub(begin) > limit_at_all
    };
    let wrong = |call: &Call| match call.answer() {
        None => Some(Violation::NeverAnswered { call: call.number }),
        Some(answer) if is_late(call.begin(), answer.at) => Some(Violation::LateAnswer { call: call.number }),
        Some(_) => None,
    };
    history.calls.iter().filter_map(wrong).collect()
}

/// The longest time between two moments in which no fault struck. Strokes follow one another.
fn longest_calm(from: u64, to: u64, strokes: &[Stroke]) -> u64 {
    let (mut longest, mut calm_since) = (0, from);
    for stroke in strokes.iter().filter(|stroke| stroke.end > from && stroke.begin < to) {
        longest = longest.max(stroke.begin.saturating_sub(calm_since));
        calm_since = stroke.end;
    }
    longest.max(to.saturating_sub(calm_since))
}
