//! Creating our tables, when several processes start at once and when one died while it did.
//!
//! sqlx's own lock waits with a time-out of -1, which MariaDB takes for "not at all"; so the lock is ours. MySQL commits
//! each DDL statement by itself, and sqlx marks a migration as unfinished meanwhile: whoever holds the lock and finds such
//! a mark knows that its writer died, and starts that migration again, whose statements may all be repeated.
//!
//! The lock is one server's. Processes on several members of a cluster may be at it at once: they get in each other's way,
//! which is a conflict, and try again; nothing else can happen, since no migration is marked as done that was not.

use sqlx::MySqlConnection;

use crate::error::Error;
use crate::store::sql::{MIGRATIONS_TABLE, fault, migration_failed};

/// Seconds to wait for another process, which may be adopting a large table.
const PATIENCE: i64 = 60;

/// Lets one process at a time migrate and adopt, until the connection is closed.
pub(super) async fn lock(connection: &mut MySqlConnection) -> Result<(), Error> {
    let lock =
        "SELECT CAST(GET_LOCK(CONCAT('identity-core ', LEFT(SHA2(DATABASE(), 256), 40)), ?) AS SIGNED)";
    let locked: Option<i64> =
        sqlx::query_scalar(lock).bind(PATIENCE).fetch_one(connection).await.map_err(fault::classify)?;
    match locked {
        Some(1) => Ok(()),
        _ => Err(Error::unavailable(std::io::Error::other("another process is still migrating or adopting"))),
    }
}

/// Brings our tables to this version, under the [`lock`]. `Contact` is created where it is missing, and else left alone.
pub(super) async fn run(connection: &mut MySqlConnection) -> Result<(), Error> {
    let unfinished = format!("DELETE FROM {MIGRATIONS_TABLE} WHERE success = FALSE");
    let known = "SELECT CAST(COUNT(*) AS SIGNED) FROM information_schema.TABLES \
                 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?";
    let known: i64 = sqlx::query_scalar(known)
        .bind(MIGRATIONS_TABLE)
        .fetch_one(&mut *connection)
        .await
        .map_err(fault::classify)?;
    if known > 0 {
        sqlx::query(sqlx::AssertSqlSafe(unfinished))
            .execute(&mut *connection)
            .await
            .map_err(fault::classify)?;
    }
    let mut migrator = sqlx::migrate!("migrations/mysql");
    migrator.set_locking(false).dangerous_set_table_name(MIGRATIONS_TABLE);
    // Not `run`: the compiler cannot prove that its future is Send here.
    migrator.run_direct(None, connection, false).await.map_err(migration_failed)
}
