//! Whether contacts are as they were seen, without reading them: the driver hands each row over to another thread.

use sqlx::SqliteConnection;

use super::DIALECT;
use super::values::{fetch, time};
use crate::changes::Version;
use crate::contact::ContactId;
use crate::store::sql::statement::{Statement, Value};
use crate::store::sql::versions;

/// Whether contacts are live and as they were seen; the caller keeps to the fixed lengths.
pub(super) async fn all_as_seen(
    connection: &mut SqliteConnection,
    seen: &[Version],
) -> Result<bool, sqlx::Error> {
    if count(connection, seen).await? == Some(seen.len() as i64) {
        return Ok(true);
    }
    // The same time may be written otherwise than we do: only what is read tells.
    let rows =
        fetch(connection, &versions::statement(&DIALECT, seen.iter().map(|version| version.contact))).await?;
    versions::all_match(&rows, seen, time)
}

/// How many are as they were seen, by the text that we write for their times.
async fn count(connection: &mut SqliteConnection, seen: &[Version]) -> Result<Option<i64>, sqlx::Error> {
    let values = seen.iter().map(|version| {
        [
            Value::Int(Some(version.contact.get())),
            Value::Int(version.linked_id.map(ContactId::get)),
            Value::Time(version.updated_at),
        ]
    });
    // Each is looked up by its id: CROSS JOIN keeps SQLite from turning the order round.
    let count = Statement::new("SELECT COUNT(*) FROM (VALUES ").rows(values).sql(
        ") v CROSS JOIN Contact c WHERE c.id = v.column1 AND c.linkedId IS v.column2 AND c.updatedAt = v.column3 \
         AND c.deletedAt IS NULL",
    );
    let rows = fetch(connection, &count).await?;
    rows.first().map(|row| sqlx::Row::try_get(row, 0)).transpose()
}
