//! Contacts in MySQL or MariaDB.
//!
//! | file | what |
//! |---|---|
//! | `mod.rs` | the store: load and commit |
//! | `by_linked_id.rs` | by which index secondaries are found |
//! | `cluster.rs` | Group Replication and Galera |
//! | `connections.rs` | connections that are kept in hand |
//! | `layout.rs` | what an existing table and the pool's sessions must be like |
//! | `migrate.rs` | creating our tables |
//! | `session.rs` | statements on one connection |
//!
//! A commit runs at READ COMMITTED: what it relies on is checked by what it writes, and gap locks would only make
//! writers of different people wait for each other.
//!
//! Round trips of a batch of up to 64 on a pool of the store's own: 1 to load, and 1 more where a batch of 16 or more brings
//! something new; to commit 1 that begins and touches primaries, 1 that inserts contacts, and 1 that writes claims, links and
//! evidence and commits. Where there are no primaries to touch, the second begins: so 3 or 4 for new people, 5 at most for
//! others, and 1 for who is known. A single new contact goes along with its claims and evidence, which saves one: a lone caller
//! takes 2 who is new, and 3 who brings something new. One more where a new contact is linked to another new one, and one for
//! each claim that is taken over from a deleted contact. What is sent at once is bounded (15 kB, see `session.rs`), so larger
//! batches repeat the middle ones: 256 new people take 10, and so do 64 whose values are several times longer than most. An
//! import loads 256 identifiers at a time and repeats the middle ones likewise. On Galera each statement takes one of its own. On the application's pool statements are prepared instead, and take more of them; see `session.rs` for why.

mod by_linked_id;
mod cluster;
mod connections;
mod layout;
mod migrate;
mod session;

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::{ConnectOptions, Connection, Executor, MySql, MySqlConnection, MySqlPool};

use super::ContactStore;
use super::sql::adopt::{self, Adopter};
use super::sql::lengths::Lengths;
use super::sql::statement::Statement;
use super::sql::{Dialect, StoreOptions, commit, fault, load, versions};
use crate::audit::AuditedRow;
use crate::changes::{Changes, Version};
use crate::contact::ContactId;
use crate::error::Error;
use crate::retry::Retry;
use crate::snapshot::{Query, Snapshot};
use by_linked_id::ByLinkedId;
use cluster::Membership;
use connections::{Connections, Losses};
use session::{MySqlSession, Sending, execute, fetch, time};

const DIALECT: Dialect = Dialect {
    id: |column| format!("CAST({column} AS SIGNED)"),
    time: |column| format!("TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {column})"),
    now: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
    lengths: Lengths::Fixed,
    greatest: "GREATEST",
};

/// The same clock of a member of Group Replication that is online. On others the statement fails; see `cluster.rs`.
const NOW_IN_GROUP: &str = "IF(group_replication_get_communication_protocol() IS NULL, NULL, \
                            TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)))";

/// As many as the resolver has batches in flight by default: two that load, two that write.
const KEPT: usize = 4;

/// One round trip; the isolation level holds for this transaction only, so that a connection of the application's pool
/// goes back as it came.
const BEGIN_SNAPSHOT: &str =
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// Keeps contacts in MySQL 8 or later, or MariaDB 10.6 or later, in the application's own database.
///
/// Times are UTC. An existing table `Contact` may have other integer types, `VARCHAR` for the precedence and times
/// without fraction; with whole seconds, the `updatedAt` of a person who is changed more than once a second runs ahead
/// of the clock, since it is the version that concurrent writers are told apart by.
///
/// # Clusters
///
/// With MySQL Group Replication and MariaDB Galera, any member that takes writes may be connected to, and different ones at
/// once. What one member answered, every call on another sees: the store's own connections wait until their member has
/// caught up (`group_replication_consistency = 'BEFORE'`, `wsrep_sync_wait = 1`), which takes a round trip between the
/// members for each transaction. On the application's own pool that is the application's to set, and
/// [`Error::Configuration`] says what is missing. A member that has lost the others answers with
/// [`Error::Unavailable`]; where Group Replication waits for a majority to come back it does not answer at all, so give
/// the resolver a [deadline](crate::IdentityResolver::with_deadline).
///
/// Where one member takes all writes, the URL names what leads to it: MySQL Router, another proxy that knows the group, or an
/// address that moves along. After a failover calls fail with [`Error::Unavailable`] until that leads to the new primary; a
/// connection to the one before is closed by the first call that finds it read-only.
///
/// ```no_run
/// use identity_core::{IdentityResolver, MySqlStore};
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// // The application's own pool.
/// let pool = sqlx::MySqlPool::connect("mysql://shop:secret@localhost/shop").await?;
/// let resolver = IdentityResolver::new(MySqlStore::new(pool).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MySqlStore {
    connections: Arc<Connections>,
    /// The unit of `createdAt` and `updatedAt`, in microseconds: 1 for `DATETIME(6)`, 1,000,000 for `DATETIME`.
    tick: i64,
    sending: Sending,
    membership: Arc<Membership>,
    by_linked_id: ByLinkedId,
}

