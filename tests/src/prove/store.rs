use std::sync::Arc;

use async_trait::async_trait;
use identity_core::{
    Changes, ContactId, ContactStore, Error, MySqlStore, Query, Snapshot, SqliteStore, StoreOptions, Version,
};

use super::history::Log;
use super::planted::{Planted, planted};

/// The store of a worker: the one that the URL names, with a bug where one is wanted. Conflicts that it answers go into the
/// history.
pub(super) async fn connect(
    url: &str,
    options: StoreOptions,
    bug: Option<Planted>,
    log: Arc<Log>,
) -> Result<impl ContactStore, Error> {
    let store: Arc<dyn ContactStore> = if url.starts_with("sqlite:") {
        Arc::new(SqliteStore::connect(url, options).await?)
    } else {
        Arc::new(MySqlStore::connect(url, options).await?)
    };
    let store = match bug {
        Some(bug) => planted(bug, store, url).await?,
        None => store,
    };
    Ok(Counted { store, log })
}

/// A store whose conflicts are written down.
#[derive(Debug)]
struct Counted {
    store: Arc<dyn ContactStore>,
    log: Arc<Log>,
}

impl Counted {
    fn count<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        if matches!(outcome, Err(Error::Conflict { .. })) {
            // It is a count for the table, and no promise hangs on it.
            let _ = self.log.conflict();
        }
        outcome
    }
}

#[async_trait]
impl ContactStore for Counted {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        self.count(self.store.load(query).await)
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        self.count(self.store.commit(changes).await)
    }

    async fn unchanged(&self, seen: &[Version]) -> Result<bool, Error> {
        self.store.unchanged(seen).await
    }

    async fn primaries(&self, contacts: &[ContactId]) -> Result<Vec<Option<ContactId>>, Error> {
        self.store.primaries(contacts).await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
