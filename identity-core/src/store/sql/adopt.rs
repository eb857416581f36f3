//! Taking over a table that others filled.
//!
//! The table is read twice in pages by id: once to check it as it is at one moment, once to write each row's claims and a
//! piece of evidence, a page a transaction. Both writes leave alone what is there already, so an adoption that was
//! interrupted is simply started again. Only at the end does `ContactSetup` say that the table may be used.

use std::future::Future;

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::commit::record_rows;
use super::statement::{Statement, Value};
use super::{Dialect, fault};
use crate::audit::{Audit, AuditedPrimary, AuditedRow};
use crate::changes::EventKind;
use crate::contact::{ContactId, LinkPrecedence};
use crate::error::Error;
use crate::identifier::IdentifierPair;
use crate::normalize::Normalizer;
use crate::timestamp::Timestamp;

/// Rows that one transaction adopts.
const PAGE: i64 = 1_000;

/// The name in `ContactSetup` under which a table is ready.
pub(in crate::store) const READY: &str = "adopted";

/// What adopting asks of a backend: statements on one connection, which nobody else uses and which is closed if adopting
/// is given up halfway.
pub(in crate::store) trait Adopter: Send {
    /// Begins a transaction that reads one moment.
    const BEGIN_AUDIT: &'static str;
    /// Begins a transaction that writes.
    const BEGIN_PAGE: &'static str;
    /// The end of an INSERT of claims: where a claim is held by a contact that is not live or carries another value, it
    /// goes over to the row's.
    const ON_HELD_CLAIM: &'static str;
    /// The end of an INSERT into `ContactSetup`: nothing happens where the name is there.
    const ON_KNOWN_NAME: &'static str;

