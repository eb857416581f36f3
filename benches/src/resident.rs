//! How much memory an import takes, as a process of its own: here what the process does, and how its parent starts it.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::process::Command;

use crate::import::import;
use crate::visits::Visits;
use crate::{Failure, Options};

/// What an import took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Resident {
    /// The most memory that was resident, in kB, as the system knows it.
    pub(crate) peak: u64,
    /// The most of the samples in the first half of the requests.
    pub(crate) first_half: u64,
    /// The most of those in the last quarter.
    pub(crate) last_quarter: u64,
    /// How long it ran.
    pub(crate) took: Duration,
}

/// Runs [`import_here`] in a process of its own.
///
/// # Errors
/// What goes wrong in it.
pub(crate) async fn import_apart(options: &Options, url: &str, requests: u64) -> Result<Resident, Failure> {
    let output = Command::new(std::env::current_exe()?)
        .args(options.overrides.arguments())
        .args(["import", url, &requests.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        return Err("the process that imports failed".into());
    }
    Resident::parse(std::str::from_utf8(&output.stdout)?)
        .ok_or_else(|| "the process that imports told nothing".into())
}

/// Imports that many visits into an empty database, looking at the memory of this process at each hundredth of them.
///
/// # Errors
/// What the library says.
pub(crate) async fn import_here(options: &Options, url: &str, requests: u64) -> Result<Resident, Failure> {
    let resolver = options.builder().connect(url).await?;
    let samples = Arc::new(Mutex::new(Vec::new()));
    let writing = Arc::clone(&samples);
    let mut next = 0;
    let progress = move |progress: identity_core::Progress| {
        if progress.rows >= next {
            let mut samples = writing.lock().unwrap_or_else(PoisonError::into_inner);
            samples.push((progress.rows, status("VmRSS").unwrap_or_default()));
            next = progress.rows + requests / 100;
        }
    };
    let took = import(&resolver, Visits::new(requests), progress, drop).await?;
    resolver.close().await;
    let peak = status("VmHWM").ok_or("the system does not tell how much memory is resident")?;
    let samples = samples.lock().unwrap_or_else(PoisonError::into_inner);
    let most = |wanted: fn(u64, u64) -> bool| {
        samples.iter().filter(|(row, _)| wanted(*row, requests)).map(|(_, resident)| *resident).max()
    };
    Ok(Resident {
        peak,
        first_half: most(|row, all| row <= all / 2).unwrap_or_default(),
        last_quarter: most(|row, all| row > all / 4 * 3).unwrap_or_default(),
        took,
    })
}

impl Resident {
    /// As the process prints it.
    pub(crate) fn line(&self) -> String {
        format!("{} {} {} {}", self.peak, self.first_half, self.last_quarter, self.took.as_millis())
    }

    fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.split_whitespace().map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self {
            peak: next()?,
            first_half: next()?,
            last_quarter: next()?,
            took: Duration::from_millis(next()?),
        })
    }
}

/// A figure of this process in kB, on Linux.
fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let figure = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    figure.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let resident = Resident { peak: 1, first_half: 2, last_quarter: 3, took: Duration::from_millis(4) };
        assert_eq!(Resident::parse(&resident.line()), Some(resident));
    }
}
