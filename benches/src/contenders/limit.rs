//! What the database and the driver can do at best, without any identity logic.

use sqlx::{AssertSqlSafe, MySqlPool, Row};

use crate::people::{email, has_second, phone};

/// Reads the clusters of these people by primary keys alone, in one statement; tells how many people.
///
/// # Errors
/// What the database says.
pub(crate) async fn read(pool: &MySqlPool, people: u64, numbers: &[u64]) -> Result<u64, sqlx::Error> {
    let mut ids: Vec<u64> = numbers.iter().map(|n| n + 1).collect();
    ids.extend(numbers.iter().filter(|n| has_second(**n)).map(|n| people + 1 + n / 4));
    // Fixed lengths, as a driver's statement cache wants them.
    let length = numbers.len() + numbers.len().div_ceil(2);
    ids.truncate(length);
    ids.resize(length, ids[0]);
    let sql = format!(
        "SELECT id, phoneNumber, email, linkedId, linkPrecedence, createdAt FROM Contact WHERE id IN ({})",
        vec!["?"; length].join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for id in ids {
        query = query.bind(id as i64);
    }
    let rows = query.fetch_all(pool).await?;
    for row in &rows {
        let (_, _): (Option<&str>, Option<&str>) = (row.try_get(1)?, row.try_get(2)?);
    }
    Ok(numbers.len() as u64)
}

/// Inserts the rows that new people need, in one transaction of multi-row INSERTs; tells how many people.
///
/// # Errors
/// What the database says.
pub(crate) async fn write(pool: &MySqlPool, numbers: &[u64]) -> Result<u64, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let at = "'2026-01-01 00:00:00.000000'";
    let contact = format!("(?, ?, NULL, 'primary', {at}, {at})");
    let sql = insert(
        "Contact (phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt)",
        &contact,
        numbers,
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for n in numbers {
        query = query.bind(phone(*n)).bind(email(*n));
    }
    let first = query.execute(&mut *transaction).await?.last_insert_id() as i64;
    let sql =
        insert("ContactIdentifier (kind, value, contactId)", "('email', ?, ?), ('phone', ?, ?)", numbers);
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (n, id) in numbers.iter().zip(first..) {
        query = query.bind(email(*n)).bind(id).bind(phone(*n)).bind(id);
    }
    query.execute(&mut *transaction).await?;
    let event = format!("('created', ?, ?, NULL, ?, ?, {at})");
    let columns =
        "ContactEvent (kind, contactId, primaryId, previousPrimaryId, email, phoneNumber, createdAt)";
    let sql = insert(columns, &event, numbers);
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (n, id) in numbers.iter().zip(first..) {
        query = query.bind(id).bind(id).bind(email(*n)).bind(phone(*n));
    }
    query.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(numbers.len() as u64)
}

fn insert(columns: &str, row: &str, numbers: &[u64]) -> String {
    format!("INSERT INTO {columns} VALUES {}", vec![row; numbers.len()].join(", "))
}

/// BEGIN, INSERT, INSERT, COMMIT: a contact and one claim, each by itself.
///
/// # Errors
/// What the database says.
pub(crate) async fn two_inserts(pool: &MySqlPool, n: u64) -> Result<u64, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let id = sqlx::query(
        "INSERT INTO Contact (phoneNumber, email, linkPrecedence, createdAt, updatedAt) VALUES (?, ?, 'primary', NOW(6), NOW(6))",
    )
    .bind(phone(n))
    .bind(email(n))
    .execute(&mut *transaction)
    .await?
    .last_insert_id() as i64;
    sqlx::query("INSERT INTO ContactIdentifier (kind, value, contactId) VALUES ('email', ?, ?)")
        .bind(email(n))
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(1)
}
