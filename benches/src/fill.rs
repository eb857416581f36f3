//! Fills tables with people, by bare multi-row INSERTs.

use sqlx::{AssertSqlSafe, Executor, MySqlPool};

use crate::people::{email, has_second, phone, second_email};

/// People of one INSERT.
const CHUNK: u64 = 1_000;

/// Where the rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tables {
    /// All of identity-core's.
    Ours,
    /// `Contact` alone.
    ContactAlone,
}

/// Inserts the people `0..people`: primaries with ids 1 to `people`, then the secondaries.
///
/// # Errors
/// What the database says.
pub(crate) async fn fill(pool: &MySqlPool, tables: Tables, people: u64) -> Result<(), sqlx::Error> {
    let firsts = (0..people).map(|n| Row { id: n + 1, person: n, email: email(n), linked: None });
    let seconds = (0..people).filter(|n| has_second(*n)).zip(people + 1..).map(|(n, id)| Row {
        id,
        person: n,
        email: second_email(n),
        linked: Some(n + 1),
    });
    let mut chunk = Vec::with_capacity(CHUNK as usize);
    for row in firsts.chain(seconds) {
        chunk.push(row);
        if chunk.len() as u64 == CHUNK {
            insert(pool, tables, &chunk).await?;
            chunk.clear();
        }
    }
    insert(pool, tables, &chunk).await
}

struct Row {
    id: u64,
    person: u64,
    email: String,
    linked: Option<u64>,
}

const AT: &str = "'2024-01-01 00:00:00'";

/// The values are ours and hold no quotes, so they can be part of the text, which is quickest.
async fn insert(pool: &MySqlPool, tables: Tables, rows: &[Row]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut transaction = pool.begin().await?;
    let contacts = rows.iter().map(|row| {
        let (linked, precedence) = match row.linked {
            Some(id) => (id.to_string(), "secondary"),
            None => ("NULL".to_owned(), "primary"),
        };
        let phone = phone(row.person);
        format!("({}, '{phone}', '{}', {linked}, '{precedence}', {AT}, {AT})", row.id, row.email)
    });
    let columns = "Contact (id, phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt)";
    execute(&mut transaction, columns, contacts).await?;
    if tables == Tables::Ours {
        let claims = rows.iter().flat_map(|row| {
            let email = format!("('email', '{}', {})", row.email, row.id);
            let phone =
                row.linked.is_none().then(|| format!("('phone', '{}', {})", phone(row.person), row.id));
            [Some(email), phone].into_iter().flatten()
        });
        execute(&mut transaction, "ContactIdentifier (kind, value, contactId)", claims).await?;
        let events = rows.iter().map(|row| {
            let kind = if row.linked.is_some() { "linked" } else { "created" };
            let (phone, primary) = (phone(row.person), row.linked.unwrap_or(row.id));
            format!("('{kind}', {}, {primary}, '{}', '{phone}', {AT})", row.id, row.email)
        });
        let columns = "ContactEvent (kind, contactId, primaryId, email, phoneNumber, createdAt)";
        execute(&mut transaction, columns, events).await?;
    }
    transaction.commit().await
}

async fn execute(
    connection: &mut sqlx::MySqlConnection,
    columns: &str,
    rows: impl Iterator<Item = String>,
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = rows.collect();
    let sql = format!("INSERT INTO {columns} VALUES {}", rows.join(", "));
    connection.execute(AssertSqlSafe(sql)).await.map(drop)
}
