//! Serving until told to stop.

use std::future::{Future, pending};
use std::time::Duration;

use identity_core::IdentityResolver;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::routes::routes;

/// How long running requests may take to end once the server is told to stop.
const DRAIN_WITHIN: Duration = Duration::from_secs(10);

/// Serves on `listener` until `shutdown` ends. Then it accepts nothing new, and returns when the running requests have
/// ended, or after 10 seconds; what runs still then ends with the runtime.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use identity_core::{IdentityResolver, MemoryStore};
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let stop_at_once = async {};
/// identify_server::run(listener, IdentityResolver::new(MemoryStore::new()), stop_at_once).await;
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub async fn run(
    listener: TcpListener,
    resolver: IdentityResolver,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let (draining, drain_begun) = oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        // The receiver is gone only when `run` is.
        let _ = draining.send(());
    };
    let overdue = async move {
        if drain_begun.await.is_err() {
            pending::<()>().await;
        }
        sleep(DRAIN_WITHIN).await;
    };
    tokio::select! {
        () = warp::serve(routes(resolver)).incoming(listener).graceful(shutdown).run() => {}
        () = overdue => tracing::warn!("requests were still running when the time to end them was over"),
    }
}
