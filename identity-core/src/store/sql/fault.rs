//! What the driver's errors mean.

use std::error::Error as StdError;
use std::fmt;

use crate::error::Error;

/// A database's error without its text: the text can hold a customer's values (`Duplicate entry 'mcfly@…' for key`).
#[derive(Debug)]
pub(crate) struct DatabaseFault {
    code: String,
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {} of the database", self.code)
    }
}

impl StdError for DatabaseFault {}

/// What an error of the driver means to whoever called.
pub(in crate::store) fn classify(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) => {
            let fault = DatabaseFault { code: code_of(&**database) };
            match meaning(&**database) {
                Meaning::Conflict => Error::conflict_because(fault),
                Meaning::Away => Error::unavailable(fault),
                Meaning::Refusal => Error::refused(fault),
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Error::unavailable(error),
        sqlx::Error::Configuration(_) => Error::Configuration("the database URL cannot be read".to_owned()),
        _ => Error::refused(error),
    }
}

/// The same for an INSERT of claims: that somebody else holds one already is a conflict.
pub(in crate::store) fn classify_claims(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => {
            Error::conflict_because(DatabaseFault { code: code_of(&**database) })
        }
        _ => classify(error),
    }
}

enum Meaning {
    Conflict,
    Away,
    Refusal,
}

#[cfg_attr(not(all(feature = "mysql", feature = "sqlite")), expect(clippy::needless_return, reason = "one of two"))]
fn meaning(error: &dyn sqlx::error::DatabaseError) -> Meaning {
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return match error.number() {
            // Deadlock, lock time-out, a row that changed since it was read (MariaDB), certification failure at
            // COMMIT and before it (Group Replication).
            1213 | 1205 | 1020 | 1180 | 3101 => Meaning::Conflict,
            // Too many connections, node not ready (Galera), shutdown, connection killed, query interrupted,
            // read-only after a failover, network errors, no longer in the group, closed for inactivity.
            1040 | 1047 | 1053 | 1077 | 1152 | 1158..=1161 | 1184 | 1203 | 1226 | 1290 | 1317 | 1792 | 1836
            | 1927 | 3100 | 3168 | 3169 | 4031 => Meaning::Away,
            _ => Meaning::Refusal,
        };
    }
    #[cfg(feature = "sqlite")]
    if let Some(error) = error.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
        use sqlx::error::DatabaseError;
        let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
        // The lower byte is the primary result code: BUSY, LOCKED; IOERR, CANTOPEN.
        return match code & 0xff {
            5 | 6 => Meaning::Conflict,
            10 | 14 => Meaning::Away,
            _ => Meaning::Refusal,
        };
    }
    let _ = error;
    Meaning::Refusal
}

fn code_of(error: &dyn sqlx::error::DatabaseError) -> String {
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return error.number().to_string();
    }
    error.code().unwrap_or_default().into_owned()
}
