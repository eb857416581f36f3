//! What is sound is not called broken, whatever the interleaving.

use identity_core::ErrorKind;
use identity_tests::prove::{Outcome, Plan};
use proptest::prelude::*;

use crate::story::Story;

/// Calls that happen in an order, each within a span of time that reaches over its neighbours, and of some of which nobody
/// knows whether they happened.
async fn random_story(seed: u64, identifiers: u32, calls: u64, longest: u64) -> Story {
    let plan = Plan { seed, identifiers, calls_per_group: calls.div_ceil(2) };
    let mut random = fastrand::Rng::with_seed(seed);
    let mut story = Story::new();
    for number in 0..calls {
        let happens_at = 1_000 + 10 * number;
        let begin = happens_at - 1 - random.u64(0..longest);
        let end = happens_at + 1 + random.u64(0..longest);
        let asked = plan.call(number);
        match random.u8(0..10) {
            0 => story.unknown(asked, begin, random.bool(), Outcome::Lost).await,
            1 => {
                let failed = Outcome::Failed { at: end, kind: ErrorKind::Unavailable };
                story.unknown(asked, begin, random.bool(), failed).await;
            }
            _ => story.answered(asked, begin, end).await,
        }
    }
    story
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
        let ended = runtime.block_on(async { random_story(seed, identifiers, calls, longest).await.end().await });
        prop_assert_eq!(ended.violations(), []);
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
