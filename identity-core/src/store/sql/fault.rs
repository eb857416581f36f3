//! What the driver's errors mean.

use std::error::Error as StdError;
use std::fmt;

use crate::error::Error;

/// A database's error. Its text is kept only where it is known to name none of a statement's values: others do
/// (`Duplicate entry 'mcfly@…' for key`).
#[derive(Debug)]
pub(crate) struct DatabaseFault {
    code: String,
    text: Option<String>,
}

impl fmt::Display for DatabaseFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {} of the database", self.code)?;
        match &self.text {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

impl StdError for DatabaseFault {}

/// What an error of the driver means to whoever called.
pub(in crate::store) fn classify(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) => {
            let fault = fault(&**database);
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

/// The same for an INSERT of what somebody else may have inserted already, such as a claim: that is a conflict.
pub(in crate::store) fn classify_claims(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => {
            Error::conflict_because(fault(&**database))
        }
        _ => classify(error),
    }
}

/// The same for a read, which waits for no row: where it waits too long, a member of a cluster cannot catch up with the others
/// (Galera), or a statement on the whole table is in its way.
#[cfg(feature = "mysql")]
pub(in crate::store) fn classify_read(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) if number(&**database) == Some(1205) => {
            Error::unavailable(fault(&**database))
        }
        _ => classify(error),
    }
}

#[cfg(feature = "mysql")]
fn number(error: &dyn sqlx::error::DatabaseError) -> Option<u16> {
    error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(sqlx::mysql::MySqlDatabaseError::number)
}

enum Meaning {
    Conflict,
    Away,
    Refusal,
}

fn meaning(error: &dyn sqlx::error::DatabaseError) -> Meaning {
    #[cfg(feature = "mysql")]
    if let Some(number) = number(error) {
        return match number {
            // Deadlock, lock time-out, a row that changed since it was read (MariaDB), certification failure at
            // COMMIT and before it (Group Replication), a table definition that changed meanwhile.
            1213 | 1205 | 1020 | 1180 | 3101 | 1412 | 1615 => Meaning::Conflict,
            // Full disk or table; too many connections, node not ready (Galera), shutdown, connection killed, query
            // interrupted or too slow, read-only after a failover, network errors, offline, not in the group or not
            // caught up with it (Group Replication; 1123 is how its function says so), closed for inactivity.
            1021
            | 1114
            | 1040
            | 1047
            | 1053
            | 1077
            | 1123
            | 1152
            | 1158..=1161
            | 1184
            | 1203
            | 1226
            | 1290
            | 1317
            | 1792
            | 1836
            | 1927
            | 1969
            | 3024
            | 3032
            | 3100
            | 3168
            | 3169
            | 3781..=3783
            | 3796..=3799
            | 4031
            | 6400 => Meaning::Away,
            _ => Meaning::Refusal,
        };
    }
    #[cfg(feature = "sqlite")]
    if let Some(error) = error.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
        use sqlx::error::DatabaseError;
        let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
        // The lower byte is the primary result code: BUSY, LOCKED; READONLY, IOERR, FULL, CANTOPEN.
        return match code & 0xff {
            5 | 6 => Meaning::Conflict,
            8 | 10 | 13 | 14 => Meaning::Away,
            _ => Meaning::Refusal,
        };
    }
    let _ = error;
    Meaning::Refusal
}

fn fault(error: &dyn sqlx::error::DatabaseError) -> DatabaseFault {
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        // Connections, privileges, schema objects, locks, read-only servers.
        let names_no_value = matches!(
            error.number(),
            1040 | 1044
                | 1045
                | 1047
                | 1049
                | 1053
                | 1123
                | 1130
                | 1142
                | 1146
                | 1180
                | 1205
                | 1213
                | 1290
                | 1317
                | 1836
                | 3032
                | 3101
                | 3796..=3799 | 6400
        );
        let text = names_no_value.then(|| error.message().to_owned());
        return DatabaseFault { code: error.number().to_string(), text };
    }
    let code = error.code().unwrap_or_default().into_owned();
    #[cfg(feature = "sqlite")]
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        // BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB: fixed texts.
        let primary = code.parse::<u32>().unwrap_or_default() & 0xff;
        let text = matches!(primary, 5 | 6 | 8 | 10 | 11 | 13 | 14 | 26).then(|| error.message().to_owned());
        return DatabaseFault { code, text };
    }
    DatabaseFault { code, text: None }
}
