//! Closed loops: each caller makes its next call when the last one was answered.

use std::future::Future;
use std::time::{Duration, Instant};

/// What a loop achieved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Requests per second, over all callers.
    pub(crate) per_second: f64,
    /// The median time of a call.
    pub(crate) median: Duration,
    /// The 99th percentile.
    pub p99: Duration,
}

/// Runs `callers` loops for `time`. `call` makes one call, which serves `Ok(n)` requests.
///
/// # Errors
/// The first error of a call.
pub(crate) async fn closed_loop<E, F, C>(callers: u64, time: Duration, call: C) -> Result<Measured, E>
where
    E: Send + 'static,
    F: Future<Output = Result<u64, E>> + Send,
    C: Fn(u64) -> F + Clone + Send + Sync + 'static,
{
    let start = Instant::now();
    let mut loops = Vec::new();
    for caller in 0..callers {
        let call = call.clone();
        loops.push(tokio::spawn(async move {
            let (mut served, mut took) = (0, Vec::new());
            while start.elapsed() < time {
                let before = Instant::now();
                served += call(caller).await?;
                took.push(before.elapsed());
            }
            Ok((served, took))
        }));
    }
    let (mut served, mut took) = (0, Vec::new());
    for running in loops {
        match running.await {
            Ok(outcome) => {
                let (one, times): (u64, Vec<Duration>) = outcome?;
                served += one;
                took.extend(times);
            }
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    let elapsed = start.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |share: f64| took.get((took.len() as f64 * share) as usize).copied().unwrap_or_default();
    Ok(Measured { per_second: served as f64 / elapsed, median: at(0.5), p99: at(0.99) })
}

/// The median of several rounds, each figure by itself.
pub(crate) fn median(rounds: &[Measured]) -> Measured {
    let of = |figure: fn(&Measured) -> f64| {
        let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
        figures.sort_unstable_by(f64::total_cmp);
        middle(&figures)
    };
    Measured {
        per_second: of(|round| round.per_second),
        median: Duration::from_secs_f64(of(|round| round.median.as_secs_f64())),
        p99: Duration::from_secs_f64(of(|round| round.p99.as_secs_f64())),
    }
}

/// The median of several times.
pub(crate) fn median_time(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    let seconds: Vec<f64> = rounds.iter().map(Duration::as_secs_f64).collect();
    Duration::from_secs_f64(middle(&seconds))
}

/// What is in the middle of sorted figures; of an even number, halfway between the two.
fn middle(sorted: &[f64]) -> f64 {
    let upper = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(upper)) {
        (_, None) => 0.0,
        (0, Some(figure)) => f64::midpoint(sorted[upper - 1], *figure),
        (_, Some(figure)) => *figure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_between_two_middles() {
        let seconds = |all: &[u64]| median_time(all.iter().copied().map(Duration::from_secs).collect());
        assert_eq!(seconds(&[]), Duration::ZERO);
        assert_eq!(seconds(&[9, 1, 4]), Duration::from_secs(4));
        assert_eq!(seconds(&[9, 1, 5, 3]), Duration::from_secs(4));
    }
}
