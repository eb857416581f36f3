//! The rows of an import by the driver alone, into a SQLite file: prepared statements in large transactions, with every
//! setting that the writer of `SqliteStore` has.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Sqlite};

use crate::tables::{self, Cell, Content};

/// How the rows are inserted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    rows: usize,
    transaction: usize,
}

/// The lengths of statements and of transactions that are tried, each with each. The longest statement binds nearly the 32,766
/// values that SQLite takes, and the longest transaction takes a whole table.
const ROWS: [usize; 5] = [1, 20, 100, 1_000, 4_000];
const TRANSACTIONS: [usize; 3] = [10_000, 100_000, 1_000_000];

impl Way {
    /// What is tried.
    pub(crate) fn all() -> Vec<Self> {
        let of = |transaction| ROWS.map(|rows| Self { rows, transaction });
        TRANSACTIONS.into_iter().flat_map(of).collect()
    }

    /// Whether there may be a better one outside of what is tried. Only the shortest transaction is such an edge: there are no
    /// fewer rows than one, and what is longest cannot be longer.
    pub(crate) fn is_at_edge(self) -> bool {
        TRANSACTIONS.first() == Some(&self.transaction)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows a statement, {} a transaction", self.rows, self.transaction)
    }
}

/// What an import left.
///
/// # Errors
/// What the database says.
pub(crate) async fn read(url: &str) -> Result<Vec<Content>, sqlx::Error> {
    let mut connection = options(url)?.connect().await?;
    let contents = tables::read::<Sqlite>(&mut connection, "TEXT").await?;
    connection.close().await?;
    Ok(contents)
}

/// Inserts it into empty tables; tells how long that took.
///
/// # Errors
/// What the database says.
pub(crate) async fn insert(url: &str, contents: &[Content], way: Way) -> Result<Duration, sqlx::Error> {
    let mut connection = options(url)?.connect().await?;
    let start = Instant::now();
    for Content { table, rows } in contents {
        // All statements but the last have that length.
        let usual: Arc<str> = table.insert_placeholders(way.rows).into();
        for rows in rows.chunks(way.transaction) {
            let mut transaction = connection.begin().await?;
            for rows in rows.chunks(way.rows) {
                let sql = if rows.len() == way.rows {
                    Arc::clone(&usual)
                } else {
                    table.insert_placeholders(rows.len()).into()
                };
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for cell in rows.iter().flatten() {
                    query = match cell {
                        Cell::Int(number) => query.bind(*number),
                        // The driver takes a share of it, and copies nothing.
                        Cell::Text(text) => query.bind(text.clone()),
                    };
                }
                query.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
        }
    }
    let took = start.elapsed();
    connection.close().await?;
    Ok(took)
}

/// Those of `SqliteStore`'s writer. Whoever changes them there changes them here.
///
/// # Errors
/// Where the URL cannot be read.
pub(crate) fn options(url: &str) -> Result<SqliteConnectOptions, sqlx::Error> {
    Ok(SqliteConnectOptions::from_str(url)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-32000")
        .pragma("wal_autocheckpoint", "4000")
        .disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_are_known() {
        let at_edge = Way::all().into_iter().filter(|way| way.is_at_edge()).count();
        assert_eq!((Way::all().len(), at_edge), (15, 5));
    }
}
