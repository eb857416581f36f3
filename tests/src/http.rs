//! identify-server within this process, on a free port.

use std::net::SocketAddr;

use identity_core::IdentityResolver;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running server. It stops when this value is dropped.
#[derive(Debug)]
pub struct IdentifyServer {
    address: SocketAddr,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl IdentifyServer {
    /// Starts one over a resolver.
    ///
    /// # Errors
    /// Where there is no free port.
    pub async fn start(resolver: IdentityResolver) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            identify_server::run(listener, resolver, async {
                let _ = stopped.await;
            })
            .await;
        });
        Ok(Self { address, client: reqwest::Client::new(), stop: Some(stop), serving })
    }

    /// Posts to `/identify`; the status and the JSON of the answer.
    ///
    /// # Errors
    /// Where the server does not answer with JSON.
    pub async fn identify(&self, body: &Value) -> reqwest::Result<(u16, Value)> {
        let url = format!("http://{}/identify", self.address);
        let response = self.client.post(url).json(body).send().await?;
        let status = response.status().as_u16();
        Ok((status, response.json().await?))
    }

    /// Gets a path; the status and the header `Retry-After`.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn get(&self, path: &str) -> reqwest::Result<(u16, Option<String>)> {
        let response = self.client.get(format!("http://{}{path}", self.address)).send().await?;
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        Ok((response.status().as_u16(), retry_after.map(str::to_owned)))
    }

    /// Tells it to stop, and waits until it did.
    pub async fn stop(mut self) {
        self.stop.take();
        let _ = (&mut self.serving).await;
    }
}

impl Drop for IdentifyServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
