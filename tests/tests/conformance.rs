//! The MySQL store passes the conformance suite, on MariaDB and on MySQL.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::sync::Arc;

use identity_core::conformance::{Fixture, Subject};
use identity_core::{MySqlStore, StoreOptions};
use identity_tests::databases::{Flavor, shared};

#[async_trait::async_trait]
impl Fixture for On {
    async fn fresh(&self) -> Subject {
        let database = shared(self.0).fresh_database().await.expect("a fresh database");
        let store =
            MySqlStore::connect(&database.url(), StoreOptions::default()).await.expect("an empty database");
        let store = Arc::new(store);
        Subject { keep: Some(Box::new(database)), ..Subject::new(store.clone(), store) }
    }
}

#[derive(Debug)]
struct On(Flavor);

mod mariadb {
    use super::{Flavor, On};

    identity_core::conformance_tests!(On(Flavor::MariaDb));
}

mod mysql {
    use super::{Flavor, On};

    identity_core::conformance_tests!(On(Flavor::MySql));
}
