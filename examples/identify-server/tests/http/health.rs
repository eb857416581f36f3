//! The questions of whoever runs the server.

use std::time::Duration;

use reqwest::Client;
use serde_json::json;

use crate::shutdown::StuckStore;
use crate::support::{Answer, Server};

#[tokio::test]
async fn a_server_with_its_database_is_alive_and_ready() {
    let server = Server::start().await;
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let answer = Answer::of(Client::new().get(server.url(path))).await;
        assert_eq!((answer.status, answer.body), (200, json!({ "status": status })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_does_not_answer_is_not_ready() {
    let server = Server::on(StuckStore::default()).await;
    let begun = tokio::time::Instant::now();
    let answer = server.raw(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(6));
}
