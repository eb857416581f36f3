use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The width of a bucket in microseconds.
const WIDTH: u64 = 10;
const BUCKETS: usize = 100_000;

/// How often each delay occurred, to 10 µs; what takes a second or more counts as a second.
#[derive(Debug)]
pub(super) struct Delays(Vec<AtomicU64>);

impl Delays {
    pub(super) fn new() -> Self {
        Self((0..BUCKETS).map(|_| AtomicU64::new(0)).collect())
    }

    pub(super) fn add(&self, delay: Duration) {
        let bucket = usize::try_from(delay.as_micros() / u128::from(WIDTH)).unwrap_or(BUCKETS);
        self.0[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// The delay that this share of them does not exceed.
    pub(super) fn at(&self, share: f64) -> Duration {
        let wanted = (self.count() as f64 * share).ceil() as u64;
        let mut below = 0;
        let bucket = self.0.iter().position(|bucket| {
            below += bucket.load(Ordering::Relaxed);
            below >= wanted
        });
        Duration::from_micros((bucket.unwrap_or_default() as u64 + 1) * WIDTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_delays() {
        let delays = Delays::new();
        (1..=100).for_each(|n| delays.add(Duration::from_micros(n * 100)));
        assert_eq!(delays.count(), 100);
        assert_eq!(delays.at(0.5), Duration::from_micros(5_010));
        assert_eq!(delays.at(1.0), Duration::from_micros(10_010));
        delays.add(Duration::from_secs(60));
        assert_eq!(delays.at(1.0), Duration::from_secs(1));
    }
}