impl MySqlStore {
    /// A store on the application's own pool, whose sessions must be in UTC and in strict mode, as sqlx's and the
    /// server's defaults are. Creates the tables that are missing.
    ///
    /// Round trips are what it costs where the database is on another machine. Here statements are prepared, in a few fixed
    /// lengths (lists of 1, 4, 16, 64 and 256, and what lies between takes several), and sqlx asks a connection for a sign of
    /// life before each use and after it. So a batch of concurrent callers takes, with statements that the connection has met
    /// before:
    ///
    /// | callers at once | all known | all new | all known with something new | a third each |
    /// |---|---|---|---|---|
    /// | 1 | 3 | 11 | 11 | |
    /// | 15 | 3 | 28 | 29 | 24 |
    /// | 16 | 3 | 15 | 15 | 24 |
    /// | 64 | 3 | 15 | 15 | 30 |
    /// | 256 | 3 | 15 | 18 | 37 |
    ///
    /// A store with a pool of its own ([`connect`](Self::connect)) takes 1 for who is known, and 2 to 5 for a batch of up to 64
    /// that brings something new.
    ///
    /// How long a lock is waited for that somebody else holds, is the application's to set: the server's default
    /// (`innodb_lock_wait_timeout`) is 50 seconds, in which calls in the same batch wait as well; sessions of
    /// [`connect`](Self::connect) wait for one.
    ///
    /// # Errors
    /// [`Error::Configuration`] for a table `Contact`, or sessions, that cannot be used as they are;
    /// [`Error::NotAdopted`] for a table that holds rows already; [`Error::Unavailable`] where the database does not
    /// answer, [`Error::Refused`] where the user may not create tables.
    pub async fn new(pool: MySqlPool) -> Result<Self, Error> {
        Self::with_options(pool, StoreOptions::default()).await
    }

    /// The same with options, of which those on connections do not apply.
    ///
    /// # Errors
    /// As for [`new`](Self::new), and [`Error::NotAdoptable`].
    pub async fn with_options(pool: MySqlPool, options: StoreOptions) -> Result<Self, Error> {
        // It pings connections itself before it gives them out, unless the application wants it otherwise.
        let connections = Connections::new(pool, 0, Losses::default());
        Self::open(connections, options, Sending::Prepared, Arc::default()).await
    }

    /// Prepares the database.
    async fn open(
        connections: Connections,
        options: StoreOptions,
        sending: Sending,
        membership: Arc<Membership>,
    ) -> Result<Self, Error> {
        // Members of a cluster do not see each other's locks, so two processes may do this at once.
        let retry = Retry { reconnects: 0, ..Retry::default() };
        let (tick, by_linked_id) =
            retry.run(|| Self::prepare(&connections.pool, options, &membership)).await?;
        Ok(Self { connections: Arc::new(connections), tick, sending, membership, by_linked_id })
    }

