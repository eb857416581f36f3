//! The batch size, the number of connections and the form of the statement at which the driver alone does most.

use std::fmt;
use std::time::Duration;

use super::best::{Best, Try, best_of};
use crate::Failure;
use crate::contenders::limit::Values;
use crate::measure::Measured;

/// A way to read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// People in one statement.
    pub(super) batch: usize,
    /// Statements at once, each on a connection of its own.
    pub(super) connections: u64,
    /// How the statements' values are sent.
    pub(super) values: Values,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a statement, {}, {} connections", self.batch, self.values, self.connections)
    }
}

/// What is tried.
#[derive(Debug)]
pub(super) struct Grid {
    batches: &'static [usize],
    connections: &'static [u64],
}

pub(super) const READ: Grid =
    Grid { batches: &[50, 100, 200, 400, 800, 1_600, 3_200], connections: &[1, 2, 4, 8, 16] };

pub(super) const WRITE: Grid =
    Grid { batches: &[50, 100, 200, 300, 500, 1_000, 3_000], connections: &[1, 2, 4, 8, 16] };

/// Those that are tried again.
const FINALISTS: usize = 6;

impl Grid {
    /// The best way, and whether it lies at an edge of the grid.
    ///
    /// # Errors
    /// What goes wrong while measuring.
    pub(super) async fn best(
        &self,
        round: Duration,
        measure: impl AsyncFn(Way, Duration) -> Result<Measured, Failure>,
    ) -> Result<Best<Way>, Failure> {
        let per_second = async |way, which| {
            let time = match which {
                Try::First => round / 12,
                Try::Again => round / 5,
            };
            Ok(measure(way, time).await?.per_second)
        };
        let way = best_of(self.ways(), FINALISTS, per_second).await?;
        Ok(Best { way, is_at_edge: self.is_at_edge(way) })
    }

    fn ways(&self) -> impl Iterator<Item = Way> {
        let connections = self.connections.iter();
        connections.flat_map(move |&connections| {
            self.batches
                .iter()
                .flat_map(move |&batch| Values::BOTH.map(|values| Way { batch, connections, values }))
        })
    }

    /// One connection is no edge: there are no fewer.
    fn is_at_edge(&self, way: Way) -> bool {
        [self.batches.first(), self.batches.last()].contains(&Some(&way.batch))
            || self.connections.last() == Some(&way.connections)
    }
}

#[cfg(test)]
mod tests {
    use crate::scene::LIMIT_CONNECTIONS;

    use super::*;

    #[tokio::test]
    async fn the_best_way_is_found() -> Result<(), Failure> {
        let measure = async |way: Way, _| {
            let distance = way.batch.abs_diff(300) as f64 + 100.0 * way.connections.abs_diff(2) as f64;
            let bound = if way.values == Values::Bound { 10.0 } else { 0.0 };
            Ok(Measured { per_second: 10_000.0 - distance - bound, ..Measured::default() })
        };
        let best = WRITE.best(Duration::ZERO, measure).await?;
        assert_eq!(best.way, Way { batch: 300, connections: 2, values: Values::InText });
        assert_eq!(best.to_string(), "300 a statement, values in its text, 2 connections");
        assert!([READ, WRITE].iter().all(|grid| grid.connections.last() == Some(&LIMIT_CONNECTIONS)));
        assert!(!WRITE.is_at_edge(best.way));
        assert!(WRITE.is_at_edge(Way { batch: 3_000, ..best.way }));
        assert!(WRITE.is_at_edge(Way { connections: 16, ..best.way }));
        Ok(())
    }
}
