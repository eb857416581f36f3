//! Connections that callers hold as long as they call, or share where there are more callers.
//!
//! Not a pool: this driver's pings whenever a connection is taken and whenever it is given back, so that a statement costs
//! three round trips. What is compared with should not pay for what it does not need. Callers that call again and again keep
//! all connections busy, whichever each of them waits for.

use std::str::FromStr;
use std::sync::Arc;

use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{ConnectOptions, MySqlConnection};
use tokio::sync::{Mutex, MutexGuard};

/// How the server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// As the URL says, which is how identity-core reaches it.
    AsOurs,
    /// Without TLS. With it this driver waits 40 ms for each statement over 16 KiB, which is no limit of the database.
    Bare,
}

/// One for each caller, or one for several.
#[derive(Clone, Debug)]
pub(crate) struct Connections(Arc<Vec<Mutex<MySqlConnection>>>);

impl Connections {
    /// Opens so many.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn open(url: &str, link: Link, callers: u64) -> Result<Self, sqlx::Error> {
        let mut options = MySqlConnectOptions::from_str(url)?.disable_statement_logging();
        if link == Link::Bare {
            options = options.ssl_mode(MySqlSslMode::Disabled);
        }
        let mut connections = Vec::new();
        for _ in 0..callers {
            connections.push(Mutex::new(options.connect().await?));
        }
        Ok(Self(Arc::new(connections)))
    }

    /// That of one caller; nobody else keeps it waiting where there are as many as callers.
    pub(crate) async fn of(&self, caller: u64) -> MutexGuard<'_, MySqlConnection> {
        self.shared(self.0.len() as u64, caller).await
    }

    /// That of one caller where only so many are used.
    pub(crate) async fn shared(&self, connections: u64, caller: u64) -> MutexGuard<'_, MySqlConnection> {
        self.0[(caller % connections) as usize].lock().await
    }
}
