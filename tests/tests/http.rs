//! SPEC's rules and replies over HTTP, on SQLite, MariaDB and MySQL: the rows are the shop's, the ids the database's.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use identity_core::IdentityResolver;
use identity_tests::databases::{Flavor, shared};
use identity_tests::http::IdentifyServer;
use serde_json::{Value, json};

/// A running server on a fresh database, whose ids count from 1.
struct Shop(IdentifyServer);

impl Shop {
    async fn on(url: &str) -> Self {
        let resolver = IdentityResolver::connect(url).await.expect("a fresh database");
        Self(IdentifyServer::start(resolver).await.expect("a free port"))
    }

    async fn identify(&self, email: Value, phone_number: Value) -> (u16, Value) {
        let body = json!({ "email": email, "phoneNumber": phone_number });
        self.0.identify(&body).await.expect("an answer")
    }

    /// Identifies, and compares the reply.
    async fn expect(
        &self,
        request: (Value, Value),
        primary: i64,
        emails: Value,
        phones: Value,
        secondaries: Value,
    ) {
        let asked = format!("{request:?}");
        let (status, reply) = self.identify(request.0, request.1).await;
        let contact = json!({
            "primaryContactId": primary,
            "emails": emails,
            "phoneNumbers": phones,
            "secondaryContactIds": secondaries,
        });
        assert_eq!((status, reply), (200, json!({ "contact": contact })), "{asked}");
    }

    async fn refuse(&self, request: (Value, Value), field: Option<&str>) {
        let asked = format!("{request:?}");
        let (status, problem) = self.identify(request.0, request.1).await;
        assert_eq!(status, 400, "{asked}");
        assert_eq!(problem.get("field").and_then(Value::as_str), field, "{asked}: {problem}");
    }
}

async fn rules(url: &str) {
    let shop = Shop::on(url).await;
    let (lorraine, mcfly) = ("lorraine@hillvalley.edu", "mcfly@hillvalley.edu");
    // Rule 1.
    shop.expect((json!(lorraine), json!("123456")), 1, json!([lorraine]), json!(["123456"]), json!([])).await;
    // Rule 2.
    let both = json!([lorraine, mcfly]);
    shop.expect((json!(mcfly), json!("123456")), 1, both.clone(), json!(["123456"]), json!([2])).await;
    // Rule 4: any part of what is known, however it is written.
    for known in [
        (json!(lorraine), Value::Null),
        (json!(mcfly), json!("")),
        (Value::Null, json!("123456")),
        (json!(null), json!(123_456)),
        (json!("  McFly@HillValley.EDU "), json!("(123) 4-5.6")),
        (json!(lorraine), json!("１２３４５６")),
    ] {
        shop.expect(known, 1, both.clone(), json!(["123456"]), json!([2])).await;
    }
    // Rule 3.
    let (george, biff) = ("george@hillvalley.edu", "biffsucks@hillvalley.edu");
    shop.expect((json!(george), json!("919191")), 3, json!([george]), json!(["919191"]), json!([])).await;
    shop.expect((json!(biff), json!("717171")), 4, json!([biff]), json!(["717171"]), json!([])).await;
    shop.expect(
        (json!("tannen@x.io"), json!(717_171)),
        4,
        json!([biff, "tannen@x.io"]),
        json!(["717171"]),
        json!([5]),
    )
    .await;
    let all = json!([george, biff, "tannen@x.io"]);
    shop.expect((json!(george), json!("717171")), 3, all.clone(), json!(["919191", "717171"]), json!([4, 5]))
        .await;
    shop.expect((json!("tannen@x.io"), Value::Null), 3, all, json!(["919191", "717171"]), json!([4, 5]))
        .await;
    // A primary without an email, a secondary that repeats it.
    shop.expect((Value::Null, json!("+1 555")), 6, json!([]), json!(["+1555"]), json!([])).await;
    shop.expect((json!("é@x.io"), json!("+1555")), 6, json!(["é@x.io"]), json!(["+1555"]), json!([7])).await;
    shop.expect((json!("e@x.io"), json!(null)), 8, json!(["e@x.io"]), json!([]), json!([])).await;
    // Invalid input.
    shop.refuse((Value::Null, Value::Null), None).await;
    shop.refuse((json!(" "), json!("")), None).await;
    shop.refuse((json!("nobody"), json!("1")), Some("email")).await;
    shop.refuse((json!(["a@x.io"]), json!("1")), Some("email")).await;
    shop.refuse((json!("a@x.io"), json!(-1)), Some("phoneNumber")).await;
    shop.refuse((json!("a@x.io"), json!(1.5)), Some("phoneNumber")).await;
    shop.refuse((json!("a@x.io"), json!("call me")), Some("phoneNumber")).await;
    shop.refuse((json!("a@x.io"), json!(true)), Some("phoneNumber")).await;
    // None of which left a trace.
    shop.expect((json!("a@x.io"), Value::Null), 9, json!(["a@x.io"]), json!([]), json!([])).await;
    assert_eq!(shop.0.get("/healthz").await.expect("an answer").0, 200);
    assert_eq!(shop.0.get("/readyz").await.expect("an answer").0, 200);
    shop.0.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    rules(&format!("sqlite://{}/contacts.db", folder.path().display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_memory() {
    rules("memory:").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mariadb() {
    let database = shared(Flavor::MariaDb).fresh_database().await.expect("a fresh database");
    rules(&database.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mysql() {
    let database = shared(Flavor::MySql).fresh_database().await.expect("a fresh database");
    rules(&database.url()).await;
}
