//! Trying again: how often, and how long to wait in between.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;

/// Conflicts are retried after a random wait that grows: of those who collided, one gets through each time, and the
/// others spread out. A lost connection is retried at once, a few times: after a database was restarted, a pool
/// still holds connections that have died. Whoever has waited for a connection in vain is told so, and does not wait again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) conflicts: u32,
    pub(crate) reconnects: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { conflicts: 50, reconnects: 2 }
    }
}

impl Retry {
    const FIRST_WAIT: Duration = Duration::from_millis(2);
    const LONGEST_WAIT: Duration = Duration::from_millis(200);
    /// Past this no conflict is retried: each may have waited for a lock until the database's own time-out.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
    /// The same where others wait for it, who may have nothing to do with the conflict. Shorter than a time-out of a lock.
    pub(crate) const PATIENCE_OF_OTHERS: Duration = Duration::from_millis(800);
    /// A dead connection is found out sooner. What took longer has waited: for a pool that others have exhausted, or for a
    /// database that is down.
    const LONGEST_LOSS: Duration = Duration::from_secs(1);

    /// Calls `attempt` until it succeeds, fails for good, or a bound is reached.
    pub(crate) async fn run<T, F: Future<Output = Result<T, Error>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Result<T, Error> {
        self.run_within(Self::PATIENCE, attempt).await
    }

    /// Whether an error is a conflict that came to no end within its patience, and not for want of attempts.
    pub(crate) fn may_go_on(&self, error: &Error) -> bool {
        matches!(error, Error::Conflict { attempts, .. } if *attempts <= self.conflicts)
    }

    /// The same, and past `patience` no conflict is retried.
    pub(crate) async fn run_within<T, F: Future<Output = Result<T, Error>>>(
        &self,
        patience: Duration,
        attempt: impl Fn() -> F,
    ) -> Result<T, Error> {
        let (mut conflicts, mut reconnects) = (0, 0);
        let start = Instant::now();
        loop {
            let begun = Instant::now();
            match attempt().await {
                Err(Error::Conflict { source, .. }) => {
                    conflicts += 1;
                    if conflicts > self.conflicts || start.elapsed() > patience {
                        return Err(Error::Conflict { attempts: conflicts, source });
                    }
                    tracing::debug!(attempt = conflicts, "conflict with other writers");
                    tokio::time::sleep(wait(conflicts)).await;
                }
                Err(Error::Unavailable { source }) => {
                    reconnects += 1;
                    if reconnects > self.reconnects || begun.elapsed() > Self::LONGEST_LOSS {
                        return Err(Error::Unavailable { source });
                    }
                    tracing::debug!(attempt = reconnects, "the database went away");
                }
                result => return result,
            }
        }
    }
}

/// Between nothing and a bound that doubles with each attempt.
fn wait(attempt: u32) -> Duration {
    let bound = Retry::FIRST_WAIT.saturating_mul(1 << attempt.min(16)).min(Retry::LONGEST_WAIT);
    bound.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn conflicts_are_retried_up_to_the_bound() {
        let retry = Retry { conflicts: 3, reconnects: 0 };
        let calls = Cell::new(0);
        let result: Result<(), _> = retry
            .run(|| async {
                calls.set(calls.get() + 1);
                Err(Error::conflict())
            })
            .await;
        assert!(matches!(result, Err(Error::Conflict { attempts: 4, .. })), "{result:?}");
        assert_eq!(calls.get(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_ends_it() {
        let calls = Cell::new(0);
        let result = Retry::default()
            .run(|| async {
                calls.set(calls.get() + 1);
                if calls.get() < 3 { Err(Error::conflict()) } else { Ok(calls.get()) }
            })
            .await;
        assert_eq!(result.unwrap(), 3);
    }

    /// Attempts that each find out after `wait` that the database is away.
    async fn attempts_while_away(wait: Duration) -> u32 {
        let calls = Cell::new(0);
        let result: Result<(), _> = Retry { conflicts: 0, reconnects: 2 }
            .run(|| async {
                calls.set(calls.get() + 1);
                tokio::time::sleep(wait).await;
                Err(Error::unavailable(std::io::Error::other("away")))
            })
            .await;
        assert!(matches!(result, Err(Error::Unavailable { .. })), "{result:?}");
        calls.get()
    }

    #[tokio::test(start_paused = true)]
    async fn lost_connections_are_retried_and_long_waits_are_not() {
        assert_eq!(attempts_while_away(Duration::from_millis(10)).await, 3);
        assert_eq!(attempts_while_away(Duration::from_secs(3)).await, 1);
    }

    #[tokio::test]
    async fn what_will_not_change_is_not_retried() {
        let calls = Cell::new(0);
        let result: Result<(), _> = Retry::default()
            .run(|| async {
                calls.set(calls.get() + 1);
                Err(Error::NotAdopted)
            })
            .await;
        assert!(result.is_err());
        assert_eq!(calls.get(), 1);
    }

    #[test]
    fn waits_grow_and_stay_bounded() {
        for attempt in 1..100 {
            assert!(wait(attempt) <= Retry::LONGEST_WAIT);
        }
    }
}
