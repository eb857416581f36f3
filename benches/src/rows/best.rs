//! The best of several ways to do the same.
//!
//! Each is tried once, and the best of them again, in turns: one try is too short to tell those apart that are nearly as good.

use std::fmt;

use super::turns::order;
use crate::Failure;

/// The way that was found best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Best<W> {
    pub(super) way: W,
    /// There may be a better one outside of what was tried.
    pub(super) is_at_edge: bool,
}

impl<W: fmt::Display> fmt::Display for Best<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.way)?;
        if self.is_at_edge { f.write_str(", at the edge of what was tried") } else { Ok(()) }
    }
}

/// Whether a way is tried as one of all, or again as one of the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Try {
    First,
    Again,
}

/// How often the best are tried again.
const AGAIN: usize = 2;

/// The way for which `measure` tells the highest figure. So many `finalists` are tried again, and only that counts.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn best_of<W: Copy>(
    ways: impl IntoIterator<Item = W>,
    finalists: usize,
    mut measure: impl AsyncFnMut(W, Try) -> Result<f64, Failure>,
) -> Result<W, Failure> {
    let mut tried = Vec::new();
    for way in ways {
        tried.push((measure(way, Try::First).await?, way));
    }
    tried.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let mut finalists: Vec<_> = tried.iter().take(finalists).map(|(_, way)| (0.0, *way)).collect();
    for sample in 0..AGAIN {
        for turn in order(finalists.len(), sample) {
            let (sum, way) = &mut finalists[turn];
            *sum += measure(*way, Try::Again).await?;
        }
    }
    let best = finalists.into_iter().max_by(|(one, _), (other, _)| one.total_cmp(other));
    Ok(best.ok_or("there is no way to try")?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lucky_first_try_does_not_win() -> Result<(), Failure> {
        let measure = async |way: u32, which| {
            // 9 is lucky once, and 1 is no finalist.
            Ok(if way == 9 && which == Try::First { 100.0 } else { 10.0 - f64::from(way.abs_diff(4)) })
        };
        assert_eq!(best_of([1, 3, 4, 5, 9], 3, measure).await?, 4);
        assert!(best_of([], 3, async |_: u32, _| Ok(0.0)).await.is_err());
        let best = |is_at_edge| Best { way: 4, is_at_edge }.to_string();
        assert_eq!([best(false), best(true)], ["4", "4, at the edge of what was tried"]);
        Ok(())
    }
}