    /// Runs fixed SQL.
    fn control(&mut self, sql: &'static str) -> impl Future<Output = Result<(), Error>> + Send;

    /// Reads one page of rows; see [`page`].
    fn read(&mut self, page: Statement<'_>) -> impl Future<Output = Result<Vec<AuditedRow>, Error>> + Send;

    /// Runs a statement.
    fn write(&mut self, statement: Statement<'_>) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Whether the table may be used: it is empty, or was adopted, or is now.
pub(in crate::store) async fn ensure_adopted<A: Adopter>(
    adopter: &mut A,
    dialect: &Dialect,
    normalizer: Normalizer,
    state: TableState,
    adopt: bool,
) -> Result<(), Error> {
    match (state, adopt) {
        (TableState::Ready, false) => return Ok(()),
        (TableState::Filled, false) => return Err(Error::NotAdopted),
        (TableState::Empty, _) => {}
        (TableState::Ready | TableState::Filled, true) => {
            let audit = audit(adopter, dialect, normalizer).await?;
            let mut defects = audit.defects();
            if state == TableState::Ready {
                // What a deleted primary left is mended by the first call that touches it.
                defects.orphaned = 0;
            }
            if !defects.is_empty() {
                return Err(Error::NotAdoptable(defects));
            }
            let mut after = Some(i64::MIN);
            while let Some(id) = after {
                after = take_over_page(adopter, dialect, &audit, id).await?;
            }
        }
    }
    let ready = Statement::new("INSERT INTO ContactSetup (name, at) VALUES ")
        .rows([[Value::Text(Some(READY)), Value::Time(Timestamp::now())]])
        .sql(A::ON_KNOWN_NAME);
    adopter.write(ready).await
}

/// What a store finds at connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum TableState {
    /// Every contact has its claims.
    Ready,
    /// Not said to be ready, and there is no contact.
    Empty,
    /// Not said to be ready, and there are contacts.
    Filled,
}

impl TableState {
    pub(in crate::store) fn from_facts(ready: bool, any_contact: bool) -> Self {
        match (ready, any_contact) {
            (true, _) => Self::Ready,
            (false, false) => Self::Empty,
            (false, true) => Self::Filled,
        }
    }
}

async fn audit<A: Adopter>(
    adopter: &mut A,
    dialect: &Dialect,
    normalizer: Normalizer,
) -> Result<Audit, Error> {
    adopter.control(A::BEGIN_AUDIT).await?;
    let mut audit = Audit::new(normalizer);
    let mut after = Some(i64::MIN);
    while let Some(id) = after {
        let rows = adopter.read(page(dialect, id)).await?;
        rows.iter().for_each(|row| audit.add(row));
        after = rows.last().map(|row| row.id.get());
    }
    adopter.control("ROLLBACK").await?;
    Ok(audit)
}

/// Gives the rows after an id their claims and their evidence; tells the last one's id.
async fn take_over_page<A: Adopter>(
    adopter: &mut A,
    dialect: &Dialect,
    audit: &Audit,
    after: i64,
) -> Result<Option<i64>, Error> {
    adopter.control(A::BEGIN_PAGE).await?;
    let rows = adopter.read(page(dialect, after)).await?;
    let known: Vec<_> = rows.iter().map(|row| (row, audit.claims_of(row))).collect();
    let mut claims: Vec<_> =
        known.iter().flat_map(|(row, (_, claims))| claims.iter().map(|claim| (claim, row.id))).collect();
    claims.sort_unstable();
    for chunk in dialect.lengths.exact(&claims, |_| 1) {
        let rows = chunk.iter().map(|(claim, contact)| {
            let kind = Value::Text(Some(claim.kind.name()));
            [kind, Value::Text(Some(&claim.value)), Value::Int(Some(contact.get()))]
        });
        let insert = Statement::new("INSERT INTO ContactIdentifier (kind, value, contactId) VALUES ");
        adopter.write(insert.rows(rows).sql(A::ON_HELD_CLAIM)).await?;
    }
    let now = Timestamp::now();
    let unrecorded = known.iter().filter(|(row, _)| !row.has_evidence);
    let events: Vec<_> = unrecorded.map(|(row, (pair, _))| adopted(row, pair.as_ref(), now)).collect();
    for chunk in dialect.lengths.exact(&events, |_| 1) {
        adopter.write(record_rows(chunk.iter().copied())).await?;
    }
    adopter.control("COMMIT").await?;
    let last = rows.last().map(|row| row.id.get());
    tracing::info!(through = last, "adopted contacts");
    Ok(last)
}

fn adopted<'a>(row: &AuditedRow, pair: Option<&'a IdentifierPair>, now: Timestamp) -> [Value<'a>; 7] {
    let primary = Value::Int(Some(row.linked_id.unwrap_or(row.id).get()));
    [
        Value::Text(Some(EventKind::Adopted.name())),
        Value::Int(Some(row.id.get())),
        primary,
        primary,
        Value::Text(pair.and_then(IdentifierPair::email)),
        Value::Text(pair.and_then(IdentifierPair::phone)),
        Value::Time(now),
    ]
}

/// The next live rows by id, each with the live contact that its `linkedId` names.
fn page(dialect: &Dialect, after: i64) -> Statement<'static> {
    let (id, time) = (dialect.id, dialect.time);
    Statement::new(format!(
        "SELECT {}, c.email, c.phoneNumber, {}, c.linkPrecedence, {}, {}, {}, {}, {}, \
         EXISTS (SELECT 1 FROM ContactEvent e WHERE e.contactId = c.id) \
         FROM Contact c LEFT JOIN Contact p ON p.id = c.linkedId AND p.deletedAt IS NULL \
         WHERE c.deletedAt IS NULL AND c.id > ",
        id("c.id"),
        id("c.linkedId"),
        time("c.createdAt"),
        time("c.updatedAt"),
        id("p.id"),
        id("p.linkedId"),
        time("p.createdAt"),
    ))
    .bind(Value::Int(Some(after)))
    .sql(&format!(" ORDER BY c.id LIMIT {PAGE}"))
}

/// Reads a row of [`page`]. `time` decodes a column of times.
pub(in crate::store) fn row<R>(
    row: &R,
    time: fn(&R, usize) -> Result<Option<Timestamp>, sqlx::Error>,
) -> Result<AuditedRow, Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    String: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    let read = || -> Result<AuditedRow, sqlx::Error> {
        let primary = match row.try_get::<Option<i64>, _>(7)? {
            Some(_) => Some(AuditedPrimary {
                linked_id: row.try_get::<Option<i64>, _>(8)?.map(ContactId::from),
                created_at: time(row, 9)?,
            }),
            None => None,
        };
        Ok(AuditedRow {
            id: row.try_get::<i64, _>(0)?.into(),
            email: row.try_get(1)?,
            phone_number: row.try_get(2)?,
            linked_id: row.try_get::<Option<i64>, _>(3)?.map(ContactId::from),
            link_precedence: row
                .try_get::<Option<String>, _>(4)?
                .and_then(|name| LinkPrecedence::from_name(&name)),
            created_at: time(row, 5)?,
            updated_at: time(row, 6)?,
            primary,
            has_evidence: row.try_get::<i64, _>(10)? != 0,
        })
    };
    read().map_err(fault::classify)
}
