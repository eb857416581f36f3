//! Where contacts live: the trait [`ContactStore`], and the stores that come with the crate.

#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(crate) mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::changes::{Changes, Version};
use crate::contact::ContactId;
use crate::error::Error;
use crate::snapshot::{Query, Snapshot};

#[cfg(feature = "memory")]
pub use memory::MemoryStore;
#[cfg(feature = "mysql")]
pub use mysql::MySqlStore;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub use sql::StoreOptions;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

/// Loads what a batch touches, and commits what came of it.
///
/// A store knows no rule: [`Graph`](crate::Graph) does. What it answers for is consistency.
///
/// # Contract
///
/// **`load`** returns the clusters that a query touches:
/// - *whole*: of a cluster all live contacts or none, and every claim on the identifiers asked for;
/// - *from one moment*: as if no other commit ran meanwhile;
/// - *current*: everything that was committed before `load` was called is in it.
///
/// **`commit`** writes changes:
/// - *all or nothing*, also when the process or the machine dies;
/// - *durable* when it returns;
/// - *only on what was planned on*: it fails with [`Error::Conflict`] and writes nothing if a
///   [touched](Changes::touched) contact is not live, or has another `linkedId` or `updatedAt` than the plan saw, or
///   if a claim has another holder than the plan saw;
/// - *visibly*: every touched contact gets the `updatedAt` that the plan [gives](crate::Touch::becomes) it, so that of two
///   plans that rely on one contact at most one is committed;
/// - it gives the [created](Changes::created) contacts ascending ids, higher than those of all contacts that the
///   snapshot held, and returns them in that order.
///
/// Deleted contacts (`deletedAt` is set, or the row is gone) are in no snapshot; claims that they hold are, see
/// [`Claim`](crate::Claim). A store cannot tell the cluster of a row that is gone, so applications delete by `deletedAt`.
///
/// # Errors
/// [`Error::Conflict`] where trying again from `load` helps, also for deadlocks and time-outs of locks;
/// [`Error::Unavailable`] where the database is away or the outcome of a commit is not known;
/// [`Error::Refused`] for the rest. No error may show an email or a phone number.
///
/// # Testing
/// The feature `conformance` brings the suite that the stores of this crate pass.
///
/// # Example
/// A complete small store: a list of contacts behind a lock.
///
/// ```
#[doc = include_str!("../../docs/vec_store.rs")]
/// ```
#[async_trait]
pub trait ContactStore: Debug + Send + Sync + 'static {
    /// The clusters that a query touches. An empty query still asks the database for its clock.
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error>;

    /// Writes changes, and returns the ids of the contacts that it created.
    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error>;

    /// Whether contacts are live and as they were seen. Asked for what an import has in hand already, instead of loading it
    /// again for each chunk; stores that can tell it for less than a load do so.
    async fn unchanged(&self, seen: &[Version]) -> Result<bool, Error> {
        let ids: Vec<_> = seen.iter().map(|version| version.contact).collect();
        let snapshot = self.load(Query { identifiers: &[], contacts: &ids }).await?;
        let current: HashMap<_, _> =
            snapshot.contacts.iter().map(|contact| (contact.id, contact.version())).collect();
        Ok(seen.iter().all(|version| current.get(&version.contact) == Some(version)))
    }

    /// The primaries that contacts belong to now, in the order of `contacts`; `None` where one is not live. An import asks
    /// for them at its end; stores that can tell them for less than a load do so.
    async fn primaries(&self, contacts: &[ContactId]) -> Result<Vec<Option<ContactId>>, Error> {
        let snapshot = self.load(Query { identifiers: &[], contacts }).await?;
        let links = snapshot.contacts.iter().map(|contact| (contact.id, contact.linked_id));
        let links: HashMap<_, _> = links.collect();
        Ok(contacts.iter().map(|id| links.get(id).map(|linked_id| linked_id.unwrap_or(*id))).collect())
    }

    /// Lets go of connections and files. Calls that come later fail.
    async fn close(&self) {}

    /// The store itself, where it is in this process and can be asked in place. Not for stores elsewhere.
    #[cfg(feature = "memory")]
    #[doc(hidden)]
    fn resident(&self) -> Option<&MemoryStore> {
        None
    }
}

#[async_trait]
impl<S: ContactStore + ?Sized> ContactStore for Arc<S> {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        (**self).load(query).await
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        (**self).commit(changes).await
    }

    async fn unchanged(&self, seen: &[Version]) -> Result<bool, Error> {
        (**self).unchanged(seen).await
    }

    async fn primaries(&self, contacts: &[ContactId]) -> Result<Vec<Option<ContactId>>, Error> {
        (**self).primaries(contacts).await
    }

    async fn close(&self) {
        (**self).close().await;
    }

    #[cfg(feature = "memory")]
    fn resident(&self) -> Option<&MemoryStore> {
        (**self).resident()
    }
}
