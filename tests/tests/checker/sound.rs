//! What is sound is not called broken, whatever the interleaving.

use identity_core::ErrorKind;
use identity_tests::prove::checker::Violation;
use identity_tests::prove::{Fault, Outcome, Plan, Stroke};
use proptest::prelude::*;

use crate::story::Story;

/// Calls that happen in an order, each within a span of time that reaches over its neighbours. Attempts of some fail: they happen
/// or not, some of them long after they failed, and some of the calls are made again. Tells how many were not answered.
async fn random_story(seed: u64, identifiers: u32, calls: u64, longest: u64) -> (Story, usize) {
    let plan = Plan { seed, identifiers, calls_per_group: calls.div_ceil(2) };
    let mut random = fastrand::Rng::with_seed(seed);
    let mut story = Story::new();
    // Calls that were not answered, and from when on they can be made again; and calls of which an attempt is still to happen.
    let (mut unanswered, mut late): (Vec<(usize, u64)>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut number = 0;
    for step in 0..calls * 2 {
        let happens_at = 1_000 + 10 * step;
        let begin = happens_at - 1 - random.u64(0..longest);
        let end = happens_at + 1 + random.u64(0..longest);
        let asked = plan.call(number);
        match random.u8(0..12) {
            0 | 1 => {
                let failed = Outcome::Failed { at: end, kind: ErrorKind::Unavailable };
                let (outcome, again_at) =
                    if random.bool() { (Outcome::Lost, happens_at) } else { (failed, end) };
                let happens_now = random.bool();
                story.unknown(asked, begin, happens_now, outcome).await;
                unanswered.push((number as usize, again_at));
                if !happens_now {
                    late.push(number as usize);
                }
                number += 1;
            }
            2 if !late.is_empty() => {
                let call = late.swap_remove(random.usize(0..late.len()));
                story.happens(call).await;
            }
            3 | 4 => {
                let Some(position) = unanswered.iter().position(|(_, from)| *from < happens_at) else {
                    continue;
                };
                let (call, from) = unanswered.swap_remove(position);
                story.answered_again(call, begin.max(from), end).await;
            }
            _ => {
                story.answered(asked, begin, end).await;
                number += 1;
            }
        }
    }
    (story, unanswered.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn calls_that_happen_one_after_the_other(
        seed in any::<u64>(),
        identifiers in 2_u32..30,
        calls in 1_u64..80,
        longest in 1_u64..600,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (mut ended, unanswered) = runtime.block_on(async {
            let (story, unanswered) = random_story(seed, identifiers, calls, longest).await;
            (story.end().await, unanswered)
        });
        ended.strokes.push(Stroke { fault: Fault::Cut, begin: 0, end: u64::MAX, hits: 1 });
        let mut found = ended.violations();
        let count = found.len();
        found.retain(|found| !matches!(found, Violation::NeverAnswered { .. }));
        prop_assert_eq!(found, []);
        prop_assert_eq!(count, unanswered);
    }
}

/// Two seconds for what a run of this size has, so that a run's time is that of its calls.
#[tokio::test]
async fn a_hundred_thousand_calls_are_checked_quickly() {
    let plan = Plan { seed: 1, identifiers: Plan::IDENTIFIERS, calls_per_group: Plan::CALLS_PER_GROUP };
    let mut story = Story::new();
    for number in 0..100_000 {
        let at = 1_000 + 10 * number;
        story.answered(plan.call(number), at - 500, at + 500).await;
    }
    let ended = story.end().await;
    let start = std::time::Instant::now();
    assert_eq!(ended.violations(), []);
    let took = start.elapsed();
    assert!(took.as_secs() < 20, "{took:?} without optimisation");
}
