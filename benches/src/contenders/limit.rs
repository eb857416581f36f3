//! What the database and the driver can do at best, without any identity logic: with values that are bound, and with values
//! in the statements' text. Which is quicker is for the measurement to say.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, Row};

use crate::people::{email, has_second, phone};

/// How a statement's values are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// Apart from a prepared statement, which is made before anything is measured.
    Bound,
    /// Within the statement: they are ours, and hold no quotes.
    InText,
}

impl Values {
    /// What is tried.
    pub(crate) const BOTH: [Self; 2] = [Self::Bound, Self::InText];
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bound => "values bound",
            Self::InText => "values in its text",
        })
    }
}

/// Reads clusters by primary keys alone, so many people in one statement.
#[derive(Debug)]
pub(crate) enum Read {
    /// A statement of a fixed length, as a driver's statement cache wants it.
    Bound {
        /// With a placeholder for each id.
        sql: Arc<str>,
        /// How many there are.
        ids: usize,
    },
    /// Ids in the text, as many as there are.
    InText,
}

const SELECT: &str =
    "SELECT id, phoneNumber, email, linkedId, linkPrecedence, createdAt FROM Contact WHERE id IN (";

impl Read {
    /// The statement for so many people.
    pub(crate) fn of(people: usize, values: Values) -> Self {
        match values {
            Values::InText => Self::InText,
            Values::Bound => {
                let ids = most_ids(people);
                Self::Bound { sql: format!("{SELECT}{})", vec!["?"; ids].join(", ")).into(), ids }
            }
        }
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
        let mut wanted: Vec<u64> = numbers.iter().map(|n| n + 1).collect();
        wanted.extend(numbers.iter().filter(|n| has_second(**n)).map(|n| people + 1 + n / 4));
        let rows = match self {
            Self::Bound { sql, ids } => {
                wanted.resize(*ids, wanted[0]);
                let mut query = sqlx::query(AssertSqlSafe(Arc::clone(sql)));
                for id in wanted {
                    query = query.bind(id as i64);
                }
                query.fetch_all(connection).await?
            }
            Self::InText => {
                let mut sql = SELECT.to_owned();
                for (n, id) in wanted.into_iter().enumerate() {
                    push(&mut sql, format_args!("{}{id}", if n == 0 { "" } else { ", " }));
                }
                sql.push(')');
                sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await?
            }
        };
        look_at(&rows)?;
        Ok(numbers.len() as u64)
    }
}

/// So many people's ids where every fourth has two: the mean, and four standard deviations. One list of 30,000 is longer, and
/// loses an id or two.
fn most_ids(people: usize) -> usize {
    let (count, share) = (people as f64, 0.25);
    let most = count * share + 4.0 * (count * share * (1.0 - share)).sqrt();
    people + people.min(most.ceil() as usize)
}

fn look_at(rows: &[MySqlRow]) -> Result<(), sqlx::Error> {
    for row in rows {
        let (_, _): (Option<&str>, Option<&str>) = (row.try_get(1)?, row.try_get(2)?);
    }
    Ok(())
}

fn push(sql: &mut String, what: fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = sql.write_fmt(what);
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
    look_at(&rows)?;
    if rows.is_empty() { Err(sqlx::Error::RowNotFound) } else { Ok(1) }
}

/// Inserts the rows that new people need, in one transaction of multi-row INSERTs.
#[derive(Debug)]
pub(crate) enum Write {
    /// Three statements for so many people, each with a placeholder for each value.
    Bound {
        /// Of `Contact`.
        contacts: Arc<str>,
        /// Of `ContactIdentifier`.
        claims: Arc<str>,
        /// Of `ContactEvent`.
        events: Arc<str>,
    },
    /// The same as text, and in two round trips: what needs no answer is sent along with what comes after it.
    InText,
}

const CONTACTS: &str =
    "INSERT INTO Contact (phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt) VALUES ";
const CLAIMS: &str = "INSERT INTO ContactIdentifier (kind, value, contactId) VALUES ";
const EVENTS: &str = "INSERT INTO ContactEvent \
    (kind, contactId, primaryId, previousPrimaryId, email, phoneNumber, createdAt) VALUES ";
const AT: &str = "'2026-01-01 00:00:00.000000'";

impl Write {
    /// The statements for so many people.
    pub(crate) fn of(people: usize, values: Values) -> Self {
        let insert = |into: &str, row: &str| format!("{into}{}", vec![row; people].join(", ")).into();
        match values {
            Values::InText => Self::InText,
            Values::Bound => Self::Bound {
                contacts: insert(CONTACTS, &format!("(?, ?, NULL, 'primary', {AT}, {AT})")),
                claims: insert(CLAIMS, "('email', ?, ?), ('phone', ?, ?)"),
                events: insert(EVENTS, &format!("('created', ?, ?, NULL, ?, ?, {AT})")),
            },
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
        let people: Vec<_> = numbers.iter().map(|n| (email(*n), phone(*n))).collect();
        match self {
            Self::Bound { contacts, claims, events } => {
                bound(connection, [contacts, claims, events], &people).await?;
            }
            Self::InText => in_text(connection, &people).await?,
        }
        Ok(numbers.len() as u64)
    }
}

async fn bound(
    connection: &mut MySqlConnection,
    [contacts, claims, events]: [&Arc<str>; 3],
    people: &[(String, String)],
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let mut query = sqlx::query(AssertSqlSafe(Arc::clone(contacts)));
    for (email, phone) in people {
        query = query.bind(phone).bind(email);
    }
    let first = query.execute(&mut *transaction).await?.last_insert_id() as i64;
    let mut query = sqlx::query(AssertSqlSafe(Arc::clone(claims)));
    for ((email, phone), id) in people.iter().zip(first..) {
        query = query.bind(email).bind(id).bind(phone).bind(id);
    }
    query.execute(&mut *transaction).await?;
    let mut query = sqlx::query(AssertSqlSafe(Arc::clone(events)));
    for ((email, phone), id) in people.iter().zip(first..) {
        query = query.bind(id).bind(id).bind(email).bind(phone);
    }
    query.execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn in_text(connection: &mut MySqlConnection, people: &[(String, String)]) -> Result<(), sqlx::Error> {
    let mut sql = format!("BEGIN; {CONTACTS}");
    for (n, (email, phone)) in people.iter().enumerate() {
        let comma = if n == 0 { "" } else { ", " };
        push(&mut sql, format_args!("{comma}('{phone}', '{email}', NULL, 'primary', {AT}, {AT})"));
    }
    // Of several answers the driver tells the last one's id.
    let first = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await?.last_insert_id();
    let (mut sql, mut events) = (CLAIMS.to_owned(), EVENTS.to_owned());
    for (n, ((email, phone), id)) in people.iter().zip(first..).enumerate() {
        let comma = if n == 0 { "" } else { ", " };
        push(&mut sql, format_args!("{comma}('email', '{email}', {id}), ('phone', '{phone}', {id})"));
        push(&mut events, format_args!("{comma}('created', {id}, {id}, NULL, '{email}', '{phone}', {AT})"));
    }
    push(&mut sql, format_args!("; {events}; COMMIT"));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_room_for_the_ids_and_little_more() {
        assert_eq!([1, 50, 200, 800].map(most_ids), [2, 75, 275, 1_049]);
    }
}
