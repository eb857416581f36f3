//! Fills tables with people, by bare multi-row INSERTs.
//!
//! Large statements over a few connections: the sync at the end of each is then of no consequence, so that the server's
//! durability need not be touched. Without TLS, since this driver then waits 40 ms for each statement over 16 KiB, and without
//! the binary log, which nobody reads here.

use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, MySqlPool, Row as _};

use crate::people::{email, has_second, phone, second_email};

/// Contacts of one INSERT.
const CHUNK: u64 = 10_000;

/// Statements at once.
const CONNECTIONS: u32 = 4;

/// Where the rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tables {
    /// All of identity-core's.
    Ours,
    /// `Contact` alone.
    ContactAlone,
}

/// Inserts the people `0..people`: primaries with ids 1 to `people`, then the secondaries. Returns when the server has
/// written them to its files, so that it does not do so while somebody measures.
///
/// # Errors
/// What the database says.
pub(crate) async fn fill(url: &str, tables: Tables, people: u64) -> Result<(), sqlx::Error> {
    let connect =
        MySqlConnectOptions::from_str(url)?.ssl_mode(MySqlSslMode::Disabled).disable_statement_logging();
    let pool = MySqlPoolOptions::new()
        .max_connections(CONNECTIONS)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute("SET SESSION sql_log_bin = 0").await.map(drop) })
        })
        .connect_with(connect)
        .await?;
    for kind in [primary, secondary] {
        stream::iter((0..people).step_by(CHUNK as usize))
            .map(|first| {
                let numbers = first..people.min(first + CHUNK);
                insert(&pool, tables, numbers.filter_map(move |n| kind(n, people)).collect())
            })
            .buffer_unordered(CONNECTIONS as usize)
            .try_collect::<()>()
            .await?;
    }
    let names = if tables == Tables::Ours { "Contact, ContactIdentifier, ContactEvent" } else { "Contact" };
    pool.execute(AssertSqlSafe(format!("ANALYZE TABLE {names}"))).await?;
    settle(&pool).await?;
    pool.close().await;
    Ok(())
}

struct Contact {
    id: u64,
    person: u64,
    email: String,
    linked: Option<u64>,
}

fn primary(n: u64, _: u64) -> Option<Contact> {
    Some(Contact { id: n + 1, person: n, email: email(n), linked: None })
}

fn secondary(n: u64, people: u64) -> Option<Contact> {
    let id = people + 1 + n / 4;
    has_second(n).then(|| Contact { id, person: n, email: second_email(n), linked: Some(n + 1) })
}

const AT: &str = "'2024-01-01 00:00:00'";

/// The values are ours and hold no quotes, so they can be part of the text, which is quickest.
async fn insert(pool: &MySqlPool, tables: Tables, contacts: Vec<Contact>) -> Result<(), sqlx::Error> {
    let columns = "Contact (id, phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt)";
    execute(pool, columns, &contacts, |sql, Contact { id, person, email, linked }| {
        let phone = phone(*person);
        match linked {
            Some(primary) => {
                write!(sql, "({id}, '{phone}', '{email}', {primary}, 'secondary', {AT}, {AT}),")
            }
            None => write!(sql, "({id}, '{phone}', '{email}', NULL, 'primary', {AT}, {AT}),"),
        }
    })
    .await?;
    if tables == Tables::ContactAlone {
        return Ok(());
    }
    let columns = "ContactIdentifier (kind, value, contactId)";
    execute(pool, columns, &contacts, |sql, Contact { id, person, email, linked }| {
        if linked.is_none() {
            write!(sql, "('phone', '{}', {id}),", phone(*person))?;
        }
        write!(sql, "('email', '{email}', {id}),")
    })
    .await?;
    let columns = "ContactEvent (kind, contactId, primaryId, email, phoneNumber, createdAt)";
    execute(pool, columns, &contacts, |sql, Contact { id, person, email, linked }| {
        let (kind, primary) = linked.map_or(("created", *id), |primary| ("linked", primary));
        write!(sql, "('{kind}', {id}, {primary}, '{email}', '{}', {AT}),", phone(*person))
    })
    .await
}

async fn execute(
    pool: &MySqlPool,
    columns: &str,
    contacts: &[Contact],
    row: impl Fn(&mut String, &Contact) -> std::fmt::Result,
) -> Result<(), sqlx::Error> {
    let mut sql = format!("INSERT INTO {columns} VALUES ");
    if contacts.is_empty() {
        return Ok(());
    }
    for contact in contacts {
        row(&mut sql, contact).map_err(|error| sqlx::Error::Encode(error.into()))?;
    }
    // The last comma.
    sql.pop();
    pool.execute(AssertSqlSafe(sql)).await.map(drop)
}

/// Waits until hardly a page is left to be written, for a minute at most.
async fn settle(pool: &MySqlPool) -> Result<(), sqlx::Error> {
    let dirty = "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM performance_schema.global_status \
                 WHERE VARIABLE_NAME = 'Innodb_buffer_pool_pages_dirty'";
    for _ in 0..60 {
        if pool.fetch_one(dirty).await?.try_get::<i64, _>(0)? < 1_000 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}
