//! One statement that reads everything a batch touches.
//!
//! A single SELECT sees the database at one moment without a transaction, at every isolation level but READ UNCOMMITTED
//! (which is refused at connect), and costs one round trip. It looks the claims up, follows each to the cluster that its holder is in (`linkedId`, or the contact
//! itself), and reads the live contacts of those clusters: the primary by its id, the secondaries by their `linkedId`.
//! The parts come as rows of one shape, told apart by their first column.

use sqlx::{ColumnIndex, Database, Decode, Row, Type};

use super::Dialect;
use super::statement::{Lengths, Statement, Value};
use crate::contact::{Contact, ContactId, LinkPrecedence};
use crate::error::Error;
use crate::identifier::{Identifier, IdentifierKind};
use crate::snapshot::{Claim, Query, Snapshot};
use crate::store::sql::fault;
use crate::timestamp::Timestamp;

pub(crate) const NOW: i64 = 0;
pub(crate) const EMAIL_CLAIM: i64 = 1;
pub(crate) const PHONE_CLAIM: i64 = 2;
pub(crate) const CONTACT: i64 = 3;

/// The statements that together read what a query touches: one, unless it names more than [`LONGEST`](super::statement::LONGEST)
/// identifiers of a kind, or contacts.
pub(crate) fn statements<'a>(dialect: &Dialect, query: Query<'a>) -> Vec<Statement<'a>> {
    let values = |kind| -> Vec<Value<'a>> {
        let of_kind = query.identifiers.iter().filter(|identifier| identifier.kind == kind);
        of_kind.map(|identifier| Value::Text(Some(&identifier.value))).collect()
    };
    let ids: Vec<_> = query.contacts.iter().map(|id| Value::Int(Some(id.get()))).collect();
    let mut emails = Lengths::Fixed.padded(&values(IdentifierKind::Email)).collect::<Vec<_>>().into_iter();
    let mut phones = Lengths::Fixed.padded(&values(IdentifierKind::Phone)).collect::<Vec<_>>().into_iter();
    let mut contacts = Lengths::Fixed.padded(&ids).collect::<Vec<_>>().into_iter();
    let mut statements = Vec::new();
    loop {
        let parts = (emails.next(), phones.next(), contacts.next());
        if parts == (None, None, None) && !statements.is_empty() {
            return statements;
        }
        statements.push(one(dialect, parts.0, parts.1, parts.2));
    }
}

fn one<'a>(
    dialect: &Dialect,
    emails: Option<Vec<Value<'a>>>,
    phones: Option<Vec<Value<'a>>>,
    contacts: Option<Vec<Value<'a>>>,
) -> Statement<'a> {
    let id = dialect.id;
    let now = format!(
        "SELECT {NOW} AS part, NULL AS id, NULL AS cluster, NULL AS value, NULL AS email, NULL AS phoneNumber, \
         NULL AS linkPrecedence, {} AS createdAt, NULL AS updatedAt",
        dialect.now
    );
    let mut statement = Statement::default();
    let claimed = [("email", EMAIL_CLAIM, emails), ("phone", PHONE_CLAIM, phones)];
    let mut separator = "WITH touched AS (";
    for (kind, part, values) in claimed {
        if let Some(values) = values {
            statement = statement
                .sql(separator)
                .sql(&format!(
                    "SELECT {part} AS part, i.value AS value, i.contactId AS contactId, \
                     COALESCE(h.linkedId, i.contactId) AS cluster FROM ContactIdentifier i \
                     LEFT JOIN Contact h ON h.id = i.contactId WHERE i.kind = '{kind}' AND i.value IN ("
                ))
                .list(values)
                .sql(")");
            separator = " UNION ALL ";
        }
    }
    if let Some(contacts) = contacts {
        statement = statement
            .sql(separator)
            .sql(
                "SELECT 0 AS part, NULL AS value, h.id AS contactId, COALESCE(h.linkedId, h.id) AS cluster \
                 FROM Contact h WHERE h.id IN (",
            )
            .list(contacts)
            .sql(")");
    }
    if statement.sql.is_empty() {
        return Statement::new(now);
    }
    let contact = format!(
        "SELECT {CONTACT}, {}, {}, NULL, c.email, c.phoneNumber, c.linkPrecedence, {}, {} \
         FROM (SELECT DISTINCT cluster FROM touched) t JOIN Contact c",
        id("c.id"),
        id("c.linkedId"),
        (dialect.time)("c.createdAt"),
        (dialect.time)("c.updatedAt"),
    );
    statement.sql(&format!(
        ") {now} \
         UNION ALL SELECT part, {}, {}, value, NULL, NULL, NULL, NULL, NULL FROM touched WHERE part <> 0 \
         UNION ALL {contact} ON c.id = t.cluster WHERE c.deletedAt IS NULL \
         UNION ALL {contact} ON c.linkedId = t.cluster WHERE c.deletedAt IS NULL",
        id("contactId"),
        id("cluster"),
    ))
}

/// Adds a row of [`statements`] to a snapshot. `time` decodes a column of times.
pub(crate) fn add_row<R>(
    snapshot: &mut Snapshot,
    row: &R,
    time: fn(&R, usize) -> Result<Option<Timestamp>, sqlx::Error>,
) -> Result<(), Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    String: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    let part: i64 = row.try_get(0).map_err(fault::classify)?;
    if part == NOW {
        snapshot.now = time(row, 7).map_err(fault::classify)?.unwrap_or_else(Timestamp::now);
        return Ok(());
    }
    let id = ContactId::from(row.try_get::<i64, _>(1).map_err(fault::classify)?);
    let cluster = row.try_get::<Option<i64>, _>(2).map_err(fault::classify)?.map(ContactId::from);
    if part == CONTACT {
        let unsound = |problem| Error::Unsound { contact: id, problem };
        let precedence: String = row.try_get(6).map_err(fault::classify)?;
        let created_at = time(row, 7).map_err(fault::classify)?;
        let updated_at = time(row, 8).map_err(fault::classify)?;
        snapshot.contacts.push(Contact {
            id,
            email: row.try_get(4).map_err(fault::classify)?,
            phone_number: row.try_get(5).map_err(fault::classify)?,
            linked_id: cluster,
            link_precedence: LinkPrecedence::from_name(&precedence)
                .ok_or_else(|| unsound("its linkPrecedence is neither primary nor secondary"))?,
            created_at: created_at.ok_or_else(|| unsound("it has no readable createdAt"))?,
            updated_at: updated_at.ok_or_else(|| unsound("it has no readable updatedAt"))?,
        });
    } else {
        let kind = if part == EMAIL_CLAIM { IdentifierKind::Email } else { IdentifierKind::Phone };
        let value: String = row.try_get(3).map_err(fault::classify)?;
        let cluster = cluster.unwrap_or(id);
        snapshot.claims.push(Claim { identifier: Identifier::new(kind, value), contact: id, cluster });
    }
    Ok(())
}
