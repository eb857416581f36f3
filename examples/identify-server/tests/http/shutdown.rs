//! How the server stops.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use identity_core::{Changes, ContactId, ContactStore, Error, Query, Snapshot};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Answer, Server, read_to_end};

const BODY: &str = r#"{"email":"a@x.io"}"#;

/// A store that never answers. It tells that it was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct StuckStore {
    asked: Arc<Notify>,
}

#[async_trait]
impl ContactStore for StuckStore {
    async fn load(&self, _: Query<'_>) -> Result<Snapshot, Error> {
        self.asked.notify_one();
        pending().await
    }

    async fn commit(&self, _: &Changes) -> Result<Vec<ContactId>, Error> {
        pending().await
    }
}

/// A request of which everything was sent but the last byte.
async fn all_but_the_last_byte(server: &Server) -> TcpStream {
    let head = "POST /identify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
    let length = BODY.len();
    let all = format!("{head}\r\nContent-Length: {length}\r\n\r\n{BODY}");
    let mut stream = server.connect().await;
    stream.write_all(&all.as_bytes()[..all.len() - 1]).await.unwrap();
    stream
}

#[tokio::test]
async fn a_running_request_ends_and_nothing_new_begins() {
    let server = Server::start().await;
    let address = server.address;
    let mut stream = all_but_the_last_byte(&server).await;
    // Connections are accepted in order, so when this one was served the other is.
    assert_eq!(Answer::of(reqwest::Client::new().get(server.url("/healthz"))).await.status, 200);

    let stopped = server.stop();
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(5), refused).await.unwrap();
    assert!(!stopped.is_finished());

    stream.write_all(&BODY.as_bytes()[BODY.len() - 1..]).await.unwrap();
    let answer = read_to_end(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains(r#""primaryContactId":1"#), "{answer}");
    timeout(Duration::from_secs(5), stopped).await.unwrap().unwrap();
}

#[tokio::test]
async fn idle_connections_do_not_hold_it_up() {
    let server = Server::start().await;
    let never_used = server.connect().await;
    let client = reqwest::Client::new();
    assert_eq!(Answer::of(client.get(server.url("/healthz"))).await.status, 200);
    timeout(Duration::from_secs(5), server.stop()).await.unwrap().unwrap();
    drop((never_used, client));
}

/// The clock stands still while there is something to do, and jumps when there is not.
#[tokio::test(start_paused = true)]
async fn a_stuck_request_holds_it_up_for_ten_seconds() {
    let store = StuckStore::default();
    let server = Server::on(store.clone()).await;
    let mut stream = all_but_the_last_byte(&server).await;
    stream.write_all(&BODY.as_bytes()[BODY.len() - 1..]).await.unwrap();
    store.asked.notified().await;

    let told = Instant::now();
    server.stop().await.unwrap();
    assert_eq!(told.elapsed().as_secs(), 10);
}
