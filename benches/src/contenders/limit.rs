//! What the database and the driver can do at best, without any identity logic. The statements are made before anything is
//! measured.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection, MySqlConnection, Row};

use crate::people::{email, has_second, phone};

/// Reads clusters by primary keys alone, so many people in one statement.
#[derive(Debug)]
pub(crate) struct Read {
    sql: Arc<str>,
    ids: usize,
}

impl Read {
    /// The statement for so many people.
    pub(crate) fn of(people: usize) -> Self {
        // A fixed length, as a driver's statement cache wants it.
        let ids = people + people.div_ceil(2);
        let sql = format!(
            "SELECT id, phoneNumber, email, linkedId, linkPrecedence, createdAt FROM Contact WHERE id IN ({})",
            vec!["?"; ids].join(", ")
        );
        Self { sql: sql.into(), ids }
    }

    /// Reads these, out of a table of so many `people`; tells how many.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn run(
        &self,
        connection: &mut MySqlConnection,
        people: u64,
        numbers: &[u64],
    ) -> Result<u64, sqlx::Error> {
        let mut ids: Vec<u64> = numbers.iter().map(|n| n + 1).collect();
        ids.extend(numbers.iter().filter(|n| has_second(**n)).map(|n| people + 1 + n / 4));
        ids.resize(self.ids, ids[0]);
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(&self.sql)));
        for id in ids {
            query = query.bind(id as i64);
        }
        let rows = query.fetch_all(connection).await?;
        for row in &rows {
            let (_, _): (Option<&str>, Option<&str>) = (row.try_get(1)?, row.try_get(2)?);
        }
        Ok(numbers.len() as u64)
    }
}

/// What a lone caller of whom email and phone number are known would ask: one statement that leads from them to the cluster,
/// by way of the claims. Which of these is quicker is for the measurement to say.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cluster {
    /// As one would write it.
    Plain,
    /// Joined as identity-core joins, which reads a primary that holds a claim itself once and not twice.
    AsOurs,
}

impl Cluster {
    fn sql(self) -> &'static str {
        match self {
            Self::Plain => {
                "SELECT p.id, p.phoneNumber, p.email, p.linkPrecedence, p.createdAt, \
                 s.id, s.phoneNumber, s.email, s.linkPrecedence, s.createdAt \
                 FROM ContactIdentifier i \
                 JOIN Contact h ON h.id = i.contactId \
                 JOIN Contact p ON p.id = COALESCE(h.linkedId, h.id) \
                 LEFT JOIN Contact s ON s.linkedId = p.id AND s.deletedAt IS NULL \
                 WHERE (i.kind = 'email' AND i.value = ?) OR (i.kind = 'phone' AND i.value = ?)"
            }
            Self::AsOurs => {
                "SELECT h.id, h.phoneNumber, h.email, h.linkPrecedence, h.createdAt, \
                 p.id, p.phoneNumber, p.email, p.linkPrecedence, p.createdAt, \
                 s.id, s.phoneNumber, s.email, s.linkPrecedence, s.createdAt \
                 FROM ContactIdentifier i \
                 LEFT JOIN Contact h ON h.id = i.contactId \
                 LEFT JOIN Contact p ON p.id = h.linkedId AND p.deletedAt IS NULL \
                 LEFT JOIN Contact s ON s.linkedId = COALESCE(h.linkedId, i.contactId) AND s.deletedAt IS NULL \
                 WHERE (i.kind = 'email' AND i.value IN (?)) OR (i.kind = 'phone' AND i.value IN (?))"
            }
        }
    }
}

/// Fetches the cluster of a person by email and phone number.
///
/// # Errors
/// What the database says, and that there is none.
pub(crate) async fn cluster(
    connection: &mut MySqlConnection,
    n: u64,
    statement: Cluster,
) -> Result<u64, sqlx::Error> {
    let rows = sqlx::query(statement.sql()).bind(email(n)).bind(phone(n)).fetch_all(connection).await?;
    for row in &rows {
        let (_, _): (Option<&str>, Option<&str>) = (row.try_get(1)?, row.try_get(2)?);
    }
    if rows.is_empty() { Err(sqlx::Error::RowNotFound) } else { Ok(1) }
}

/// Inserts the rows that new people need, in one transaction of multi-row INSERTs.
#[derive(Debug)]
pub(crate) struct Write {
    contacts: Arc<str>,
    claims: Arc<str>,
    events: Arc<str>,
}

impl Write {
    /// The statements for so many people.
    pub(crate) fn of(people: usize) -> Self {
        let insert = |columns: &str, row: &str| {
            format!("INSERT INTO {columns} VALUES {}", vec![row; people].join(", ")).into()
        };
        let at = "'2026-01-01 00:00:00.000000'";
        Self {
            contacts: insert(
                "Contact (phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt)",
                &format!("(?, ?, NULL, 'primary', {at}, {at})"),
            ),
            claims: insert("ContactIdentifier (kind, value, contactId)", "('email', ?, ?), ('phone', ?, ?)"),
            events: insert(
                "ContactEvent (kind, contactId, primaryId, previousPrimaryId, email, phoneNumber, createdAt)",
                &format!("('created', ?, ?, NULL, ?, ?, {at})"),
            ),
        }
    }

    /// Inserts these; tells how many people.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn run(
        &self,
        connection: &mut MySqlConnection,
        numbers: &[u64],
    ) -> Result<u64, sqlx::Error> {
        let mut transaction = connection.begin().await?;
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(&self.contacts)));
        for n in numbers {
            query = query.bind(phone(*n)).bind(email(*n));
        }
        let first = query.execute(&mut *transaction).await?.last_insert_id() as i64;
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(&self.claims)));
        for (n, id) in numbers.iter().zip(first..) {
            query = query.bind(email(*n)).bind(id).bind(phone(*n)).bind(id);
        }
        query.execute(&mut *transaction).await?;
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(&self.events)));
        for (n, id) in numbers.iter().zip(first..) {
            query = query.bind(id).bind(id).bind(email(*n)).bind(phone(*n));
        }
        query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(numbers.len() as u64)
    }
}

/// BEGIN, INSERT, INSERT, COMMIT: a contact and one claim, each by itself.
///
/// # Errors
/// What the database says.
pub(crate) async fn two_inserts(connection: &mut MySqlConnection, n: u64) -> Result<u64, sqlx::Error> {
    let mut transaction = connection.begin().await?;
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
