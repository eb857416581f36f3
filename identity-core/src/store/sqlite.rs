//! Contacts in one SQLite file, which several processes may share.
//!
//! Writers of this process queue at one connection, so that they never poll for SQLite's lock; writers of other
//! processes are waited for by SQLite's busy time-out. A commit takes the write lock at its begin (`BEGIN IMMEDIATE`):
//! nobody can write between its steps, which is why it may read first and give ids itself.

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row, Sqlite, SqlitePool, Transaction};
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::ContactStore;
use super::sql::adopt::{self, Adopter, TableState};
use super::sql::lengths::Lengths;
use super::sql::statement::{Statement, Value};
use super::sql::{Dialect, MIGRATIONS_TABLE, Session, StoreOptions, commit, fault, load, versions};
use crate::audit::AuditedRow;
use crate::changes::{Changes, ContactRef, NewContact, Touch, Version};
use crate::contact::{ContactId, LinkPrecedence};
use crate::error::Error;
use crate::retry::Retry;
use crate::snapshot::{Query, Snapshot};
use crate::timestamp::Timestamp;

const DIALECT: Dialect = Dialect {
    id: str::to_owned,
    time: |column| format!("CAST({column} AS TEXT)"),
    now: "NULL",
    lengths: Lengths::Fixed,
    greatest: "MAX",
};

/// Rows that the driver reads ahead.
const ROW_BUFFER: usize = 1_024;

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
}

impl SqliteStore {
    /// Opens the file that a URL such as `sqlite://contacts.db` names, creates it where it is missing, and creates the
    /// tables that are missing in it.
    ///
    /// # Errors
    /// [`Error::Configuration`] for a URL that cannot be read and a table `Contact` without the columns it must have;
    /// [`Error::NotAdopted`] and [`Error::NotAdoptable`] for one that holds rows already; [`Error::Unavailable`] for a
    /// file that cannot be opened.
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
        let connect = connect
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
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
            .connect_with(connect.clone())
            .await
            .map_err(fault::classify)?;
        // A database in memory exists within one connection only.
        let readers = if url.contains(":memory:") || url.contains("mode=memory") {
            writer.clone()
        } else {
            let readers = pool.max_connections(options.max_connections);
            readers.connect_with(connect.read_only(false)).await.map_err(fault::classify)?
        };
        let store = Self { readers, writer };
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

#[async_trait]
impl ContactStore for SqliteStore {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        let mut connection = self.readers.acquire().await.map_err(fault::classify)?;
        let statements = load::statements(&DIALECT, query, "");
        let mut snapshot = Snapshot::default();
        if let [statement] = &*statements {
            read(&mut connection, statement, &mut snapshot).await?;
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

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(fault::classify)?;
        commit::run(SqliteSession(transaction), &DIALECT, changes).await
    }

    async fn unchanged(&self, seen: &[Version]) -> Result<bool, Error> {
        let mut connection = self.readers.acquire().await.map_err(fault::classify)?;
        for seen in DIALECT.lengths.padded(seen) {
            let rows = fetch(&mut connection, &versions::statement(&DIALECT, &seen)).await;
            let rows = rows.map_err(fault::classify)?;
            if !versions::all_match(&rows, &seen, time).map_err(fault::classify)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
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

struct SqliteSession<'c>(Transaction<'c, Sqlite>);

impl Session for SqliteSession<'_> {
    async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, sqlx::Error> {
        execute(&mut self.0, statement).await
    }

    async fn finish(mut self, statements: Vec<Statement<'_>>) -> Result<(), sqlx::Error> {
        for statement in statements {
            self.execute(statement).await?;
        }
        self.0.commit().await
    }

    /// Reads and compares first: text in an existing table need not be written as ours, and nobody writes meanwhile.
    async fn touch(&mut self, touched: &[Touch]) -> Result<bool, sqlx::Error> {
        for touched in Lengths::Fixed.padded(touched) {
            let seen: Vec<_> = touched.iter().map(|touch| touch.seen).collect();
            let rows = fetch(&mut self.0, &versions::statement(&DIALECT, &seen)).await?;
            if !versions::all_match(&rows, &seen, time)? {
                return Ok(false);
            }
            let ids = touched.iter().map(|touch| Value::Int(Some(touch.seen.contact.get())));
            let becomes = touched.iter().map(|touch| Value::Time(touch.becomes));
            let update = Statement::new("UPDATE Contact SET updatedAt = v.column2 FROM (VALUES ")
                .rows(ids.zip(becomes).map(<[_; 2]>::from))
                .sql(") v WHERE id = v.column1");
            execute(&mut self.0, update).await?;
        }
        Ok(true)
    }

    async fn insert(&mut self, created: &[NewContact]) -> Result<Vec<ContactId>, sqlx::Error> {
        let last: i64 = sqlx::query_scalar(
            "SELECT MAX(COALESCE((SELECT MAX(id) FROM Contact), 0), \
             COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'Contact'), 0))",
        )
        .fetch_one(&mut *self.0)
        .await?;
        let ids: Vec<_> = (last + 1..).take(created.len()).map(ContactId::from).collect();
        let numbered: Vec<_> = ids.iter().zip(created).collect();
        for chunk in Lengths::Fixed.exact(&numbered, |(_, contact)| commit::contact_size(contact)) {
            let rows = chunk.iter().map(|(id, contact)| {
                let linked_id = contact.linked_to.and_then(|primary: ContactRef| primary.resolve(&ids));
                let precedence = match linked_id {
                    Some(_) => LinkPrecedence::Secondary,
                    None => LinkPrecedence::Primary,
                };
                [
                    Value::Int(Some(id.get())),
                    Value::Text(contact.phone_number.as_deref()),
                    Value::Text(contact.email.as_deref()),
                    Value::Int(linked_id.map(ContactId::get)),
                    Value::Text(Some(precedence.name())),
                    Value::Time(contact.created_at),
                    Value::Time(contact.created_at),
                ]
            });
            let insert = Statement::new(
                "INSERT INTO Contact (id, phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt) VALUES ",
            );
            execute(&mut self.0, insert.rows(rows)).await?;
        }
        Ok(ids)
    }
}

struct SqliteAdopter<'c>(&'c mut SqliteConnection);

impl Adopter for SqliteAdopter<'_> {
    const BEGIN_AUDIT: &'static str = "BEGIN";
    const BEGIN_PAGE: &'static str = "BEGIN IMMEDIATE";
    const ON_HELD_CLAIM: &'static str = " ON CONFLICT (kind, value) DO UPDATE SET contactId = excluded.contactId \
        WHERE NOT EXISTS (SELECT 1 FROM Contact c WHERE c.id = ContactIdentifier.contactId AND c.deletedAt IS NULL \
        AND (c.email = ContactIdentifier.value OR c.phoneNumber = ContactIdentifier.value))";
    const ON_KNOWN_NAME: &'static str = " ON CONFLICT (name) DO NOTHING";

