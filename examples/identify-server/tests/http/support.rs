//! A server on a free port, and two ways to talk to it: as a client that behaves, and byte by byte.

use std::net::SocketAddr;

use identity_core::{ContactStore, IdentityResolver, MemoryStore};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running server. It ends with the test's runtime, or when it is told to.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shutdown: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::on(MemoryStore::new()).await
    }

    /// On a store of the test's own. Conflicts are not tried again, which would take seconds.
    pub(crate) async fn on(store: impl ContactStore) -> Self {
        let resolver = IdentityResolver::builder().max_conflicts(0).build(store);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, told) = oneshot::channel();
        let running = tokio::spawn(identify_server::run(listener, resolver, async {
            if told.await.is_err() {
                // The test dropped the server without a word.
                std::future::pending::<()>().await;
            }
        }));
        Self { address, shutdown, running }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Posts a body as JSON.
    pub(crate) async fn identify(&self, body: impl Into<reqwest::Body>) -> Answer {
        let request = reqwest::Client::new().post(self.url("/identify"));
        Answer::of(request.header("content-type", "application/json").body(body)).await
    }

    /// Sends bytes, and reads until the server closes; the request must ask for that.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        read_to_end(stream).await
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Tells the server to stop. The handle ends when it has.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.shutdown.send(()).unwrap();
        self.running
    }
}

pub(crate) async fn read_to_end(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Sends the request. Whatever the answer is, it must be JSON.
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.json().await.unwrap();
        Self { status, headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks that this is a whole problem of this status, and returns its `detail`.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["type"], "about:blank");
        assert_ne!(self.body["title"].as_str().unwrap(), "");
        let detail = self.body["detail"].as_str().unwrap();
        assert_ne!(detail, "");
        detail
    }
}
