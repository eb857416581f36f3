//! The batch size and the number of connections at which the driver alone does most.
//!
//! Each way is tried for a moment, and the best of them again and for longer, in turns: a moment is too short to tell those
//! apart that are nearly as good.

use std::fmt;
use std::time::Duration;

use super::turns::order;
use crate::Failure;
use crate::measure::Measured;

/// A way to read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// People in one statement.
    pub(super) batch: usize,
    /// Statements at once, each on a connection of its own.
    pub(super) connections: u64,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a statement, {} connections", self.batch, self.connections)
    }
}

/// The way that was found best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Best {
    pub(super) way: Way,
    /// There may be a better one outside of what was tried.
    is_at_edge: bool,
}

impl fmt::Display for Best {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.way)?;
        if self.is_at_edge { f.write_str(", at the edge of what was tried") } else { Ok(()) }
    }
}

/// What is tried.
#[derive(Debug)]
pub(super) struct Grid {
    batches: &'static [usize],
    connections: &'static [u64],
}

pub(super) const READ: Grid = Grid { batches: &[50, 100, 200, 400, 800], connections: &[1, 2, 4, 8] };

pub(super) const WRITE: Grid =
    Grid { batches: &[50, 100, 200, 300, 500, 1_000, 3_000], connections: &[1, 2, 4, 8] };

/// Those that are tried again.
const FINALISTS: usize = 4;

impl Grid {
    /// The best way, and whether it lies at an edge of the grid.
    ///
    /// # Errors
    /// What goes wrong while measuring.
    pub(super) async fn best(
        &self,
        round: Duration,
        measure: impl AsyncFn(Way, Duration) -> Result<Measured, Failure>,
    ) -> Result<Best, Failure> {
        let mut tried = Vec::new();
        for &connections in self.connections {
            for &batch in self.batches {
                let way = Way { batch, connections };
                tried.push((measure(way, round / 12).await?.per_second, way));
            }
        }
        tried.sort_unstable_by(|(one, _), (other, _)| other.total_cmp(one));
        let mut finalists: Vec<_> = tried.iter().take(FINALISTS).map(|(_, way)| (0.0, *way)).collect();
        for sample in 0..2 {
            for turn in order(finalists.len(), sample) {
                let (sum, way) = &mut finalists[turn];
                *sum += measure(*way, round / 5).await?.per_second;
            }
        }
        let best = finalists.into_iter().max_by(|(one, _), (other, _)| one.total_cmp(other));
        let (_, way) = best.ok_or("there is no way to try")?;
        Ok(Best { way, is_at_edge: self.is_at_edge(way) })
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
            Ok(Measured { per_second: 10_000.0 - distance, ..Measured::default() })
        };
        let best = WRITE.best(Duration::ZERO, measure).await?;
        assert_eq!(best.way, Way { batch: 300, connections: 2 });
        assert_eq!(best.to_string(), "300 a statement, 2 connections");
        let at_edge = Best { is_at_edge: true, ..best };
        assert_eq!(at_edge.to_string(), "300 a statement, 2 connections, at the edge of what was tried");
        assert!([READ, WRITE].iter().all(|grid| grid.connections.last() == Some(&LIMIT_CONNECTIONS)));
        assert!(!WRITE.is_at_edge(best.way));
        assert!(WRITE.is_at_edge(Way { batch: 3_000, connections: 2 }));
        assert!(WRITE.is_at_edge(Way { batch: 300, connections: 8 }));
        Ok(())
    }
}
