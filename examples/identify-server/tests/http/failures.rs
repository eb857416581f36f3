//! What the database can do to a request.

use std::io;

use async_trait::async_trait;
use identity_core::{Changes, ContactId, ContactStore, Error, Query, Snapshot};

use crate::support::{Answer, Server};

/// A store that always fails in the same way.
#[derive(Debug)]
struct FailingStore(Error);

#[async_trait]
impl ContactStore for FailingStore {
    async fn load(&self, _: Query<'_>) -> Result<Snapshot, Error> {
        Err(self.0.clone())
    }

    async fn commit(&self, _: &Changes) -> Result<Vec<ContactId>, Error> {
        Err(self.0.clone())
    }
}

async fn identify_with(error: Error) -> Answer {
    let server = Server::on(FailingStore(error)).await;
    let answer = server.identify(r#"{"email":"a@x.io"}"#).await;
    let alive = Answer::of(reqwest::Client::new().get(server.url("/healthz"))).await;
    assert_eq!(alive.status, 200, "the process lives on");
    answer
}

#[tokio::test]
async fn a_database_that_is_away_or_busy_asks_to_come_back() {
    let away = Error::unavailable(io::Error::other("driver's words"));
    let busy = Error::conflict_because(io::Error::other("driver's words"));
    for (error, word) in [(away, "not available"), (busy, "other writers")] {
        let answer = identify_with(error).await;
        assert!(answer.problem(503).contains(word), "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(!answer.body.to_string().contains("driver"), "{answer:?}");
    }
}

#[tokio::test]
async fn what_the_sender_cannot_help_is_not_told() {
    for error in [
        Error::refused(io::Error::other("driver's words")),
        Error::Unsound { contact: ContactId::from(77), problem: "is a secondary of a secondary" },
        Error::NotAdopted,
        Error::Configuration("no such column".into()),
    ] {
        let answer = identify_with(error).await;
        assert_eq!(answer.problem(500), "the server cannot answer this request");
        assert_eq!(answer.header("retry-after"), None);
    }
}

#[tokio::test]
async fn invalid_input_is_found_without_a_database() {
    let server = Server::on(FailingStore(Error::unavailable(io::Error::other("away")))).await;
    server.identify("{}").await.problem(400);
}

#[tokio::test]
async fn a_server_without_its_database_is_alive_and_not_ready() {
    for error in [Error::unavailable(io::Error::other("away")), Error::NotAdopted] {
        let server = Server::on(FailingStore(error)).await;
        let ready = Answer::of(reqwest::Client::new().get(server.url("/readyz"))).await;
        ready.problem(503);
        assert_eq!(ready.header("retry-after"), Some("1"));
    }
}
