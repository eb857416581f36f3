//! The memory that an import into SQLite takes: in a process of its own, whose requests are made one by one.

use super::at_most;
use crate::report::Line;
use crate::resident::import_apart;
use crate::{Failure, Options};

pub(super) const WORK: &str = "memory while importing";

/// The line.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn line(options: &Options) -> Result<Line, Failure> {
    let requests = options.size(10_000_000);
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}/contacts.db", folder.path().display());
    let resident = import_apart(options, &url, requests).await?;
    let megabytes = |kilobytes: u64| kilobytes as f64 / 1_024.0;
    let [peak, first, last] = [resident.peak, resident.first_half, resident.last_quarter].map(megabytes);
    let mut figures = vec![
        (
            "resident",
            format!("{peak:.0} MB at most, {first:.0} in the first half, {last:.0} in the last quarter"),
        ),
        ("rate", format!("{:.0} requests/s of {requests}", requests as f64 / resident.took.as_secs_f64())),
    ];
    let mut bars = vec![at_most("resident, MB", peak, 300.0)];
    // An import keeps the last 400,000 contacts or so. Fewer requests make no more of them than that, so to their very end
    // memory fills, as it should.
    if options.quick {
        figures.push(("whether it is flat", "so few requests do not tell".to_owned()));
    } else {
        bars.push(at_most("last quarter / first half", last / first, 1.1));
    }
    Ok(Line { work: WORK, rounds: "1".to_owned(), figures, bars })
}
