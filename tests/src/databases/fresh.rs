use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use sqlx::{AssertSqlSafe, Connection, Executor};

use super::{DatabaseError, ServerAddress};

/// A database for one test: empty at first, and dropped along with this value.
#[derive(Debug)]
pub struct FreshDatabase {
    server: ServerAddress,
    name: String,
}

impl FreshDatabase {
    pub(super) async fn create(server: ServerAddress) -> Result<Self, DatabaseError> {
        let name = unique_name();
        let mut connection = server.connect().await?;
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        connection.close().await?;
        Ok(Self { server, name })
    }

    /// The URL with the database's name.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server that it is on.
    pub fn server(&self) -> &ServerAddress {
        &self.server
    }

    /// Drops the database, and says whether that worked. Dropping the value does the same, and says nothing.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Sql`] if the server does not answer, or somebody still holds a transaction open in the database.
    pub async fn close(self) -> Result<(), DatabaseError> {
        self.drop_database().await
    }

    async fn drop_database(&self) -> Result<(), DatabaseError> {
        let mut connection = self.server.connect().await?;
        // A failed test may have left a transaction open, whose locks nobody gives back.
        connection.execute("SET SESSION lock_wait_timeout = 2").await?;
        connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {}", self.name))).await?;
        connection.close().await?;
        Ok(())
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        // On a thread of its own, since this one may be running a test's event loop, which cannot be entered again. What
        // fails here is of no consequence: the database is gone at the latest when its server is.
        thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.map(|runtime| runtime.block_on(self.drop_database()))
            });
        });
    }
}

/// Unique among the processes that share a server, and later ones on it.
pub(super) fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("t_{}_{count}_{:08x}", std::process::id(), fastrand::u32(..))
}
