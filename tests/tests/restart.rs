//! A database that stops under a running server: 503 meanwhile, then answers again, and nothing is lost.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::time::{Duration, Instant};

use identity_core::IdentityResolver;
use identity_tests::databases::{DatabaseServer, Flavor};
use identity_tests::http::IdentifyServer;
use serde_json::{Value, json};

async fn person(server: &IdentifyServer, n: u64) -> (u16, Value) {
    let body = json!({ "email": format!("{n}@x.io"), "phoneNumber": n });
    server.identify(&body).await.expect("the server answers whatever the database does")
}

async fn stopped_and_started(flavor: Flavor) {
    let mut database = DatabaseServer::start(flavor).await.expect("a private server");
    let fresh = database.fresh_database().await.expect("a fresh database");
    let resolver = IdentityResolver::connect(&fresh.url()).await.expect("an empty database");
    let server = IdentifyServer::start(resolver).await.expect("a free port");
    let before = [person(&server, 1).await, person(&server, 2).await];
    assert!(before.iter().all(|(status, _)| *status == 200), "{before:?}");
    // Several connections of the pool are open, and all of them die.
    let opened = (10..30).map(|n| person(&server, n));
    futures_util::future::join_all(opened).await;

    database.stop().await.expect("the server stops");
    let (status, problem) = person(&server, 1).await;
    assert_eq!(status, 503, "{problem}");
    assert_eq!(problem["status"], 503);
    assert!(!problem.to_string().contains("x.io"));
    assert_eq!(person(&server, 3).await.0, 503);
    let (status, retry_after) = server.get("/readyz").await.expect("an answer");
    assert_eq!((status, retry_after.is_some()), (503, true));
    assert_eq!(server.get("/healthz").await.expect("an answer").0, 200, "the process lives on");

    database.restart().await.expect("the server starts again");
    let since = Instant::now();
    while person(&server, 1).await.0 != 200 {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not answer again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!([person(&server, 1).await, person(&server, 2).await], before, "nothing is lost");
    assert_eq!(person(&server, 3).await.0, 200);
    assert_eq!(server.get("/readyz").await.expect("an answer").0, 200);
    server.stop().await;
    drop(fresh);
    database.stop().await.expect("the server stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb() {
    stopped_and_started(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql() {
    stopped_and_started(Flavor::MySql).await;
}
