//! The rows of an import by the driver alone, into a SQLite file: prepared statements in large transactions, with the
//! journal and the syncing of `SqliteStore`.

use std::fmt;
use std::str::FromStr;
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

/// What is tried.
pub(crate) const WAYS: &[Way] = &[
    Way { rows: 1, transaction: 10_000 },
    Way { rows: 20, transaction: 10_000 },
    Way { rows: 100, transaction: 10_000 },
    Way { rows: 1_000, transaction: 10_000 },
    Way { rows: 20, transaction: 100_000 },
    Way { rows: 100, transaction: 100_000 },
    Way { rows: 1_000, transaction: 100_000 },
];

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
        for rows in rows.chunks(way.transaction) {
            let mut transaction = connection.begin().await?;
            for rows in rows.chunks(way.rows) {
                let mut query = sqlx::query(AssertSqlSafe(table.insert_placeholders(rows.len())));
                for cell in rows.iter().flatten() {
                    query = match cell {
                        Cell::Int(number) => query.bind(*number),
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

fn options(url: &str) -> Result<SqliteConnectOptions, sqlx::Error> {
    Ok(SqliteConnectOptions::from_str(url)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging())
}