    async fn control(&mut self, sql: &'static str) -> Result<(), Error> {
        self.0.execute(sql).await.map(drop).map_err(fault::classify)
    }

    async fn read(&mut self, page: Statement<'_>) -> Result<Vec<AuditedRow>, Error> {
        let rows = fetch(self.0, &page).await.map_err(fault::classify)?;
        rows.iter().map(|row| adopt::row(row, time)).collect()
    }

    async fn write(&mut self, statement: Statement<'_>) -> Result<(), Error> {
        execute(self.0, statement).await.map(drop).map_err(fault::classify)
    }
}

async fn execute(connection: &mut SqliteConnection, statement: Statement<'_>) -> Result<u64, sqlx::Error> {
    let Statement { sql, values } = &statement;
    let done = sqlx::query_with(AssertSqlSafe(sql.as_str()), arguments(values)).execute(connection).await?;
    Ok(done.rows_affected())
}

async fn fetch(
    connection: &mut SqliteConnection,
    statement: &Statement<'_>,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let Statement { sql, values } = statement;
    sqlx::query_with(AssertSqlSafe(sql.as_str()), arguments(values)).fetch_all(connection).await
}

fn arguments(values: &[Value<'_>]) -> SqliteArguments {
    use sqlx::Arguments;
    let mut arguments = SqliteArguments::default();
    for value in values {
        // Encoding for SQLite copies bytes and cannot fail.
        let _ = match *value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Time(value) => arguments.add(text(value)),
        };
    }
    arguments
}

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]");

/// What others write: `T` between date and time, a shorter or no fraction, a final `Z`.
const LENIENT: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[year]-[month]-[day][first [ ][T]][hour]:[minute]:[second][optional [.[subsecond]]][optional [Z]]"
);

fn text(at: Timestamp) -> Option<String> {
    at.to_datetime()?.format(FORMAT).ok()
}

fn time(row: &SqliteRow, column: usize) -> Result<Option<Timestamp>, sqlx::Error> {
    let text: Option<String> = row.try_get(column)?;
    let parsed = text.and_then(|text| PrimitiveDateTime::parse(&text, LENIENT).ok());
    Ok(parsed.map(|at| Timestamp::from_datetime(at.assume_utc())))
}

#[cfg(feature = "conformance")]
crate::conformance::sql::inspect_sql!(SqliteStore, writer);

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "how a test fails")]

    use super::*;

    #[tokio::test]
    async fn an_index_on_linked_id_is_seen() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
        for (sql, indexed) in [
            ("CREATE TABLE Contact (id INTEGER PRIMARY KEY, linkedId INTEGER)", false),
            ("CREATE INDEX part ON Contact (linkedId) WHERE linkedId > 7", false),
            ("CREATE INDEX other ON Contact (id, linkedId)", false),
            ("CREATE INDEX whole ON Contact (linkedId)", true),
            ("DROP TABLE Contact", false),
            (include_str!("../../migrations/sqlite/0001_contact.sql"), true),
        ] {
            sqlx::raw_sql(sql).execute(&mut connection).await.expect(sql);
            assert_eq!(linked_id_is_indexed(&mut connection).await.expect("an answer"), indexed, "{sql}");
        }
    }
}
