//! Servers that give every seventh id, as those of a cluster with several primaries do: replies and links name the ids
//! that the rows got.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::sync::Arc;

use identity_core::conformance::{self, Fixture, Subject};
use identity_core::{IdentifyRequest, IdentityResolver, MySqlStore, StoreOptions};
use identity_tests::databases::{DatabaseServer, Flavor};

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

#[tokio::test(flavor = "multi_thread")]
async fn ids_in_steps_on_mariadb() {
    ids_in_steps(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_in_steps_on_mysql() {
    ids_in_steps(Flavor::MySql).await;
}
