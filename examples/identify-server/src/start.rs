//! From options to a server that answers, and back.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::database_url::DatabaseUrl;
use crate::options::Options;
use crate::server::run;
use crate::shutdown;

/// How long connections to the database may take to close; one that hangs must not keep the process.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Why the server did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is taken, forbidden, or not of this machine.
    #[error("cannot listen on {address}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// The database cannot be reached, or not be used.
    #[error("cannot use the database {database}")]
    Database {
        /// What was asked for.
        database: DatabaseUrl,
        /// What the library said.
        #[source]
        source: identity_core::Error,
    },

    /// The system does not tell of signals.
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
}

/// Binds, connects, says so in one line on stdout, and serves until SIGINT or SIGTERM.
///
/// # Errors
/// Where the server cannot start. Once it says that it listens, there are none.
pub async fn start(options: Options) -> Result<(), StartError> {
    // First what costs nothing: where the address is taken, no table is created.
    let address = options.listen;
    let cannot_listen = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;

    let database = options.database.clone();
    let resolver = match options.resolver().connect(database.expose()).await {
        Ok(resolver) => resolver,
        Err(source) => return Err(StartError::Database { database, source }),
    };

    // Before the line that tells others to go ahead, which they may do with a signal.
    let shutdown = shutdown::requested().map_err(StartError::Signals)?;
    if let Err(error) = announce(address, &database) {
        tracing::warn!(%error, "cannot write to stdout where the server listens");
    }

    run(listener, resolver.clone(), shutdown).await;
    if timeout(CLOSE_WITHIN, resolver.close()).await.is_err() {
        tracing::warn!("the database's connections did not close in time");
    }
    Ok(())
}

/// Flushed, since stdout is often a pipe on which somebody waits for this line.
fn announce(address: SocketAddr, database: &DatabaseUrl) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "identify-server listens on http://{address}, database {database}")?;
    stdout.flush()
}
