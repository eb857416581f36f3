//! What shops do today, in the plainest way: per request a SELECT by email or phone, then an INSERT or UPDATE.
//!
//! No connection is pinged before it is used. Callers share as many as serve most, and whoever has waited longest gets the
//! first that is free.

use sqlx::{Connection, FromRow, MySqlConnection};

/// The table as such backends make it, with an index on each column that is searched. The collation is ours: it is also the
/// quickest to compare by.
pub(crate) const TABLE: &str = "CREATE TABLE Contact (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, phoneNumber VARCHAR(32), \
    email VARCHAR(254), linkedId BIGINT, linkPrecedence ENUM('primary', 'secondary') NOT NULL, \
    createdAt DATETIME(6) NOT NULL, updatedAt DATETIME(6) NOT NULL, deletedAt DATETIME(6), \
    KEY (email), KEY (phoneNumber), KEY (linkedId)) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

#[derive(Clone, Debug, FromRow)]
#[sqlx(rename_all = "camelCase")]
struct Contact {
    id: i64,
    phone_number: Option<String>,
    email: Option<String>,
    linked_id: Option<i64>,
}

/// The reply: primary, emails, phone numbers, secondaries.
pub(crate) type Reply = (i64, Vec<String>, Vec<String>, Vec<i64>);

/// Identifies one request, in a transaction or without one.
///
/// # Errors
/// What the database says. A deadlock is tried again, as shops learn to do.
pub(crate) async fn identify(
    connection: &mut MySqlConnection,
    email: &str,
    phone: &str,
    transaction: bool,
) -> Result<Reply, sqlx::Error> {
    loop {
        if !transaction {
            match statements(connection, email, phone).await {
                Err(error) if is_deadlock(&error) => continue,
                outcome => return outcome,
            }
        }
        let mut transaction = connection.begin().await?;
        let outcome = statements(&mut transaction, email, phone).await;
        match outcome {
            Ok(reply) => {
                transaction.commit().await?;
                return Ok(reply);
            }
            Err(error) if is_deadlock(&error) => transaction.rollback().await?,
            Err(error) => return Err(error),
        }
    }
}

fn is_deadlock(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("40001"))
}

async fn statements(
    connection: &mut MySqlConnection,
    email: &str,
    phone: &str,
) -> Result<Reply, sqlx::Error> {
    let matching: Vec<Contact> = sqlx::query_as(
        "SELECT id, phoneNumber, email, linkedId FROM Contact \
         WHERE (email = ? OR phoneNumber = ?) AND deletedAt IS NULL ORDER BY createdAt, id",
    )
    .bind(email)
    .bind(phone)
    .fetch_all(&mut *connection)
    .await?;
    if matching.is_empty() {
        let inserted = sqlx::query(
            "INSERT INTO Contact (phoneNumber, email, linkPrecedence, createdAt, updatedAt) \
             VALUES (?, ?, 'primary', NOW(6), NOW(6))",
        )
        .bind(phone)
        .bind(email)
        .execute(connection)
        .await?;
        return Ok((
            inserted.last_insert_id() as i64,
            vec![email.to_owned()],
            vec![phone.to_owned()],
            vec![],
        ));
    }
    let mut primaries: Vec<i64> =
        matching.iter().map(|contact| contact.linked_id.unwrap_or(contact.id)).collect();
    primaries.sort_unstable();
    primaries.dedup();
    let mut cluster = cluster(connection, &primaries).await?;
    let primary = primaries[0];
    if let Some(other) = primaries.get(1) {
        sqlx::query(
            "UPDATE Contact SET linkedId = ?, linkPrecedence = 'secondary', updatedAt = NOW(6) WHERE id = ? OR linkedId = ?",
        )
        .bind(primary)
        .bind(other)
        .bind(other)
        .execute(&mut *connection)
        .await?;
    } else {
        let new_email = !cluster.iter().any(|contact| contact.email.as_deref() == Some(email));
        let new_phone = !cluster.iter().any(|contact| contact.phone_number.as_deref() == Some(phone));
        if new_email || new_phone {
            let inserted = sqlx::query(
                "INSERT INTO Contact (phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt) \
                 VALUES (?, ?, ?, 'secondary', NOW(6), NOW(6))",
            )
            .bind(phone)
            .bind(email)
            .bind(primary)
            .execute(connection)
            .await?;
            cluster.push(Contact {
                id: inserted.last_insert_id() as i64,
                phone_number: Some(phone.to_owned()),
                email: Some(email.to_owned()),
                linked_id: Some(primary),
            });
        }
    }
    Ok(reply(primary, &cluster))
}

async fn cluster(connection: &mut MySqlConnection, primaries: &[i64]) -> Result<Vec<Contact>, sqlx::Error> {
    let (first, second) = (primaries[0], primaries.get(1).copied().unwrap_or(primaries[0]));
    sqlx::query_as(
        "SELECT id, phoneNumber, email, linkedId FROM Contact \
         WHERE (id IN (?, ?) OR linkedId IN (?, ?)) AND deletedAt IS NULL ORDER BY createdAt, id",
    )
    .bind(first)
    .bind(second)
    .bind(first)
    .bind(second)
    .fetch_all(connection)
    .await
}

fn reply(primary: i64, cluster: &[Contact]) -> Reply {
    let (mut emails, mut phones, mut secondaries) = (Vec::new(), Vec::new(), Vec::new());
    for contact in cluster {
        for (value, all) in [(&contact.email, &mut emails), (&contact.phone_number, &mut phones)] {
            all.extend(value.clone().filter(|value| !all.contains(value)));
        }
        if contact.id != primary {
            secondaries.push(contact.id);
        }
    }
    (primary, emails, phones, secondaries)
}
