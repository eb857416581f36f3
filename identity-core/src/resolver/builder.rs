//! The options of a resolver.

#[cfg(any(feature = "sqlite", feature = "mysql"))]
use std::time::Duration;

use crate::error::Error;
use crate::normalize::Normalizer;
use crate::resolver::IdentityResolver;
use crate::resolver::engine::Engine;
use crate::resolver::gather::{Gatherer, Limits};
use crate::retry::Retry;
use crate::store::ContactStore;
#[cfg(feature = "memory")]
use crate::store::MemoryStore;
#[cfg(feature = "mysql")]
use crate::store::MySqlStore;
#[cfg(feature = "sqlite")]
use crate::store::SqliteStore;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
use crate::store::StoreOptions;

/// How the URLs of the compiled stores begin.
const SCHEMES: &[&str] = &[
    #[cfg(feature = "memory")]
    "memory:",
    #[cfg(feature = "sqlite")]
    "sqlite:",
    #[cfg(feature = "mysql")]
    "mysql:",
    #[cfg(feature = "mysql")]
    "mariadb:",
];

/// What more than any database can make use of would only cost memory, some of it at once.
const MOST_REQUESTS: usize = 1_000_000;

/// Chooses the options of an [`IdentityResolver`], then connects it or puts it on a store.
///
/// ```
/// use identity_core::{IdentityResolver, MemoryStore};
/// let resolver = IdentityResolver::builder().batch_size(200).max_conflicts(10).build(MemoryStore::new());
/// ```
#[derive(Clone, Debug, Default)]
pub struct ResolverBuilder {
    normalizer: Normalizer,
    retry: Retry,
    limits: Limits,
    #[cfg(any(feature = "sqlite", feature = "mysql"))]
    store: StoreOptions,
}

impl ResolverBuilder {
    /// How requests are normalised. Default: without a default region for phone numbers.
    #[must_use]
    pub fn normalizer(mut self, normalizer: Normalizer) -> Self {
        self.normalizer = normalizer;
        self
    }

    /// How many requests of concurrent callers one transaction takes at most, from 1 to 1,000,000. Default: 256, which with
    /// 2,000 callers at once served more than 64 or 1,000 did (`benches/run --callers 2000 --batch-size 256`); beyond it only
    /// the wait grows.
    #[must_use]
    pub fn batch_size(mut self, requests: usize) -> Self {
        self.limits.batch_size = requests.max(1);
        self
    }

    /// How many requests one transaction of [`identify_many`](IdentityResolver::identify_many) and of
    /// [`identify_stream`](IdentityResolver::identify_stream) takes at most, from 1 to 1,000,000. Default: 4,000, which
    /// holds what it writes for some 50 ms; twice as many are hardly quicker.
    #[must_use]
    pub fn import_size(mut self, requests: usize) -> Self {
        self.limits.import_size = requests.max(1);
        self
    }

    /// How many requests may wait for others to be served, at least 1; past that callers get [`Error::Overloaded`] at
    /// once. Default: 10,000: with 2,000 callers MySQL on two cores served some 15,000 requests a second, three of ten
    /// of them writing, so whoever is last waits for less than a second.
    #[must_use]
    pub fn queue_length(mut self, requests: usize) -> Self {
        self.limits.queue_length = requests.max(1);
        self
    }

    /// How many batches are read at once, at least 1. Default: 2. With 64 callers and MySQL on two cores neither 1 nor 8 served
    /// more (`benches/run --loads 8`).
    #[must_use]
    pub fn concurrent_loads(mut self, batches: usize) -> Self {
        self.limits.loads = batches.max(1);
        self
    }

    /// How many batches are written at once, at least 1. Default: 2. With 64 callers and MySQL on two cores neither 1 nor 8
    /// served more (`benches/run --writes 8`): a third one finds fewer callers to gather.
    #[must_use]
    pub fn concurrent_writes(mut self, batches: usize) -> Self {
        self.limits.writes = batches.max(1);
        self
    }

