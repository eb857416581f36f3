//! What a call costs in a small table and in a large one.
//!
//! Mixed work makes a small table large: in 5 s its people would have as many emails again. So it is replaced before each
//! round, and rounds are short.

use std::time::{Duration, Instant};

use super::turns::{balanced, order};
use super::{at_most, rounds_of};
use crate::measure::{Measured, median};
use crate::report::Line;
use crate::scene::{Contender, Scene};
use crate::work::Work;
use crate::{Failure, Options};

pub(super) const WORK: &str = "growth";

/// Contacts in the small table.
const SMALL: u64 = 10_000;

const ROUND: Duration = Duration::from_secs(1);

/// The line.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn line(options: &Options, scene: &Scene) -> Result<Line, Failure> {
    let server = scene.server().await?;
    let large = options.size(10_000_000);
    let start = Instant::now();
    let grown = Contender::ours(server, options, people(large)).await?;
    let filled = start.elapsed();
    let (mut known, mut mixed) = ([vec![], vec![]], [vec![], vec![]]);
    // As short as the rounds are, there are more of them.
    let rounds = balanced(2, 2 * options.rounds());
    for round in 0..rounds {
        let small = Contender::ours(server, options, people(SMALL)).await?;
        for n in order(2, round) {
            let contender = [&small, &grown][n];
            // Connections are opened, and the pages that are always needed are read.
            contender.measure(options.callers, ROUND / 4, Work::Known).await?;
            known[n].push(contender.measure(options.callers, ROUND, Work::Known).await?);
            mixed[n].push(contender.measure(options.callers, ROUND, Work::Mixed).await?);
        }
        small.close().await?;
    }
    grown.close().await?;
    let [known, mixed] = [known, mixed].map(|sizes| sizes.map(|rounds| median(&rounds)));
    Ok(Line {
        work: WORK,
        rounds: rounds_of(rounds, ROUND),
        figures: vec![
            ("known people, 10,000 contacts", cost(options, known[0])),
            (if options.quick { "1,000,000" } else { "10,000,000" }, cost(options, known[1])),
            ("mixed, 10,000 contacts", cost(options, mixed[0])),
            (if options.quick { "1,000,000" } else { "10,000,000" }, cost(options, mixed[1])),
            ("filling the large table", format!("{:.0} s", filled.as_secs_f64())),
        ],
        bars: vec![
            at_most("known people, a call at the large table / at the small one", ratio(known), 1.5),
            at_most("mixed, a call at the large table / at the small one", ratio(mixed), 1.5),
        ],
    })
}

/// A quarter of the people have two contacts.
fn people(contacts: u64) -> u64 {
    contacts / 5 * 4
}

/// The time of a call, over all callers.
fn cost(options: &Options, measured: Measured) -> String {
    format!("{:.0} µs a call", options.callers as f64 / measured.per_second * 1e6)
}

fn ratio([small, large]: [Measured; 2]) -> f64 {
    small.per_second / large.per_second
}
