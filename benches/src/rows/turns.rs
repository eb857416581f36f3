//! Contenders that take turns.
//!
//! Whoever comes after one that writes finds its dirty pages and its open log. So in each round the order is another: a Williams
//! design, in which over enough rounds each contender comes right after each other one equally often.

use crate::Failure;

/// The rounds in which so many contenders take turns: at least `rounds`, and as many more as the orders are balanced by.
pub(super) fn balanced(contenders: usize, rounds: usize) -> usize {
    rounds.next_multiple_of(design(contenders))
}

/// Measures each contender once in each of so many [balanced] rounds; what was measured, by contender.
///
/// # Errors
/// The first error of a contender.
pub(super) async fn take_turns<const N: usize, W: Copy, T>(
    rounds: usize,
    contenders: [W; N],
    mut measure: impl AsyncFnMut(W) -> Result<T, Failure>,
) -> Result<[Vec<T>; N], Failure> {
    let mut measured = [const { Vec::new() }; N];
    for round in 0..balanced(N, rounds) {
        for turn in order(N, round) {
            measured[turn].push(measure(contenders[turn]).await?);
        }
    }
    Ok(measured)
}

/// The rounds of one design.
fn design(contenders: usize) -> usize {
    if contenders % 2 == 1 { 2 * contenders } else { contenders }
}

/// Who comes when in a round: each once. Balanced over the rounds of a design.
pub(super) fn order(contenders: usize, round: usize) -> Vec<usize> {
    let odd = contenders % 2 == 1;
    let shift = if odd { round / 2 } else { round };
    // 0, the last, 1, the last but one, …
    let zigzag = |n: usize| if n.is_multiple_of(2) { n / 2 } else { contenders - n.div_ceil(2) };
    let mut order: Vec<_> = (0..contenders).map(|n| (zigzag(n) + shift) % contenders).collect();
    if odd && round % 2 == 1 {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[tokio::test]
    async fn rounds_are_balanced() -> Result<(), Failure> {
        assert_eq!([2, 3, 4].map(|contenders| balanced(contenders, 5)), [6, 6, 8]);
        assert_eq!([2, 3, 4].map(|contenders| balanced(contenders, 3)), [4, 6, 4]);
        let mut turns = Vec::new();
        let measured = take_turns(3, ["a", "b"], async |who| {
            turns.push(who);
            Ok(turns.len())
        });
        assert_eq!(measured.await?, [vec![1, 4, 5, 8], vec![2, 3, 6, 7]]);
        assert_eq!(turns.concat(), "abbaabba");
        Ok(())
    }

    #[test]
    fn each_comes_after_each_other_equally_often() {
        for contenders in 2..=6 {
            let mut pairs = HashMap::<_, usize>::new();
            for round in 0..2 * contenders {
                let order = order(contenders, round);
                order.windows(2).for_each(|pair| *pairs.entry((pair[0], pair[1])).or_default() += 1);
            }
            assert_eq!(pairs.len(), contenders * (contenders - 1));
            assert!(pairs.values().all(|often| *often == 2), "{contenders}: {pairs:?}");
        }
    }
}
