//! Taking over a table that others filled.
//!
//! The table is read twice in pages by id: once to check it, once to write each row's claims and a piece of evidence,
//! a page a transaction. Both writes leave alone what is there already, so an adoption that was interrupted is simply
//! started again. Only at the end does `ContactSetup` say that the table may be used.

use std::future::Future;

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::commit::record_rows;
use super::statement::{Statement, Value, exact};
use super::{Dialect, fault};
use crate::audit::{Audit, AuditedPrimary, AuditedRow};
use crate::changes::EventKind;
use crate::contact::{ContactId, LinkPrecedence};
use crate::error::Error;
use crate::identifier::{Identifier, IdentifierPair};
use crate::normalize::Normalizer;
use crate::timestamp::Timestamp;

/// Rows that one transaction adopts.
const PAGE: i64 = 1_000;

/// The name in `ContactSetup` under which a table is ready.
pub(in crate::store) const READY: &str = "adopted";

/// What adopting asks of a backend.
pub(in crate::store) trait Adopter: Send {
    /// Reads one page of rows; see [`page`].
    fn read(&mut self, page: Statement<'_>) -> impl Future<Output = Result<Vec<AuditedRow>, Error>> + Send;

    /// Runs statements in one transaction.
    fn write(&mut self, statements: Vec<Statement<'_>>) -> impl Future<Output = Result<(), Error>> + Send;

    /// `INSERT INTO ContactIdentifier … VALUES …`'s end: where the claim is held by a contact that is not live, it goes
    /// over to the row's.
    fn on_held_claim(&self) -> &'static str;

    /// The same for `ContactSetup`: nothing happens where the name is there.
    fn on_known_name(&self) -> &'static str;
}

/// Whether the table may be used: it is empty, or was adopted, or is now.
pub(in crate::store) async fn ensure_adopted(
    adopter: &mut impl Adopter,
    dialect: &Dialect,
    normalizer: Normalizer,
    state: TableState,
    adopt: bool,
) -> Result<(), Error> {
    match (state, adopt) {
        (TableState::Ready, false) => return Ok(()),
        (TableState::Filled, false) => return Err(Error::NotAdopted),
        (TableState::Empty, _) => {}
        (TableState::Ready | TableState::Filled, true) => take_over(adopter, dialect, normalizer).await?,
    }
    let ready = Statement::new("INSERT INTO ContactSetup (name, at) VALUES ")
        .rows([[Value::Text(Some(READY)), Value::Time(Timestamp::now())]])
        .sql(adopter.on_known_name());
    adopter.write(vec![ready]).await
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

async fn take_over(
    adopter: &mut impl Adopter,
    dialect: &Dialect,
    normalizer: Normalizer,
) -> Result<(), Error> {
    let mut audit = Audit::new(normalizer);
    let mut after = i64::MIN;
    loop {
        let rows = adopter.read(page(dialect, after)).await?;
        rows.iter().for_each(|row| audit.add(row));
        match rows.last() {
            Some(last) => after = last.id.get(),
            None => break,
        }
    }
    if !audit.defects().is_empty() {
        return Err(Error::NotAdoptable(audit.defects()));
    }
    let mut after = i64::MIN;
    loop {
        let rows = adopter.read(page(dialect, after)).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id.get();
        let known: Vec<(&AuditedRow, Option<IdentifierPair>, Vec<Identifier>)> = rows
            .iter()
            .map(|row| {
                let (pair, claims) = audit.claims_of(row);
                (row, pair, claims)
            })
            .collect();
        let mut claims: Vec<_> =
            known.iter().flat_map(|(row, _, claims)| claims.iter().map(|claim| (claim, row.id))).collect();
        claims.sort_unstable();
        let mut statements = Vec::new();
        for chunk in exact(&claims) {
            let rows = chunk.iter().map(|(claim, contact)| {
                let kind = Value::Text(Some(claim.kind.name()));
                [kind, Value::Text(Some(&claim.value)), Value::Int(Some(contact.get()))]
            });
            let insert = Statement::new("INSERT INTO ContactIdentifier (kind, value, contactId) VALUES ");
            statements.push(insert.rows(rows).sql(adopter.on_held_claim()));
        }
        let now = Timestamp::now();
        let events: Vec<_> = known
            .iter()
            .filter(|(row, _, _)| !row.has_evidence)
            .map(|(row, pair, _)| {
                let primary = Value::Int(Some(row.linked_id.unwrap_or(row.id).get()));
                [
                    Value::Text(Some(EventKind::Adopted.name())),
                    Value::Int(Some(row.id.get())),
                    primary,
                    primary,
                    Value::Text(pair.as_ref().and_then(IdentifierPair::email)),
                    Value::Text(pair.as_ref().and_then(IdentifierPair::phone)),
                    Value::Time(now),
                ]
            })
            .collect();
        statements.extend(exact(&events).map(|chunk| record_rows(chunk.iter().copied())));
        adopter.write(statements).await?;
        tracing::info!(through = after, "adopted contacts");
    }
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
