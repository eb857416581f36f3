//! Connections that callers take for a call, and give back after it.
//!
//! Not the driver's pool, which pings whenever a connection is taken and whenever it is given back, so that a statement costs
//! three round trips. What is compared with should not pay for what it does not need.

use std::str::FromStr;
use std::sync::Arc;

use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{ConnectOptions, MySqlConnection};

use super::free::Free;

/// How the server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// As the URL says, which is how identity-core reaches it.
    AsOurs,
    /// Without TLS. With it this driver waits 40 ms for each statement over 16 KiB, which is no limit of the database.
    Bare,
}

/// Those that callers share. One that a call failed on is given back too: others wait for it, and the error ends the line anyway.
pub(crate) type Connections = Arc<Free<MySqlConnection>>;

/// Opens so many.
///
/// # Errors
/// What the database says.
pub(crate) async fn connect(url: &str, link: Link, connections: u64) -> Result<Connections, sqlx::Error> {
    let mut options = MySqlConnectOptions::from_str(url)?.disable_statement_logging();
    if link == Link::Bare {
        options = options.ssl_mode(MySqlSslMode::Disabled);
    }
    let mut all = Vec::new();
    for _ in 0..connections {
        all.push(options.connect().await?);
    }
    Ok(Arc::new(Free::new(all)))
}
