//! What of a history and a finale breaks a promise of SPEC. Pure: no clock, no database.
//!
//! | file | promises |
//! |---|---|
//! | `clusters.rs` | the final clusters are the connected components of the calls, and a call happened wholly or not at all |
//! | `tables.rs` | one primary, the oldest; no chain; one claim per identifier; no row lost or repeated |
//! | `evidence.rs` | replaying the evidence gives the clusters |
//! | `bounds.rs` | a reply holds what it must, and nothing that it cannot |
//! | `family.rs` | no reply mixes two states; people grow, and their primaries get no younger |
//! | `answers.rs` | every call is answered |
//! | `errors.rs` | no error without a fault that strikes and can cause it |
//! | `hits.rs` | none of the library: faults that were asked for have hit something |
//! | `times.rs` | times are the database's; none of the library: workers' clocks that were set apart are apart |
//! | `violation.rs` | how each can be broken |
//! | `components.rs`, `index.rs` | connected identifiers; rows by id |

mod answers;
mod bounds;
mod clusters;
mod components;
mod errors;
mod evidence;
mod family;
mod hits;
mod index;
mod tables;
mod times;
mod violation;

use super::finale::Finale;
use super::history::History;
use super::strokes::Stroke;
use index::Index;

pub use answers::ANSWERED_WITHIN;
pub use errors::GRACE;
pub use hits::never_struck;
pub use times::check_times;
pub use violation::{Promise, Violation};

/// Everything that is broken. An attempt that ended in an error, or whose worker was killed, may have happened or not, at any time
/// after it began: where either explains what is there, it does. The attempt that was answered happened between its begin and its
/// end. Attempts of one call ask the same, so what they leave is what one of them leaves.
pub fn check(history: &History, finale: &Finale, strokes: &[Stroke]) -> Vec<Violation> {
    let index = Index::new(finale);
    let mut found = errors::check(history, strokes);
    found.extend(answers::check(history, strokes));
    found.extend(clusters::check(history, &index));
    found.extend(tables::check(finale, &index));
    found.extend(evidence::check(history, finale, &index));
    found.extend(bounds::check(history));
    found.extend(family::check(history, &index));
    found.extend(hits::check(strokes));
    found
}

/// What is broken in the replies by themselves, where there are no tables to hold them against. Calls that have no answer are nothing
/// to wonder at then.
pub fn check_replies(history: &History, strokes: &[Stroke]) -> Vec<Violation> {
    let mut found = errors::check(history, strokes);
    found.extend(bounds::check(history));
    found
}
