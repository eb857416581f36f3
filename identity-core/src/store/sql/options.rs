//! How a SQL store is set up.

use std::time::Duration;

use crate::error::Error;
use crate::normalize::Normalizer;

/// No database gives more, and a pool takes memory for each at once.
const MOST_CONNECTIONS: u32 = 10_000;

/// How [`MySqlStore`](crate::MySqlStore) and [`SqliteStore`](crate::SqliteStore) are set up.
///
/// ```
/// use identity_core::StoreOptions;
/// let options = StoreOptions::default().adopt(true).max_connections(4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    pub(crate) adopt: bool,
    pub(crate) max_connections: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) normalizer: Normalizer,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            adopt: false,
            max_connections: 10,
            acquire_timeout: Duration::from_secs(3),
            normalizer: Normalizer::default(),
        }
    }
}

impl StoreOptions {
    /// Takes over a table `Contact` that holds rows which this library never saw: each gets its claims and a piece
    /// of evidence, in batches, none is changed. The whole table is checked first, and refused with
    /// [`Error::NotAdoptable`] if its clusters are not sound. May be repeated: after an
    /// interruption, or when something else has inserted contacts since. Default: false.
    #[must_use]
    pub fn adopt(mut self, adopt: bool) -> Self {
        self.adopt = adopt;
        self
    }

    /// How many connections there are at most, from 1 to 10,000; more is an [`Error::Configuration`] when it connects. A
    /// store on the application's own pool ignores it. Default: 10.
    #[must_use]
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// How long a call waits for a connection before the database counts as unavailable. A store on the application's
    /// own pool ignores it. Default: 3 seconds.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// How the values of an existing table are normalised when it is adopted: as the resolver's requests. A resolver
    /// that connects by itself sees to it. Default: without a default region.
    #[must_use]
    pub fn normalizer(mut self, normalizer: Normalizer) -> Self {
        self.normalizer = normalizer;
        self
    }

    /// Whether a store can be set up so.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.max_connections {
            0..=MOST_CONNECTIONS => Ok(()),
            _ => Err(Error::too_large("max_connections", MOST_CONNECTIONS)),
        }
    }
}