    /// How often a batch that conflicts with other writers is tried again before its callers get
    /// [`Error::Conflict`]. The waits in between grow to 200 ms at most, and after 15 seconds there is no further try. Default: 50.
    #[must_use]
    pub fn max_conflicts(mut self, retries: u32) -> Self {
        self.retry.conflicts = retries;
        self
    }

    /// How often a batch is tried again at once when the connection is lost; not where it has waited for one in vain.
    /// Default: 2.
    #[must_use]
    pub fn max_reconnects(mut self, retries: u32) -> Self {
        self.retry.reconnects = retries;
        self
    }

    /// Takes over a table `Contact` that holds rows already, see [`StoreOptions::adopt`]. For
    /// [`connect`](Self::connect). Default: false.
    #[cfg(any(feature = "sqlite", feature = "mysql"))]
    #[must_use]
    pub fn adopt(mut self, adopt: bool) -> Self {
        self.store = self.store.adopt(adopt);
        self
    }

    /// How many connections to the database there are at most, from 1 to 10,000. For [`connect`](Self::connect).
    /// Default: 10.
    #[cfg(any(feature = "sqlite", feature = "mysql"))]
    #[must_use]
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.store = self.store.max_connections(connections);
        self
    }

    /// How long a call waits for a connection before it gets [`Error::Unavailable`]. For [`connect`](Self::connect).
    /// Default: 3 seconds.
    #[cfg(any(feature = "sqlite", feature = "mysql"))]
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.store = self.store.acquire_timeout(timeout);
        self
    }

    /// A resolver over a store. Sizes that are too large count as the largest.
    pub fn build(self, store: impl ContactStore) -> IdentityResolver {
        let store = std::sync::Arc::new(store);
        let engine = Engine { store, normalizer: self.normalizer, retry: self.retry };
        let Limits { batch_size, import_size, .. } = self.limits;
        let limits = Limits {
            batch_size: batch_size.min(MOST_REQUESTS),
            import_size: import_size.min(MOST_REQUESTS),
            ..self.limits
        };
        IdentityResolver { gatherer: Gatherer::new(engine, limits), deadline: None }
    }

    /// A resolver on the database that `url` names. Tables that are missing are created; see
    /// the section "Tables" of the [crate docs](crate).
    ///
    /// | URL | store |
    /// |---|---|
    /// | `memory:` | in this process |
    /// | `sqlite://contacts.db`, `sqlite:///var/lib/shop/contacts.db` | a file, created when it is missing |
    /// | `mysql://user:password@host:port/name`, or `mariadb://…` | a database that exists |
    ///
    /// # Errors
    /// [`Error::Configuration`] for a URL that is none of these, or whose store was not compiled in, for an option that is
    /// too large, and for an existing table of a shape that cannot be used; [`Error::NotAdopted`] and [`Error::NotAdoptable`] for a table
    /// that holds rows already; [`Error::Unavailable`] where the database does not answer.
    pub async fn connect(self, url: &str) -> Result<IdentityResolver, Error> {
        for (option, requests) in
            [("batch_size", self.limits.batch_size), ("import_size", self.limits.import_size)]
        {
            if requests > MOST_REQUESTS {
                return Err(Error::too_large(option, MOST_REQUESTS));
            }
        }
        // Also where there is no database to connect to: an option that is wrong is wrong anywhere.
        #[cfg(any(feature = "sqlite", feature = "mysql"))]
        self.store.check()?;
        let scheme = url.split_once(':').map(|(scheme, _)| scheme);
        match scheme {
            #[cfg(feature = "memory")]
            Some("memory") => Ok(self.build(MemoryStore::new())),
            #[cfg(feature = "sqlite")]
            Some("sqlite") => {
                let store = SqliteStore::connect(url, self.store.normalizer(self.normalizer)).await?;
                Ok(self.build(store))
            }
            #[cfg(feature = "mysql")]
            Some("mysql" | "mariadb") => {
                let store = MySqlStore::connect(url, self.store.normalizer(self.normalizer)).await?;
                Ok(self.build(store))
            }
            _ => Err(Error::Configuration(format!(
                "the database URL must begin with one of: {}",
                SCHEMES.join(" ")
            ))),
        }
    }
}
