//! What an existing table and the pool's sessions must be like. Checked once, so that nothing is lost later.

use sqlx::{MySqlConnection, Row};

use crate::error::Error;
use crate::store::sql::adopt::TableState;
use crate::store::sql::{check_columns, fault};

/// Columns that must hold text.
const TEXT: [&str; 2] = ["phoneNumber", "email"];
const TEXT_TYPES: [&str; 6] = ["char", "varchar", "tinytext", "text", "mediumtext", "longtext"];
/// Columns that must hold a date and a time.
const TIMES: [&str; 3] = ["createdAt", "updatedAt", "deletedAt"];

/// Refuses sessions in which values would be cut silently, or times moved.
pub(super) async fn check_session(connection: &mut MySqlConnection) -> Result<(), Error> {
    let facts = "SELECT @@sql_mode LIKE '%STRICT_TRANS_TABLES%' OR @@sql_mode LIKE '%STRICT_ALL_TABLES%', \
                 CAST(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW()) AS SIGNED)";
    let row = sqlx::query(facts).fetch_one(connection).await.map_err(fault::classify)?;
    let strict: i64 = row.try_get(0).map_err(fault::classify)?;
    let offset: i64 = row.try_get(1).map_err(fault::classify)?;
    if strict == 0 {
        return Err(configuration(
            "the sessions' sql_mode must contain STRICT_TRANS_TABLES, or values could be cut off silently",
        ));
    }
    if offset.abs() > 1 {
        return Err(configuration("the sessions' time_zone must be UTC, as sqlx sets it by default"));
    }
    Ok(())
}

/// Refuses a table that cannot be used; tells the unit of its times in microseconds.
pub(super) async fn check_table(connection: &mut MySqlConnection) -> Result<i64, Error> {
    let columns = "SELECT CAST(COLUMN_NAME AS CHAR), LOWER(CAST(DATA_TYPE AS CHAR)), \
                   CAST(COALESCE(DATETIME_PRECISION, -1) AS SIGNED), CAST(EXTRA AS CHAR) \
                   FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'Contact'";
    let rows = sqlx::query(columns).fetch_all(&mut *connection).await.map_err(fault::classify)?;
    let columns: Vec<(String, String, i64, String)> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)))
        .collect::<Result<_, _>>()
        .map_err(fault::classify)?;
    check_columns(columns.iter().map(|(name, ..)| name.as_str()))?;
    let mut tick = 1;
    for (name, data_type, precision, extra) in &columns {
        let name = name.as_str();
        if TEXT.contains(&name) && !TEXT_TYPES.contains(&data_type.as_str()) {
            return Err(configuration(&format!(
                "the column {name} of the table Contact must hold text; it is of type {data_type}"
            )));
        }
        if TIMES.contains(&name) && *precision < 0 {
            return Err(configuration(&format!(
                "the column {name} of the table Contact must be a DATETIME or TIMESTAMP; it is of type {data_type}"
            )));
        }
        if TIMES[..2].contains(&name) {
            tick = tick.max(10_i64.pow(6 - u32::try_from(*precision).unwrap_or(0).min(6)));
        }
        if name == "id" && !extra.to_lowercase().contains("auto_increment") {
            return Err(configuration("the column id of the table Contact must be AUTO_INCREMENT"));
        }
    }
    check_indexes(connection).await?;
    Ok(tick)
}

async fn check_indexes(connection: &mut MySqlConnection) -> Result<(), Error> {
    let indexes = "SELECT CAST(COLUMN_NAME AS CHAR), CAST(NON_UNIQUE AS SIGNED) FROM information_schema.STATISTICS \
                   WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'Contact' AND SEQ_IN_INDEX = 1 AND INDEX_NAME NOT IN \
                   (SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() \
                   AND TABLE_NAME = 'Contact' AND SEQ_IN_INDEX = 2 AND NON_UNIQUE = 0)";
    let rows = sqlx::query(indexes).fetch_all(connection).await.map_err(fault::classify)?;
    let mut linked_id_is_indexed = false;
    for row in rows {
        let column: String = row.try_get(0).map_err(fault::classify)?;
        let non_unique: i64 = row.try_get(1).map_err(fault::classify)?;
        if non_unique == 0 && column != "id" {
            return Err(configuration(&format!(
                "the table Contact has a unique index on {column}, but a person's contacts repeat values; drop it"
            )));
        }
        linked_id_is_indexed |= column == "linkedId";
    }
    if !linked_id_is_indexed {
        tracing::warn!(
            "the table Contact has no index on linkedId, so every call reads all of it; \
             CREATE INDEX Contact_linkedId ON Contact (linkedId) helps"
        );
    }
    Ok(())
}

/// Whether the table was adopted, and whether it holds anything.
pub(super) async fn table_state(connection: &mut MySqlConnection) -> Result<TableState, sqlx::Error> {
    let state =
        "SELECT EXISTS (SELECT 1 FROM ContactSetup WHERE name = 'adopted'), EXISTS (SELECT 1 FROM Contact)";
    let row = sqlx::query(state).fetch_one(connection).await?;
    Ok(TableState::from_facts(row.try_get::<i64, _>(0)? != 0, row.try_get::<i64, _>(1)? != 0))
}

fn configuration(message: &str) -> Error {
    Error::Configuration(message.to_owned())
}
