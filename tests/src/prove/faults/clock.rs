//! Clocks that are hours apart. libfaketime stands between a worker and its clock; it is told to leave alone the one that only
//! goes forward, by which histories are kept.

use std::ffi::OsString;
use std::path::PathBuf;

use tokio::process::Command;

use crate::prove::ProveError;
use crate::prove::error::Context;

const HOUR: i64 = 3_600;

/// By how many seconds the clock of a worker is ahead.
pub(super) fn ahead(worker: usize) -> i64 {
    [0, -5 * HOUR, 26 * HOUR, -3 * HOUR, 7 * HOUR][worker % 5]
}

/// Has a program see another time.
pub(in crate::prove) fn set(command: &mut Command, ahead: i64) -> Result<(), ProveError> {
    if ahead != 0 {
        command
            .env("LD_PRELOAD", library()?)
            .env("FAKETIME", format!("{ahead:+}"))
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("FAKETIME_DONT_RESET", "1");
    }
    Ok(())
}

/// Debian keeps it in `/usr/lib/<architecture>/faketime`.
fn library() -> Result<OsString, ProveError> {
    let folders = std::fs::read_dir("/usr/lib").context(|| "look for libfaketime".to_owned())?;
    let found = folders
        .flatten()
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library: &PathBuf| library.is_file());
    let missing = || std::io::Error::new(std::io::ErrorKind::NotFound, "install the package faketime");
    found.map(PathBuf::into_os_string).ok_or_else(missing).context(|| "find libfaketime".to_owned())
}
