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

/// The same on the application's own pool.
#[derive(Debug)]
struct OnPool(Flavor);

#[async_trait::async_trait]
impl Fixture for OnPool {
    async fn fresh(&self) -> Subject {
        let database = shared(self.0).fresh_database().await.expect("a fresh database");
        let pool = sqlx::MySqlPool::connect(&database.url()).await.expect("a pool");
        let store = Arc::new(MySqlStore::new(pool).await.expect("an empty database"));
        Subject { keep: Some(Box::new(database)), ..Subject::new(store.clone(), store) }
    }
}

mod pool_of_the_application {
    use super::{Flavor, OnPool};

    identity_core::conformance_tests!(OnPool(Flavor::MySql));
}

mod mariadb {
    use super::{Flavor, On};

    identity_core::conformance_tests!(On(Flavor::MariaDb));
}

mod mysql {
    use super::{Flavor, On};

    identity_core::conformance_tests!(On(Flavor::MySql));
}
