//! The rows of an import by the driver alone, into MySQL.
//!
//! Each statement is a transaction of its own, with the server's durability. The values are part of the text, which is
//! quicker than binding them. Without TLS: with it this driver waits 40 ms for each statement over 16 KiB, and that wait
//! would be what is measured.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, MySql, MySqlPool};

use crate::tables::{self, Content};

/// How the rows are inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    rows: usize,
    connections: u32,
}

/// The lengths and the numbers of connections that are tried, each with each.
const ROWS: [usize; 3] = [1_000, 5_000, 20_000];
const CONNECTIONS: [u32; 4] = [1, 2, 4, 8];

impl Way {
    /// What is tried.
    pub(crate) fn all() -> Vec<Self> {
        CONNECTIONS.into_iter().flat_map(|connections| ROWS.map(|rows| Self { rows, connections })).collect()
    }

    /// Whether there may be a better one outside of what is tried. One connection is no edge: there are no fewer.
    pub(crate) fn is_at_edge(self) -> bool {
        [ROWS.first(), ROWS.last()].contains(&Some(&self.rows))
            || CONNECTIONS.last() == Some(&self.connections)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows a statement, {} connections", self.rows, self.connections)
    }
}

/// What an import left.
///
/// # Errors
/// What the database says.
pub(crate) async fn read(url: &str) -> Result<Vec<Content>, sqlx::Error> {
    let mut connection = options(url)?.connect().await?;
    let contents = tables::read::<MySql>(&mut connection, "CHAR").await?;
    connection.close().await?;
    Ok(contents)
}

/// Inserts it into empty tables; tells how long that took.
///
/// # Errors
/// What the database says.
pub(crate) async fn insert(url: &str, contents: &[Content], way: Way) -> Result<Duration, sqlx::Error> {
    let pool = MySqlPoolOptions::new()
        .min_connections(way.connections)
        .max_connections(way.connections)
        .connect_with(options(url)?)
        .await?;
    let start = Instant::now();
    for Content { table, rows } in contents {
        stream::iter(rows.chunks(way.rows))
            .map(|rows| execute(&pool, table.insert_text(rows)))
            .buffer_unordered(way.connections as usize)
            .try_collect::<()>()
            .await?;
    }
    let took = start.elapsed();
    pool.close().await;
    Ok(took)
}

async fn execute(pool: &MySqlPool, sql: String) -> Result<(), sqlx::Error> {
    pool.execute(AssertSqlSafe(sql)).await.map(drop)
}

fn options(url: &str) -> Result<MySqlConnectOptions, sqlx::Error> {
    Ok(MySqlConnectOptions::from_str(url)?.ssl_mode(MySqlSslMode::Disabled).disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_are_known() {
        let inside: Vec<_> = Way::all().into_iter().filter(|way| !way.is_at_edge()).collect();
        assert_eq!(Way::all().len(), 12);
        assert_eq!(inside, [1, 2, 4].map(|connections| Way { rows: 5_000, connections }));
    }
}
