//! The times of contacts come from the database's clock, whatever the workers' clocks say; SQLite's is the workers'.

use std::time::Duration;

use super::Violation;
use crate::prove::On;
use crate::prove::finale::Finale;

/// Less than any two workers' clocks are apart, and more than a run takes.
const APART: Duration = Duration::from_secs(3_600);

/// How much longer than the calls the times may go on: the machine is busy, and tables are made before.
const ROOM: Duration = Duration::from_secs(600);

/// What is broken in a run of `took` over workers whose clocks are apart.
pub fn check_times(finale: &Finale, on: On, took: Duration) -> Option<Violation> {
    let times = || finale.contacts.iter().map(|contact| contact.created_at.as_micros());
    let span = times().max().unwrap_or_default() - times().min().unwrap_or_default();
    let span = Duration::from_micros(span.unsigned_abs());
    match on {
        On::Sqlite => (span < APART).then_some(Violation::ClocksTogether { span }),
        _ => (span > took + ROOM).then_some(Violation::WorkersTimes { span }),
    }
}
