use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;

use super::Cluster;
use super::view::View;
use crate::databases::error::Context;
use crate::databases::{DatabaseError, ServerAddress};
use crate::proxy::Proxy;

/// How often it looks which member takes writes: as MySQL Router does by default.
const POLL: Duration = Duration::from_millis(500);

/// What stands before a group of which one member takes writes, since a URL names one address: MySQL Router, or another proxy
/// that knows the group. It leads callers to the primary. When another member becomes that, it cuts the connections to the one
/// before, and leads new ones to the new one.
#[derive(Debug)]
pub struct Router {
    proxy: Arc<Proxy>,
    following: AbortHandle,
}

impl Router {
    /// Starts one, in the tokio runtime that runs.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::TimedOut`] if no member takes writes, [`DatabaseError::Io`] if there is no free port.
    pub async fn start(cluster: &Cluster) -> Result<Self, DatabaseError> {
        let primary = cluster.member(cluster.primary().await?).address().socket();
        let proxy = Proxy::start(primary).await.context(|| "start a router".to_owned())?;
        let proxy = Arc::new(proxy);
        let members = cluster.members().iter().map(|member| member.address().clone()).collect();
        let following = tokio::spawn(follow(members, primary, Arc::clone(&proxy))).abort_handle();
        Ok(Self { proxy, following })
    }

    /// By which callers reach the primary.
    pub fn proxy(&self) -> &Arc<Proxy> {
        &self.proxy
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.following.abort();
    }
}

/// A primary that still answers is believed, also where the others have another by then.
async fn follow(members: Vec<ServerAddress>, mut primary: SocketAddr, proxy: Arc<Proxy>) {
    loop {
        let (same, others): (Vec<_>, _) = members.iter().partition(|member| member.socket() == primary);
        for member in same.into_iter().chain(others) {
            if View::of(member).await.is_some_and(|view| view.is_online && view.is_primary) {
                if member.socket() != primary {
                    primary = member.socket();
                    proxy.lead_to(primary);
                    proxy.cut();
                }
                break;
            }
        }
        tokio::time::sleep(POLL).await;
    }
}
