use std::fmt;

use clap::ValueEnum;
use identity_core::{MySqlStore, SqliteStore, StoreOptions};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use super::error::Context;
use super::finale::Finale;
use super::{Fault, ProveError};
use crate::databases::{DatabaseServer, Flavor, FreshDatabase, ServerAddress};

/// What is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum On {
    /// One MySQL server.
    Mysql,
    /// One MariaDB server.
    Mariadb,
    /// One SQLite file.
    Sqlite,
    /// MySQL Group Replication, several primaries.
    GroupReplication,
    /// MariaDB Galera Cluster.
    Galera,
    /// All of them, one after the other.
    All,
}

impl On {
    /// The single ones that it stands for.
    pub fn each(self) -> Vec<Self> {
        match self {
            // Clusters join when they can be started.
            Self::All => vec![Self::Sqlite, Self::Mariadb, Self::Mysql],
            one => vec![one],
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
            Self::Sqlite => "SQLite",
            Self::GroupReplication => "Group Replication",
            Self::Galera => "Galera",
            Self::All => "all databases",
        })
    }
}

/// The database under test: a file, a server, or the members of a cluster.
#[derive(Debug)]
pub struct Scene {
    on: On,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(TempDir),
    /// On a server that others use as well, and that nobody may kill.
    Shared(FreshDatabase),
    /// On a server of our own. The database comes first: it is dropped while the server may still run.
    Own {
        database: FreshDatabase,
        server: Mutex<DatabaseServer>,
    },
}

impl Scene {
    /// A scene of its own.
    ///
    /// # Errors
    /// [`ProveError::Database`] where a server does not start.
    pub async fn start(on: On) -> Result<Self, ProveError> {
        let flavor = match on {
            On::Sqlite => return Self::file(),
            On::Mysql | On::GroupReplication | On::All => Flavor::MySql,
            On::Mariadb | On::Galera => Flavor::MariaDb,
        };
        let server = DatabaseServer::start(flavor).await?;
        let database = server.fresh_database().await?;
        Ok(Self { on, place: Place::Own { database, server: Mutex::new(server) } })
    }

    /// A fresh SQLite file.
    ///
    /// # Errors
    /// [`ProveError::Io`] where there is no folder for it.
    pub fn file() -> Result<Self, ProveError> {
        let folder = tempfile::tempdir().context(|| "make a folder".to_owned())?;
        Ok(Self { on: On::Sqlite, place: Place::File(folder) })
    }

    /// A fresh database on a server that runs already. Faults cannot strike the server.
    ///
    /// # Errors
    /// [`ProveError::Database`] where it does not answer.
    pub async fn shared(server: &ServerAddress) -> Result<Self, ProveError> {
        let on = match server.flavor() {
            Flavor::MySql => On::Mysql,
            Flavor::MariaDb => On::Mariadb,
        };
        Ok(Self { on, place: Place::Shared(server.fresh_database().await?) })
    }

    /// What it is.
    pub fn on(&self) -> On {
        self.on
    }

    /// Where workers call it: one URL for each member. Worker `w` uses the one at `w % members`.
    pub fn urls(&self) -> Vec<String> {
        vec![self.direct_url()]
    }

    /// Where nothing lies in between.
    fn direct_url(&self) -> String {
        match &self.place {
            Place::File(folder) => format!("sqlite://{}/contacts.db", folder.path().display()),
            Place::Shared(database) | Place::Own { database, .. } => database.url(),
        }
    }

    /// The server, for whoever kills it.
    ///
    /// # Errors
    /// [`ProveError::NotHere`] where there is none of our own.
    pub async fn server(&self) -> Result<MutexGuard<'_, DatabaseServer>, ProveError> {
        match &self.place {
            Place::Own { server, .. } => Ok(server.lock().await),
            _ => Err(ProveError::NotHere { fault: Fault::DatabaseKill, on: self.on }),
        }
    }

    /// Creates the tables, so that no worker is the first.
    ///
    /// # Errors
    /// [`ProveError::Core`] where that fails.
    pub async fn prepare(&self) -> Result<(), ProveError> {
        self.finale().await.map(drop)
    }

    /// What the tables hold.
    ///
    /// # Errors
    /// [`ProveError::Core`] where they cannot be read.
    pub async fn finale(&self) -> Result<Finale, ProveError> {
        let (url, options) = (self.direct_url(), StoreOptions::default());
        Ok(match self.on {
            On::Sqlite => Finale::read(&SqliteStore::connect(&url, options).await?).await,
            _ => Finale::read(&MySqlStore::connect(&url, options).await?).await,
        })
    }
}
