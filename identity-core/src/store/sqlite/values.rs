//! Statements with their values, as the driver takes and gives them.

use std::sync::Arc;

use futures_util::future::join;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteConnection};
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::store::sql::statement::{Statement, Value};
use crate::timestamp::Timestamp;

pub(super) async fn execute(
    connection: &mut SqliteConnection,
    statement: Statement<'_>,
) -> Result<u64, sqlx::Error> {
    Ready::from(statement).execute(connection).await
}

/// Runs statements in their order. Each is made ready while the driver's thread runs the one before.
pub(super) async fn execute_all<'a>(
    connection: &mut SqliteConnection,
    statements: impl Iterator<Item = Statement<'a>>,
) -> Result<(), sqlx::Error> {
    let mut statements = statements.map(Ready::from);
    let mut next = statements.next();
    while let Some(statement) = next {
        let (done, following) = join(statement.execute(connection), async { statements.next() }).await;
        done?;
        next = following;
    }
    Ok(())
}

/// A statement as the driver takes it.
struct Ready {
    sql: String,
    arguments: SqliteArguments,
}

impl From<Statement<'_>> for Ready {
    fn from(Statement { sql, values }: Statement<'_>) -> Self {
        Self { sql, arguments: arguments(&values) }
    }
}

impl Ready {
    async fn execute(self, connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
        let done = sqlx::query_with(AssertSqlSafe(self.sql), self.arguments).execute(connection).await?;
        Ok(done.rows_affected())
    }
}

pub(super) async fn fetch(
    connection: &mut SqliteConnection,
    statement: &Statement<'_>,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let Statement { sql, values } = statement;
    sqlx::query_with(AssertSqlSafe(sql.as_str()), arguments(values)).fetch_all(connection).await
}

fn arguments(values: &[Value<'_>]) -> SqliteArguments {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    let mut times = Times::default();
    for value in values {
        // Encoding for SQLite copies bytes and cannot fail. Of all kinds of text it copies `Arc<str>` the least.
        let _ = match *value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value.map(Arc::<str>::from)),
            Value::Time(value) => arguments.add(times.text(value)),
            Value::Expression(_) => continue,
        };
    }
    arguments
}

/// The texts of times. Most of a statement's are one.
#[derive(Default)]
struct Times(Option<(Timestamp, Option<Arc<str>>)>);

impl Times {
    fn text(&mut self, at: Timestamp) -> Option<Arc<str>> {
        match &self.0 {
            Some((last, text)) if *last == at => text.clone(),
            _ => {
                let text = text(at).map(Arc::from);
                self.0 = Some((at, text.clone()));
                text
            }
        }
    }
}

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]");

/// What others write: `T` between date and time, a shorter or no fraction, a final `Z`.
const LENIENT: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[year]-[month]-[day][first [ ][T]][hour]:[minute]:[second][optional [.[subsecond]]][optional [Z]]"
);

fn text(at: Timestamp) -> Option<String> {
    at.to_datetime()?.format(FORMAT).ok()
}

pub(super) fn time(row: &SqliteRow, column: usize) -> Result<Option<Timestamp>, sqlx::Error> {
    let text: Option<String> = row.try_get(column)?;
    let parsed = text.and_then(|text| PrimitiveDateTime::parse(&text, LENIENT).ok());
    Ok(parsed.map(|at| Timestamp::from_datetime(at.assume_utc())))
}
