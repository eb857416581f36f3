//! No email and no phone number in messages and `Debug` output, whatever the database says.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::error::Error as _;

use identity_core::{ErrorKind, IdentifyRequest, IdentityResolver};
use identity_tests::databases::{Flavor, shared};
use sqlx::{Connection, Executor, MySqlConnection, SqliteConnection};

/// The error, its causes and their `Debug` output.
fn everything_said(error: &identity_core::Error) -> String {
    let mut said = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    said
}

/// A column that is too short, where the database minds, and a value that a CHECK does not let in.
const TABLE: &str = "phoneNumber VARCHAR(30), email VARCHAR(10), linkedId INT, linkPrecedence VARCHAR(9), createdAt DATETIME, \
                     updatedAt DATETIME, deletedAt DATETIME, CHECK (email <> 'bad@x.io'))";

async fn assert_not_repeated(resolver: &IdentityResolver, refused: &[&str]) {
    for &email in refused {
        let request = IdentifyRequest::new().email(email).phone_number("5550100");
        assert!(!format!("{request:?}").contains("5550100"));
        let error = resolver.identify(request).await.expect_err("the database refuses");
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(!error.is_retryable());
        let said = everything_said(&error);
        assert!(!said.contains(email) && !said.contains("5550100"), "{said}");
    }
    let person = resolver.identify(IdentifyRequest::new().email("ok@x.io").phone_number("5550100")).await;
    let person = person.expect("the refusals harmed nobody else");
    assert!(!format!("{person:?} {resolver:?}").contains("ok@x.io"));
}

#[tokio::test]
async fn what_sqlite_refuses_is_not_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/contacts.db?mode=rwc", folder.path().display());
    let mut connection = SqliteConnection::connect(&url).await.expect("a file");
    let table = format!("CREATE TABLE Contact (id INTEGER PRIMARY KEY, {TABLE}");
    connection.execute(sqlx::AssertSqlSafe(table)).await.expect("a table");
    connection.close().await.expect("closed");
    let resolver = IdentityResolver::connect(&url).await.expect("connect");
    assert_not_repeated(&resolver, &["bad@x.io"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_is_not_repeated() {
    for flavor in Flavor::ALL {
        let database = shared(flavor).fresh_database().await.expect("a fresh database");
        let mut connection = MySqlConnection::connect(&database.url()).await.expect("a connection");
        let table = format!("CREATE TABLE Contact (id INT AUTO_INCREMENT PRIMARY KEY, {TABLE}");
        connection.execute(sqlx::AssertSqlSafe(table)).await.expect("a table");
        let resolver = IdentityResolver::connect(&database.url()).await.expect("connect");
        assert_not_repeated(&resolver, &["secret-and-too-long@x.io", "bad@x.io"]).await;
        connection.close().await.expect("closed");
    }
}

#[tokio::test]
async fn wrong_passwords_and_urls_are_told_apart() {
    let shared = shared(Flavor::MySql);
    let database = shared.fresh_database().await.expect("a fresh database");
    let (before, after) =
        database.url().rsplit_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a user");
    let user = before.trim_start_matches("mysql://").split(':').next().expect("a user").to_owned();
    let wrong =
        IdentityResolver::connect(&format!("mysql://{user}:hunter2@{after}")).await.expect_err("refused");
    assert_eq!(wrong.kind(), ErrorKind::Refused, "{}", everything_said(&wrong));
    assert!(!everything_said(&wrong).contains("hunter2"));
    let closed =
        IdentityResolver::connect("mysql://u:hunter2@127.0.0.1:1/shop").await.expect_err("no server");
    assert_eq!(closed.kind(), ErrorKind::Unavailable);
    assert!(!everything_said(&closed).contains("hunter2"));
    for url in ["postgres://localhost/shop", "contacts.db", "mysql://localhost", "mysql://[/shop"] {
        let error = IdentityResolver::connect(url).await.expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}: {error}");
    }
}
