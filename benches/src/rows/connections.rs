//! The number of connections at which the usual code does most. More of them serve more callers at once, and fight more over
//! the same rows, pages and cores.

use std::fmt;
use std::time::Duration;

use super::turns::{balanced, order};
use crate::measure::Measured;
use crate::{Failure, Options};

/// What is tried, as far as there are as many callers: more connections than callers nobody uses.
const TRIED: [u64; 4] = [8, 16, 32, 64];

fn tried(callers: u64) -> Vec<u64> {
    let tried: Vec<_> = TRIED.into_iter().filter(|connections| *connections <= callers).collect();
    if tried.is_empty() { vec![callers] } else { tried }
}

/// The number that was found best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Best {
    pub(super) connections: u64,
    /// Fewer may be better still.
    is_fewest: bool,
}

impl fmt::Display for Best {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} connections", self.connections)?;
        if self.is_fewest { f.write_str(", the fewest that were tried") } else { Ok(()) }
    }
}

/// Tries each number a few times for a moment, by turns.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn best_connections(
    options: &Options,
    mut measure: impl AsyncFnMut(u64, Duration) -> Result<Measured, Failure>,
) -> Result<Best, Failure> {
    let mut tried: Vec<_> =
        tried(options.callers).into_iter().map(|connections| (0.0, connections)).collect();
    for round in 0..balanced(tried.len(), 3) {
        for turn in order(tried.len(), round) {
            let (sum, connections) = &mut tried[turn];
            *sum += measure(*connections, options.round() / 10).await?.per_second;
        }
    }
    let fewest = tried.first().map(|(_, connections)| *connections);
    let best = tried.into_iter().max_by(|(one, _), (other, _)| one.total_cmp(other));
    let (_, connections) = best.ok_or("there is no number to try")?;
    Ok(Best { connections, is_fewest: connections > 1 && fewest == Some(connections) })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::scene::USUAL_CONNECTIONS;

    use super::*;

    async fn best(callers: &str, peak: u64) -> Result<String, Failure> {
        let options = Options::parse_from(["benches", "--callers", callers]);
        let measure = async |connections: u64, _| {
            Ok(Measured { per_second: -(connections.abs_diff(peak) as f64), ..Measured::default() })
        };
        Ok(best_connections(&options, measure).await?.to_string())
    }

    #[tokio::test]
    async fn the_best_number_is_found() -> Result<(), Failure> {
        assert_eq!(best("64", 30).await?, "32 connections");
        assert_eq!(best("2000", 2_000).await?, "64 connections");
        assert_eq!(best("64", 1).await?, "8 connections, the fewest that were tried");
        assert_eq!(best("1", 1).await?, "1 connections");
        assert_eq!(TRIED.last(), Some(&USUAL_CONNECTIONS));
        Ok(())
    }
}
