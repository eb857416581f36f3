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

/// Refuses sessions in which values would be cut silently, times moved, or reads be stale or dirty.
pub(super) async fn check_session(connection: &mut MySqlConnection) -> Result<(), Error> {
    // In winter and in summer, since London is UTC in one of them.
    let facts = "SELECT @@sql_mode LIKE '%STRICT_TRANS_TABLES%' OR @@sql_mode LIKE '%STRICT_ALL_TABLES%', \
                 FROM_UNIXTIME(1735689600) = '2025-01-01' AND FROM_UNIXTIME(1751328000) = '2025-07-01', \
                 CAST(@@autocommit AS SIGNED)";
    let row = sqlx::query(facts).fetch_one(&mut *connection).await.map_err(fault::classify)?;
    let fact = |column: usize| row.try_get::<i64, _>(column).map(|fact| fact != 0).map_err(fault::classify);
    let isolation = "SHOW SESSION VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')";
    let isolation = sqlx::query(isolation).fetch_one(connection).await.map_err(fault::classify)?;
    let isolation: String = isolation.try_get(1).map_err(fault::classify)?;
    for (holds, must) in [
        (fact(0)?, "sql_mode must contain STRICT_TRANS_TABLES, or values could be cut off silently"),
        (fact(1)?, "time_zone must be UTC, as sqlx sets it by default"),
        (fact(2)?, "autocommit must be on, or reads would see an ever older state"),
        (isolation != "READ-UNCOMMITTED", "isolation level must not be READ UNCOMMITTED"),
    ] {
        if !holds {
            return Err(Error::Configuration(format!("the sessions' {must}")));
        }
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
    check_engine(connection).await?;
    check_indexes(connection).await?;
    Ok(tick)
}

/// Only InnoDB has the transactions that everything rests on.
async fn check_engine(connection: &mut MySqlConnection) -> Result<(), Error> {
    let engine = "SELECT CAST(ENGINE AS CHAR) FROM information_schema.TABLES \
                  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'Contact'";
    let engine: Option<String> =
        sqlx::query_scalar(engine).fetch_one(connection).await.map_err(fault::classify)?;
    match engine.as_deref() {
        Some(engine) if engine.eq_ignore_ascii_case("InnoDB") => Ok(()),
        engine => Err(configuration(&format!(
            "the table Contact must be of the engine InnoDB, which has transactions; it is {}",
            engine.unwrap_or("a view")
        ))),
    }
}

async fn check_indexes(connection: &mut MySqlConnection) -> Result<(), Error> {
    let indexes = "SELECT CAST(GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) AS CHAR) FROM information_schema.STATISTICS \
                   WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'Contact' AND NON_UNIQUE = 0 GROUP BY INDEX_NAME";
    let unique: Vec<String> =
        sqlx::query_scalar(indexes).fetch_all(connection).await.map_err(fault::classify)?;
    match unique.iter().find(|columns| !columns.split(',').any(|column| column == "id")) {
        None => Ok(()),
        Some(columns) => Err(configuration(&format!(
            "the table Contact has a unique index on {columns}, but a person's contacts, and deleted ones, repeat \
             values; make it a plain index"
        ))),
    }
}

/// The name of an index that begins with `linkedId`.
pub(super) async fn linked_id_index(connection: &mut MySqlConnection) -> Result<Option<String>, sqlx::Error> {
    let index = "SELECT CAST(INDEX_NAME AS CHAR) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() \
                 AND TABLE_NAME = 'Contact' AND COLUMN_NAME = 'linkedId' AND SEQ_IN_INDEX = 1 LIMIT 1";
    sqlx::query_scalar(index).fetch_optional(connection).await
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
