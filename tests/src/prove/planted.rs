//! Stores with bugs that are known to happen. The checker has to find each.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use clap::ValueEnum;
use identity_core::{
    Changes, ContactId, ContactStore, Error, Identifier, NewClaim, Query, Snapshot, Touch, Version,
};
use sqlx::{AssertSqlSafe, Executor, MySqlPool, SqlitePool};

/// A known bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Planted {
    /// Primaries are locked and not written, so that whoever comes next does not notice a change. On a cluster, members do
    /// not even see each other's locks.
    LocksRoot,
    /// Claims are looked at before the commit, and written after it, so that no unique key decides.
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
    Ok(match bug {
        Planted::LocksRoot => Arc::new(LocksRoot(store)),
        Planted::NoVersion => Arc::new(NoVersion(store)),
        Planted::ClaimsBefore => {
            let claims = Claims::connect(url).await.map_err(Error::unavailable)?;
            Arc::new(ClaimsBefore { store, claims })
        }
    })
}

/// Everything but the commit is the store's own.
macro_rules! store_with_commit {
    ($bug:ty, $self:ident.$store:tt, |$changes:ident| $commit:expr) => {
        #[async_trait]
        impl ContactStore for $bug {
            async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
                self.$store.load(query).await
            }

            async fn commit(&$self, $changes: &Changes) -> Result<Vec<ContactId>, Error> {
                $commit.await
            }

            async fn unchanged(&self, seen: &[Version]) -> Result<bool, Error> {
                self.$store.unchanged(seen).await
            }

            async fn primaries(&self, contacts: &[ContactId]) -> Result<Vec<Option<ContactId>>, Error> {
                self.$store.primaries(contacts).await
            }

            async fn close(&self) {
                self.$store.close().await;
            }
        }
    };
}

#[derive(Debug)]
struct LocksRoot(Arc<dyn ContactStore>);

impl LocksRoot {
    async fn commit_without_writing(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        let as_it_was = |touch: &Touch| Touch { becomes: touch.seen.updated_at, ..*touch };
        let touched = changes.touched.iter().map(as_it_was).collect();
        self.0.commit(&Changes { touched, ..changes.clone() }).await
    }
}

store_with_commit!(LocksRoot, self.0, |changes| self.commit_without_writing(changes));

#[derive(Debug)]
struct NoVersion(Arc<dyn ContactStore>);

impl NoVersion {
    async fn commit_whatever_changed(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        let contacts: Vec<_> = changes.touched.iter().map(|touch| touch.seen.contact).collect();
        let snapshot = self.0.load(Query { identifiers: &[], contacts: &contacts }).await?;
        let current: HashMap<_, _> =
            snapshot.contacts.iter().map(|contact| (contact.id, contact.version())).collect();
        let anew = |touch: &Touch| {
            let seen = current.get(&touch.seen.contact).copied().unwrap_or(touch.seen);
            Touch { seen, becomes: touch.becomes.max(seen.updated_at) }
        };
        let touched = changes.touched.iter().map(anew).collect();
        self.0.commit(&Changes { touched, ..changes.clone() }).await
    }
}

store_with_commit!(NoVersion, self.0, |changes| self.commit_whatever_changed(changes));

#[derive(Debug)]
struct ClaimsBefore {
    store: Arc<dyn ContactStore>,
    claims: Claims,
}

impl ClaimsBefore {
    async fn commit_then_claim(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        let mut identifiers: Vec<Identifier> =
            changes.claims.iter().map(|claim| claim.identifier.clone()).collect();
        identifiers.sort_unstable();
        let snapshot = self.store.load(Query { identifiers: &identifiers, contacts: &[] }).await?;
        if !snapshot.claims.is_empty() {
            return Err(Error::conflict());
        }
        let ids = self.store.commit(&Changes { claims: Vec::new(), ..changes.clone() }).await?;
        self.claims.insert(&changes.claims, &ids).await.map_err(Error::unavailable)?;
        Ok(ids)
    }
}

store_with_commit!(ClaimsBefore, self.store, |changes| self.commit_then_claim(changes));

/// Writes claims by itself.
#[derive(Debug)]
enum Claims {
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

impl Claims {
    async fn connect(url: &str) -> Result<Self, sqlx::Error> {
        Ok(match url.starts_with("sqlite:") {
            true => Self::Sqlite(SqlitePool::connect(url).await?),
            false => Self::MySql(MySqlPool::connect(url).await?),
        })
    }

    /// In one statement, since one for each claim would be slow, and the bug be seldom. The plan's identifiers hold nothing
    /// that ends a literal.
    async fn insert(&self, claims: &[NewClaim], ids: &[ContactId]) -> Result<(), sqlx::Error> {
        let rows = claims.iter().filter_map(|claim| {
            let Identifier { kind, value } = &claim.identifier;
            Some(format!("('{}', '{value}', {})", kind.name(), claim.contact.resolve(ids)?.get()))
        });
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        let insert = |ignoring| {
            let rows = rows.join(", ");
            AssertSqlSafe(format!(
                "INSERT {ignoring} INTO ContactIdentifier (kind, value, contactId) VALUES {rows}"
            ))
        };
        match self {
            Self::MySql(pool) => pool.execute(insert("IGNORE")).await.map(drop),
            Self::Sqlite(pool) => pool.execute(insert("OR IGNORE")).await.map(drop),
        }
    }
}
