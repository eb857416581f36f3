//! Contacts in one SQLite file, which several processes may share.
//!
//! Writers of this process queue at one connection, so that they never poll for SQLite's lock; writers of other
//! processes are waited for by SQLite's busy time-out. A commit takes the write lock at its begin (`BEGIN IMMEDIATE`):
//! nobody can write between its steps, which is why it may read first and give ids itself.
//!
//! | file | what |
//! |---|---|
//! | `mod.rs` | the store: load and commit |
//! | `session.rs` | statements on one connection |
//! | `values.rs` | values as the driver takes and gives them |
//! | `versions.rs` | whether contacts are as they were seen |

mod session;
mod values;
mod versions;

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Executor, Row, Sqlite, SqlitePool};

use super::ContactStore;
use super::sql::adopt::{self, TableState};
use super::sql::lengths::Lengths;
use super::sql::statement::Statement;
use super::sql::{
    Dialect, MIGRATIONS_TABLE, StoreOptions, commit, fault, load, versions as contact_versions,
};
use crate::changes::{Changes, Version};
use crate::contact::ContactId;
use crate::error::{Error, ErrorKind};
use crate::retry::Retry;
use crate::snapshot::{Query, Snapshot};
use session::{SqliteAdopter, SqliteSession};
#[cfg(feature = "conformance")]
use values::execute;
use values::{fetch, time};
use versions::all_as_seen;

const DIALECT: Dialect = Dialect {
    id: str::to_owned,
    time: |column| format!("CAST({column} AS TEXT)"),
    now: "NULL",
    lengths: Lengths::Fixed,
    greatest: "MAX",
};

/// Rows that the driver reads ahead.
const ROW_BUFFER: usize = 1_024;

/// What the writer keeps of the file, in negative kilobytes as SQLite has it. Claims come in no order, so an import changes
/// pages all over their index; with the default of 2 MB it writes and reads most of them several times.
const WRITER_CACHE: &str = "-32000";

/// The pages in the journal that make a commit move them to the file, which syncs both. By default 1,000: a few commits of
/// an import, which change the same pages again and again.
const CHECKPOINT: &str = "4000";

/// How long a writer waits for the writers of other processes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Keeps contacts in a SQLite file. Durable: every commit is synced to the disk.
///
/// Times are text, `YYYY-MM-DD HH:MM:SS.ffffff` in UTC, which SQLite's date functions read.
///
/// ```
/// use identity_core::{IdentityResolver, SqliteStore, StoreOptions};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// # let url = format!("sqlite://{}/contacts.db", folder.path().display());
/// let store = SqliteStore::connect(&url, StoreOptions::default()).await?;
/// let resolver = IdentityResolver::new(store);
/// # resolver.close().await;
/// # Ok::<(), identity_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct SqliteStore {
    readers: SqlitePool,
    writer: SqlitePool,
    /// A database in memory goes with its connection.
    in_memory: bool,
}

