//! The memory store: strings in, ids out, beside two hash maps and union-find over the same strings.

use std::cell::Cell;
use std::collections::HashSet;
use std::time::{Duration, Instant};

use identity_core::{IdentifyRequest, IdentityResolver, MemoryStore};

use super::at_most;
use super::turns::{balanced, take_turns};
use crate::contenders::union_find::UnionFind;
use crate::import::import;
use crate::measure::median_time;
use crate::report::Line;
use crate::visits::Visits;
use crate::{Failure, Options};

pub(super) const WORK: &str = "memory store";

const FULL: u64 = 10_000_000;

/// The line.
///
/// # Errors
/// What goes wrong while measuring, and where the two find different people.
pub(super) async fn line(options: &Options) -> Result<Line, Failure> {
    let count = options.size(FULL);
    // What union-find found, for whose turn comes next.
    let people = Cell::new(None);
    let turn = async |is_ours: bool| {
        // Made anew for each, so that both begin with the same heap.
        let visits: Vec<_> = Visits::new(count).collect();
        if !is_ours {
            let (took, found) = bare(&visits);
            people.set(Some(found));
            return Ok(took);
        }
        let resolver = options.builder().build(MemoryStore::new());
        let mut ids = Vec::with_capacity(visits.len());
        let took =
            import(&resolver, visits, drop, |identified| ids.push(identified.primary_contact_id)).await?;
        if let Some(found) = people.take() {
            check(&resolver, count, found).await?;
        }
        Ok::<_, Failure>(took)
    };
    let rounds = balanced(2, options.rounds().min(3));
    let took = take_turns(rounds, [false, true], turn).await?;
    let [bare, ours] = took.map(|rounds| median_time(rounds).as_secs_f64());
    Ok(Line {
        work: WORK,
        rounds: rounds.to_string(),
        figures: vec![
            ("ours", format!("{ours:.2} s for {count} requests")),
            ("two hash maps and union-find", format!("{bare:.2} s")),
        ],
        bars: vec![
            at_most("seconds for 10,000,000 requests", ours * (FULL as f64 / count as f64), 10.0),
            at_most("ours / two hash maps and union-find", ours / bare, 2.5),
        ],
    })
}

/// The time, and how many people there are.
fn bare(visits: &[IdentifyRequest]) -> (Duration, u64) {
    let start = Instant::now();
    let mut people = UnionFind::default();
    let ids: Vec<u32> = visits.iter().map(|visit| people.identify(visit)).collect();
    let took = start.elapsed();
    std::hint::black_box(ids);
    (took, people.people())
}

/// Asks for everybody once more, when nothing is new: so many different people must answer.
async fn check(resolver: &IdentityResolver, count: u64, people: u64) -> Result<(), Failure> {
    let mut primaries = HashSet::new();
    import(resolver, Visits::new(count), drop, |identified| {
        primaries.insert(identified.primary_contact_id);
    })
    .await?;
    let found = primaries.len() as u64;
    if found == people {
        Ok(())
    } else {
        Err(format!("the memory store knows {found} people, union-find {people}").into())
    }
}
