//! Who tells the server to stop.

use std::future::Future;
use std::io;

/// Listens for SIGINT and SIGTERM from now on; the future ends when one of them came.
///
/// # Errors
/// Where the system refuses to tell of signals.
#[cfg(unix)]
pub(crate) fn requested() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C; the future ends when it came.
///
/// # Errors
/// None here; on Unix the system can refuse.
#[cfg(not(unix))]
pub(crate) fn requested() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without Ctrl-C the server runs until it is killed, rather than not at all.
            std::future::pending::<()>().await;
        }
    })
}
