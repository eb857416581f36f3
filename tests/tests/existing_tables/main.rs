//! Tables that were there before: other column types, contacts to adopt, shapes that are refused.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

mod adoption;
mod shapes;

use identity_tests::databases::{Flavor, FreshDatabase, shared};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};

/// A table as a shop's own migrations may have made it.
fn table(id: &str, link: &str, precedence: &str, time: &str) -> String {
    format!(
        "CREATE TABLE Contact (id {id} AUTO_INCREMENT PRIMARY KEY, phoneNumber VARCHAR(30), email VARCHAR(254), \
         linkedId {link}, linkPrecedence {precedence}, createdAt {time}, updatedAt {time}, deletedAt {time} NULL, \
         KEY (linkedId)) CHARACTER SET utf8mb4"
    )
}

async fn with_table(flavor: Flavor, sql: &str) -> FreshDatabase {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    run(&database, sql).await;
    database
}

async fn run(database: &FreshDatabase, sql: &str) {
    let mut connection = MySqlConnection::connect(&database.url()).await.expect("a connection");
    connection.execute(AssertSqlSafe(sql.to_owned())).await.expect("the statement");
    connection.close().await.expect("closed");
}
