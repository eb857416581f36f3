//! Servers that give every seventh id, as those of a cluster with several primaries do: replies and links name the ids
//! that the rows got.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::sync::Arc;

use identity_core::conformance::{self, Fixture, Inspect, Subject};
use identity_core::{IdentifyRequest, IdentityResolver, MySqlStore, StoreOptions};
use identity_tests::databases::{DatabaseServer, Flavor, shared};
use sqlx::{Connection, Executor, MySqlConnection};

#[derive(Debug)]
struct InSteps(DatabaseServer);

#[async_trait::async_trait]
impl Fixture for InSteps {
    async fn fresh(&self) -> Subject {
        let database = self.0.fresh_database().await.expect("a fresh database");
        let store =
            MySqlStore::connect(&database.url(), StoreOptions::default()).await.expect("an empty database");
        let store = Arc::new(store);
        Subject { keep: Some(Box::new(database)), ..Subject::new(store.clone(), store) }
    }
}

async fn ids_in_steps(flavor: Flavor) {
    let options = ["--auto-increment-increment=7", "--auto-increment-offset=3"];
    let fixture = InSteps(DatabaseServer::start_with(flavor, &options).await.expect("a server"));
    let subject = fixture.fresh().await;
    let requests = (0..5).map(|n| IdentifyRequest::new().email(format!("{n}@x.io")));
    let people = IdentityResolver::new(subject.store.clone()).identify_many(requests).await;
    let ids: Vec<_> =
        people.into_iter().map(|person| person.expect("identify_many").primary_contact_id.get()).collect();
    assert_eq!(ids, [3, 10, 17, 24, 31], "every seventh id, and the replies name them");
    for case in ["a_batch_is_a_sequence", "random_calls_are_as_in_the_model", "large_queries_are_whole"] {
        conformance::run(case, &fixture).await;
    }
}

/// Galera changes the step whenever a member comes or goes. Here a trigger does, within the insertion of three rows.
async fn steps_that_change(flavor: Flavor) {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let store =
        MySqlStore::connect(&database.url(), StoreOptions::default()).await.expect("an empty database");
    let mut connection = MySqlConnection::connect(&database.url()).await.expect("a connection");
    let trigger =
        "CREATE TRIGGER Step AFTER INSERT ON Contact FOR EACH ROW SET SESSION auto_increment_increment = 5";
    connection.execute(trigger).await.expect("a trigger");
    let requests = (0..3).map(|n| IdentifyRequest::new().email(format!("{n}@x.io")));
    for person in IdentityResolver::new(store.clone()).identify_many(requests).await {
        person.expect("identify_many");
    }
    let (contacts, claims) = (store.contacts().await, store.claims().await);
    assert_eq!(contacts.len(), 3);
    conformance::assert_sound(&contacts, &claims);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_change_on_mariadb() {
    steps_that_change(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_change_on_mysql() {
    steps_that_change(Flavor::MySql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_in_steps_on_mariadb() {
    ids_in_steps(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_in_steps_on_mysql() {
    ids_in_steps(Flavor::MySql).await;
}
