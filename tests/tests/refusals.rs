//! Tables and sessions on which the promises would not hold are refused at connect, and the message says why.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use identity_core::{Error, ErrorKind, IdentifyRequest, IdentityResolver, MySqlStore};
use identity_tests::databases::{Flavor, shared};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, MySqlPool};

fn assert_refused(error: &Error, named: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    let said = error.to_string();
    assert!(named.iter().any(|name| said.contains(name)), "none of {named:?} is in: {said}");
}

/// Connects where `Contact` ends so.
async fn with_table(flavor: Flavor, end: &str) -> Result<IdentityResolver, Error> {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let mut connection = MySqlConnection::connect(&database.url()).await.expect("a connection");
    let table = format!(
        "CREATE TABLE Contact (id INT AUTO_INCREMENT PRIMARY KEY, phoneNumber VARCHAR(30), email VARCHAR(254), \
         linkedId INT, linkPrecedence VARCHAR(9), createdAt DATETIME, updatedAt DATETIME, deletedAt DATETIME, \
         KEY (linkedId){end}"
    );
    connection.execute(AssertSqlSafe(table)).await.expect("a table");
    connection.close().await.expect("closed");
    IdentityResolver::connect(&database.url()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_transactions_is_refused() {
    for flavor in Flavor::ALL {
        let error = with_table(flavor, ") ENGINE = MyISAM").await.expect_err("MyISAM");
        assert_refused(&error, &["InnoDB"]);
        with_table(flavor, ") ENGINE = InnoDB").await.expect("the same table with transactions");
    }
}

/// A pair comes again when the contact that said it was deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_unique_index_over_several_columns_is_refused() {
    for flavor in Flavor::ALL {
        let error = with_table(flavor, ", UNIQUE (email, phoneNumber))").await.expect_err("a unique index");
        assert_refused(&error, &["email", "unique"]);
        with_table(flavor, ", KEY (email, phoneNumber))").await.expect("an index that is not unique");
    }
}

/// An application's own pool, whose connections begin with this statement.
async fn with_sessions(flavor: Flavor, first: &'static str) -> Result<(), Error> {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let pool: MySqlPool = MySqlPoolOptions::new()
        .max_connections(2)
        .after_connect(move |connection, _| {
            Box::pin(async move { connection.execute(first).await.map(|_| ()) })
        })
        .connect(&database.url())
        .await
        .expect("a pool");
    let result = match MySqlStore::new(pool.clone()).await {
        Ok(store) => {
            let resolver = IdentityResolver::new(store);
            resolver.identify(IdentifyRequest::new().email("a@x.io")).await.map(drop)
        }
        Err(error) => Err(error),
    };
    pool.close().await;
    result
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_would_lose_something_are_refused() {
    for (first, named) in [
        ("SET autocommit = 0", &["autocommit"][..]),
        ("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", &["isolation", "READ UNCOMMITTED"]),
        ("SET time_zone = '+01:00'", &["time_zone"]),
        ("SET sql_mode = ''", &["STRICT_TRANS_TABLES"]),
    ] {
        for flavor in Flavor::ALL {
            let error = with_sessions(flavor, first).await.expect_err(first);
            assert_refused(&error, named);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sessions_work() {
    for first in [
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SET sql_mode = 'STRICT_ALL_TABLES'",
    ] {
        for flavor in Flavor::ALL {
            with_sessions(flavor, first).await.expect(first);
        }
    }
}
