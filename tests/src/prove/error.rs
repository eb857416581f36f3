use std::io;

use super::Fault;
use crate::databases::DatabaseError;

/// Why a run could not be made, or not be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// A database server could not be started, stopped or used.
    #[error("the scene broke down")]
    Database(#[from] DatabaseError),
    /// The library could not be set up.
    #[error("identity-core could not be set up")]
    Core(#[from] identity_core::Error),
    /// The operating system refused.
    #[error("cannot {what}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A history that no worker writes.
    #[error("line {line} of {file} is none of a history")]
    History {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// A fault that this scene cannot have.
    #[error("{fault} is nothing that can happen on {on}")]
    NotHere {
        /// The fault.
        fault: Fault,
        /// The database.
        on: super::On,
    },
    /// The run, or the check of what came of it, met what it holds to be impossible.
    #[error("the run panicked")]
    Panicked(#[source] tokio::task::JoinError),
    /// Members of a cluster hold different things, and do not come together.
    #[error("the members of the cluster did not come to hold the same within {0:?}")]
    Apart(std::time::Duration),
}

impl ProveError {
    /// Whether calls were made, and what came of them cannot be called sound. Otherwise it says nothing about the promises.
    pub fn is_broken_promise(&self) -> bool {
        matches!(self, Self::History { .. } | Self::Panicked(_) | Self::Apart(_))
    }
}

/// Says what was tried when the operating system refuses.
pub(super) trait Context<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T, ProveError>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T, ProveError> {
        self.map_err(|source| ProveError::Io { what: what(), source })
    }
}