impl SqliteStore {
    /// Opens the file that a URL such as `sqlite://contacts.db` names, creates it where it is missing, and creates the
    /// tables that are missing in it.
    ///
    /// # Errors
    /// [`Error::Configuration`] for a URL that cannot be read, for too many connections, and for a table `Contact` without the
    /// columns it must have; [`Error::NotAdopted`] and [`Error::NotAdoptable`] for one that holds rows already;
    /// [`Error::Unavailable`] for a file that cannot be opened.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self, Error> {
        let connect =
            SqliteConnectOptions::from_str(url).map_err(fault::classify)?.disable_statement_logging();
        // Switching a new file to WAL does not wait for another process that does the same.
        Retry::default().run(|| Self::open(url, connect.clone(), options)).await
    }

    /// As [`connect`](Self::connect), except that the driver logs every statement, without its values: for tests that look
    /// at the statements.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    #[cfg(feature = "conformance")]
    pub async fn connect_logged(url: &str, options: StoreOptions) -> Result<Self, Error> {
        let connect = SqliteConnectOptions::from_str(url).map_err(fault::classify)?;
        Self::open(url, connect, options).await
    }

    async fn open(url: &str, connect: SqliteConnectOptions, options: StoreOptions) -> Result<Self, Error> {
        options.check()?;
        let connect = connect
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            // Each statement that inserts rows keeps what takes it back; in a file that costs more than the rows.
            .pragma("temp_store", "MEMORY")
            // The rows of a whole batch: the driver hands each over to another thread, which else waits for room all the time.
            .row_buffer_size(ROW_BUFFER);
        let pool =
            SqlitePoolOptions::new().acquire_timeout(options.acquire_timeout).test_before_acquire(false);
        let writer = pool
            .clone()
            .max_connections(1)
            // A database in memory would go with its connection.
            .idle_timeout(None)
            .max_lifetime(None)
            // A writer waits for the writers before it, however many they are.
            .acquire_timeout(options.acquire_timeout.max(BUSY_TIMEOUT))
            .connect_with(
                connect.clone().pragma("cache_size", WRITER_CACHE).pragma("wal_autocheckpoint", CHECKPOINT),
            )
            .await
            .map_err(fault::classify)?;
        // A database in memory exists within one connection only.
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let readers = if in_memory {
            writer.clone()
        } else {
            let readers = pool.max_connections(options.max_connections);
            readers.connect_with(connect.read_only(false)).await.map_err(fault::classify)?
        };
        let store = Self { readers, writer, in_memory };
        if let Err(error) = store.prepare(options).await {
            // Whatever it has begun must not keep the next try waiting.
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    async fn prepare(&self, options: StoreOptions) -> Result<(), Error> {
        let mut connection = self.writer.acquire().await.map_err(fault::classify)?;
        // Another process may start at the same moment: the write lock lets one of them migrate.
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(fault::classify)?;
        let mut migrator = sqlx::migrate!("migrations/sqlite");
        migrator.dangerous_set_table_name(MIGRATIONS_TABLE);
        // Not `run`: the compiler cannot prove that its future is Send here.
        migrator.run_direct(None, &mut *transaction, false).await.map_err(super::sql::migration_failed)?;
        transaction.commit().await.map_err(fault::classify)?;
        let rows = connection.fetch_all("PRAGMA table_info(Contact)").await.map_err(fault::classify)?;
        let columns: Vec<String> =
            rows.iter().map(|row| row.try_get("name")).collect::<Result<_, _>>().map_err(fault::classify)?;
        super::sql::check_columns(columns.iter().map(String::as_str))?;
        if !linked_id_is_indexed(&mut connection).await.map_err(fault::classify)? {
            super::sql::warn_of_missing_index();
        }
        let state = table_state(&mut connection).await.map_err(fault::classify)?;
        adopt::ensure_adopted(
            &mut SqliteAdopter(&mut connection),
            &DIALECT,
            options.normalizer,
            state,
            options.adopt,
        )
        .await
    }
}

impl SqliteStore {
    /// SQLite takes back some transactions by itself, where the disk is full for one, and the driver does not notice: on that
    /// connection it would begin no other for all times. So one whose call failed is closed, and its successor knows nothing.
    fn give_back<T>(&self, mut connection: PoolConnection<Sqlite>, outcome: &Result<T, Error>) {
        let failed = matches!(outcome, Err(error) if error.kind() != ErrorKind::Conflict);
        if failed && !self.in_memory {
            connection.close_on_drop();
        }
    }
}

#[async_trait]
impl ContactStore for SqliteStore {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        let mut connection = self.readers.acquire().await.map_err(fault::classify)?;
        let outcome = load_on(&mut connection, query).await;
        self.give_back(connection, &outcome);
        outcome
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        let mut connection = self.writer.acquire().await.map_err(fault::classify)?;
        let outcome = commit_on(&mut connection, changes).await;
        self.give_back(connection, &outcome);
        outcome
    }

    async fn unchanged(&self, seen: &[Version]) -> Result<bool, Error> {
        let mut connection = self.readers.acquire().await.map_err(fault::classify)?;
        for seen in DIALECT.lengths.padded(seen) {
            if !all_as_seen(&mut connection, &seen).await.map_err(fault::classify)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn primaries(&self, contacts: &[ContactId]) -> Result<Vec<Option<ContactId>>, Error> {
        let mut connection = self.readers.acquire().await.map_err(fault::classify)?;
        let mut primaries = HashMap::new();
        for contacts in DIALECT.lengths.padded(contacts) {
            let statement = contact_versions::statement(&DIALECT, contacts);
            let rows = fetch(&mut connection, &statement).await.map_err(fault::classify)?;
            contact_versions::add_primaries(&mut primaries, &rows).map_err(fault::classify)?;
        }
        Ok(contacts.iter().map(|id| primaries.get(id).copied()).collect())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

async fn load_on(connection: &mut SqliteConnection, query: Query<'_>) -> Result<Snapshot, Error> {
    let statements = load::statements(&DIALECT, query, "");
    let mut snapshot = Snapshot::default();
    if let [statement] = &*statements {
        read(connection, statement, &mut snapshot).await?;
    } else {
        // Several statements see one moment only within a transaction.
        let mut transaction = connection.begin().await.map_err(fault::classify)?;
        for statement in &statements {
            read(&mut transaction, statement, &mut snapshot).await?;
        }
        transaction.rollback().await.map_err(fault::classify)?;
    }
    Ok(load::without_repetition(snapshot))
}

async fn commit_on(connection: &mut SqliteConnection, changes: &Changes) -> Result<Vec<ContactId>, Error> {
    let transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(fault::classify)?;
    commit::run(SqliteSession(transaction), &DIALECT, changes).await
}

async fn read(
    connection: &mut SqliteConnection,
    statement: &Statement<'_>,
    snapshot: &mut Snapshot,
) -> Result<(), Error> {
    for row in fetch(connection, statement).await.map_err(fault::classify)? {
        load::add_row(snapshot, &row, time)?;
    }
    Ok(())
}

async fn linked_id_is_indexed(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let indexed = "SELECT EXISTS (SELECT 1 FROM pragma_index_list('Contact') i, pragma_index_info(i.name) part \
                   WHERE i.partial = 0 AND part.seqno = 0 AND part.name = 'linkedId')";
    connection.fetch_one(indexed).await?.try_get(0)
}

async fn table_state(connection: &mut SqliteConnection) -> Result<TableState, sqlx::Error> {
    let state =
        "SELECT EXISTS (SELECT 1 FROM ContactSetup WHERE name = 'adopted'), EXISTS (SELECT 1 FROM Contact)";
    let row = connection.fetch_one(state).await?;
    Ok(TableState::from_facts(row.try_get(0)?, row.try_get(1)?))
}

#[cfg(feature = "conformance")]
crate::conformance::sql::inspect_sql!(SqliteStore, writer);

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "how a test fails")]

    use super::*;
    use crate::request::IdentifyRequest;
    use crate::resolver::IdentityResolver;

    #[tokio::test]
    async fn an_index_on_linked_id_is_seen() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
        for (sql, indexed) in [
            ("CREATE TABLE Contact (id INTEGER PRIMARY KEY, linkedId INTEGER)", false),
            ("CREATE INDEX part ON Contact (linkedId) WHERE linkedId > 7", false),
            ("CREATE INDEX other ON Contact (id, linkedId)", false),
            ("CREATE INDEX whole ON Contact (linkedId)", true),
            ("DROP TABLE Contact", false),
            (include_str!("../../../migrations/sqlite/0001_contact.sql"), true),
        ] {
            sqlx::raw_sql(sql).execute(&mut connection).await.expect(sql);
            assert_eq!(linked_id_is_indexed(&mut connection).await.expect("an answer"), indexed, "{sql}");
        }
    }

    /// Where the file cannot grow, SQLite takes the transaction back by itself.
    #[tokio::test]
    async fn after_a_full_disk_all_is_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/contacts.db", folder.path().display());
        let store = SqliteStore::connect(&url, StoreOptions::default()).await.expect("a file");
        // As many pages as there are; for this connection, so that its successor finds room again.
        let limit = |set: &'static str| {
            let writer = store.writer.clone();
            async move {
                let row = writer.fetch_one(set).await.expect("the limit");
                row.get::<i64, _>(0)
            }
        };
        let full = limit("PRAGMA max_page_count = 1").await;
        let resolver = IdentityResolver::new(store.clone());
        let people =
            (0..5_000_u64).map(|n| IdentifyRequest::new().email(format!("{n}@x.io")).phone_number(n));
        let answers = resolver.identify_many(people).await;
        let error = answers.into_iter().find_map(Result::err);
        assert!(error.is_none(), "the writer is of no use any more: {error:?}");
        assert!(limit("PRAGMA max_page_count").await > full, "the file did not become full");
    }
}