    /// Creates and checks the tables; tells the unit of times, and by which index secondaries are found.
    async fn prepare(
        pool: &MySqlPool,
        options: StoreOptions,
        membership: &Membership,
    ) -> Result<(i64, ByLinkedId), Error> {
        // A connection of its own: it is closed, with its lock and what it has begun, if this is given up halfway.
        let mut connection = pool.acquire().await.map_err(fault::classify)?.detach();
        layout::check_session(&mut connection).await?;
        membership.check_session(&mut connection).await?;
        migrate::lock(&mut connection).await?;
        migrate::run(&mut connection).await?;
        let tick = layout::check_table(&mut connection).await?;
        let by_linked_id = ByLinkedId::default();
        if !by_linked_id.find(&mut connection).await.map_err(fault::classify)? {
            super::sql::warn_of_missing_index();
        }
        let state = layout::table_state(&mut connection).await.map_err(fault::classify)?;
        let mut adopter = MySqlAdopter(&mut connection);
        adopt::ensure_adopted(&mut adopter, &DIALECT, options.normalizer, state, options.adopt).await?;
        connection.close().await.map_err(fault::classify)?;
        Ok((tick, by_linked_id))
    }

    /// A store with a pool of its own, on the existing database that a URL such as
    /// `mysql://user:password@host:port/name` names.
    ///
    /// # Errors
    /// As for [`with_options`](Self::with_options), and [`Error::Configuration`] for a URL that cannot be read and for too many
    /// connections.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self, Error> {
        options.check()?;
        let connect = MySqlConnectOptions::from_str(url).map_err(fault::classify)?;
        if connect.get_database().is_none_or(str::is_empty) {
            return Err(Error::Configuration(
                "the database URL must name a database: mysql://…/name".to_owned(),
            ));
        }
        // The pool would try until its time-out and then tell of nothing else; one connection tells why it fails.
        let connect = connect.disable_statement_logging();
        let first = tokio::time::timeout(options.acquire_timeout, connect.connect()).await;
        first
            .map_err(Error::unavailable)?
            .map_err(fault::classify)?
            .close()
            .await
            .map_err(fault::classify)?;
        let losses = Losses::default();
        let membership = Arc::new(Membership::default());
        let of_connections = membership.clone();
        let pool = losses
            .watched_by(MySqlPoolOptions::new())
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            // A ping before each use would be a round trip of its own; what died is tried again on another connection.
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let membership = of_connections.clone();
                Box::pin(async move { membership.set_up(connection).await })
            })
            .connect_with(connect)
            .await
            .map_err(fault::classify)?;
        let keep = KEPT.min(options.max_connections as usize);
        Self::open(Connections::new(pool, keep, losses), options, Sending::Text, membership).await
    }

    async fn load_on(&self, connection: &mut MySqlConnection, query: Query<'_>) -> Result<Snapshot, Error> {
        let mut snapshot = match self.read_all(connection, query).await {
            Err(Unread::Driver(error)) if by_linked_id::is_missing(&error) => {
                self.by_linked_id.find(connection).await.map_err(fault::classify)?;
                self.read_all(connection, query).await
            }
            outcome => outcome,
        }?;
        snapshot.now = snapshot.now.truncated_to(self.tick);
        snapshot.tick = self.tick;
        Ok(load::without_repetition(snapshot))
    }

    async fn read_all(&self, connection: &mut MySqlConnection, query: Query<'_>) -> Result<Snapshot, Unread> {
        let dialect = match self.membership.is_group() {
            true => Dialect { now: NOW_IN_GROUP, ..DIALECT },
            false => DIALECT,
        };
        let statements = load::statements(&dialect, query, &self.by_linked_id.hint());
        let mut snapshot = Snapshot::default();
        if let [statement] = &*statements {
            read(connection, statement, &mut snapshot).await?;
        } else {
            // Several statements see one moment only within a transaction.
            let mut transaction = connection.begin_with(BEGIN_SNAPSHOT).await?;
            for statement in &statements {
                read(&mut transaction, statement, &mut snapshot).await?;
            }
            transaction.rollback().await?;
        }
        Ok(snapshot)
    }

    async fn commit_on(
        &self,
        connection: &mut MySqlConnection,
        changes: &Changes,
    ) -> Result<Vec<ContactId>, Error> {
        let sending = match self.sending {
            Sending::Text if self.membership.is_galera() => Sending::TextAlone,
            sending => sending,
        };
        let session = MySqlSession::begin(connection, sending).await.map_err(fault::classify)?;
        let dialect = Dialect { lengths: sending.lengths(), ..DIALECT };
        let outcome = commit::run(session, &dialect, changes).await;
        if outcome.is_err() {
            // Where that fails as well, the connection is gone, and with it the transaction.
            let _ = connection.execute("ROLLBACK").await;
        }
        outcome
    }
}

