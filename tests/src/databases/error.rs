use std::io;
use std::time::Duration;

use super::Flavor;

/// Why a server could not be started, stopped or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The server's programs are not on this machine.
    #[error("{flavor} is not installed: {wanted}; ./tests/run says or does what is needed")]
    Missing {
        /// The kind of server.
        flavor: Flavor,
        /// What was looked for.
        wanted: String,
    },
    /// The server, or the program that fills its data folder, ended instead of starting.
    #[error("{flavor} ended at start with {status}; the end of its log:\n{log}")]
    Died {
        /// The kind of server.
        flavor: Flavor,
        /// The exit status.
        status: std::process::ExitStatus,
        /// The last lines that it wrote.
        log: String,
    },
    /// The server did not do what was asked of it in time.
    #[error("{flavor} did not {what} within {limit:?}; the end of its log:\n{log}")]
    TimedOut {
        /// The kind of server.
        flavor: Flavor,
        /// What it should have done.
        what: &'static str,
        /// How long it had.
        limit: Duration,
        /// The last lines that it wrote.
        log: String,
    },
    /// The operating system refused.
    #[error("cannot {what}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The server refused a statement or a connection.
    #[error("the database server refused")]
    Sql(#[from] sqlx::Error),
}

impl DatabaseError {
    /// Whether another program was quicker to take a port. Both servers say it in these words.
    pub(super) fn is_taken_port(&self) -> bool {
        matches!(self, Self::Died { log, .. } | Self::TimedOut { log, .. } if log.contains("Address already in use"))
    }
}

/// Says what was tried when the operating system refuses.
pub(super) trait Context<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T, DatabaseError>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T, DatabaseError> {
        self.map_err(|source| DatabaseError::Io { what: what(), source })
    }
}