#[async_trait]
impl ContactStore for MySqlStore {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        let mut connection = self.connections.take().await?;
        let outcome = self.load_on(&mut connection, query).await;
        self.connections.give_back(connection, &outcome);
        outcome
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        // Out of the pool's hands: where the caller goes away halfway, the connection is closed, and the server takes back
        // what was begun.
        let mut connection = Midway(Some(self.connections.take().await?));
        let Some(open) = &mut connection.0 else { return Err(Error::unavailable(sqlx::Error::PoolClosed)) };
        let outcome = self.commit_on(open, changes).await;
        if let Some(connection) = connection.0.take() {
            self.connections.give_back(connection, &outcome);
        }
        outcome
    }

    async fn unchanged(&self, seen: &[Version]) -> Result<bool, Error> {
        let mut connection = self.connections.take().await?;
        let outcome = unchanged_on(&mut connection, seen).await.map_err(fault::classify_read);
        self.connections.give_back(connection, &outcome);
        outcome
    }

    async fn primaries(&self, contacts: &[ContactId]) -> Result<Vec<Option<ContactId>>, Error> {
        let mut connection = self.connections.take().await?;
        let outcome = primaries_on(&mut connection, contacts).await.map_err(fault::classify_read);
        self.connections.give_back(connection, &outcome);
        outcome
    }

    async fn close(&self) {
        self.connections.close().await;
    }
}

async fn primaries_on(
    connection: &mut MySqlConnection,
    contacts: &[ContactId],
) -> Result<Vec<Option<ContactId>>, sqlx::Error> {
    let mut primaries = HashMap::new();
    for contacts in DIALECT.lengths.padded(contacts) {
        let rows = fetch(connection, &versions::statement(&DIALECT, contacts)).await?;
        versions::add_primaries(&mut primaries, &rows)?;
    }
    Ok(contacts.iter().map(|id| primaries.get(id).copied()).collect())
}

async fn unchanged_on(connection: &mut MySqlConnection, seen: &[Version]) -> Result<bool, sqlx::Error> {
    for seen in DIALECT.lengths.padded(seen) {
        let rows =
            fetch(connection, &versions::statement(&DIALECT, seen.iter().map(|version| version.contact)))
                .await?;
        if !versions::all_match(&rows, &seen, time)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Why a load failed.
#[derive(Debug)]
enum Unread {
    Driver(sqlx::Error),
    Row(Error),
}

impl From<sqlx::Error> for Unread {
    fn from(error: sqlx::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<Unread> for Error {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Driver(error) => fault::classify_read(error),
            Unread::Row(error) => error,
        }
    }
}

async fn read(
    connection: &mut MySqlConnection,
    statement: &Statement<'_>,
    snapshot: &mut Snapshot,
) -> Result<(), Unread> {
    for row in fetch(connection, statement).await? {
        load::add_row(snapshot, &row, time).map_err(Unread::Row)?;
    }
    Ok(())
}

/// A connection in the middle of a transaction.
struct Midway(Option<PoolConnection<MySql>>);

impl Drop for Midway {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

struct MySqlAdopter<'c>(&'c mut MySqlConnection);

impl Adopter for MySqlAdopter<'_> {
    const BEGIN_AUDIT: &'static str = BEGIN_SNAPSHOT;
    const BEGIN_PAGE: &'static str = session::BEGIN;
    const ON_HELD_CLAIM: &'static str = " ON DUPLICATE KEY UPDATE contactId = IF(EXISTS (SELECT 1 FROM Contact c \
        WHERE c.id = ContactIdentifier.contactId AND c.deletedAt IS NULL \
        AND (c.email = ContactIdentifier.value OR c.phoneNumber = ContactIdentifier.value)), \
        ContactIdentifier.contactId, VALUES(contactId))";
    const ON_KNOWN_NAME: &'static str = " ON DUPLICATE KEY UPDATE name = name";

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

#[cfg(feature = "conformance")]
crate::conformance::sql::inspect_sql!(MySqlStore, connections.pool);
