//! One statement that reads everything a batch touches.
//!
//! A single SELECT sees the database at one moment without a transaction, at every isolation level but READ UNCOMMITTED
//! (which is refused at connect), and costs one round trip. It looks the claims up, follows each to the cluster that its
//! holder is in (`linkedId`, or the contact itself), and reads the live contacts of those clusters: the primary by its id
//! in one part, the secondaries by their `linkedId` in another. Each part is a chain of index look-ups without a
//! temporary table; doing the first look-ups twice costs less than keeping their result.

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
    let now = format!(
        "SELECT {NOW} AS part, NULL AS holder, NULL AS cluster, NULL AS value, NULL AS id, NULL AS linkedId, \
         NULL AS email, NULL AS phoneNumber, NULL AS linkPrecedence, {} AS createdAt, NULL AS updatedAt",
        dialect.now
    );
    let mut statement = Statement::new(now);
    if emails.is_some() || phones.is_some() {
        let claimed = "ContactIdentifier i LEFT JOIN Contact h ON h.id = i.contactId";
        let cluster = "COALESCE(h.linkedId, i.contactId)";
        let claim = format!("CASE i.kind WHEN 'email' THEN {EMAIL_CLAIM} ELSE {PHONE_CLAIM} END");
        for secondaries in [false, true] {
            statement =
                members(statement, dialect, claimed, "i.contactId", cluster, &claim, "i.value", secondaries);
            let mut separator = "";
            for (kind, values) in [("email", &emails), ("phone", &phones)] {
                if let Some(values) = values {
                    let condition = format!("{separator}(i.kind = '{kind}' AND i.value IN (");
                    statement = statement.sql(&condition).list(values.iter().copied()).sql("))");
                    separator = " OR ";
                }
            }
            statement = statement.sql(")");
        }
    }
    if let Some(contacts) = contacts {
        for secondaries in [false, true] {
            let (part, cluster) = (CONTACT.to_string(), "COALESCE(h.linkedId, h.id)");
            statement = members(statement, dialect, "Contact h", "h.id", cluster, &part, "NULL", secondaries)
                .sql("h.id IN (")
                .list(contacts.iter().copied())
                .sql("))");
        }
    }
    statement
}

/// A part that reads the primaries, or the secondaries, of the clusters of `source`; the caller adds the condition and
/// closes its parenthesis. Claims come with the primaries, also where there is none any more.
#[allow(clippy::too_many_arguments, reason = "each is a piece of SQL")]
fn members<'a>(
    statement: Statement<'a>,
    dialect: &Dialect,
    source: &str,
    holder: &str,
    cluster: &str,
    part: &str,
    value: &str,
    secondaries: bool,
) -> Statement<'a> {
    let id = dialect.id;
    let (claim, join) = match secondaries {
        false => (
            format!("{part}, {}, {}, {value}", id(holder), id(cluster)),
            format!("LEFT JOIN Contact c ON c.id = {cluster} AND c.deletedAt IS NULL WHERE ("),
        ),
        true => (
            format!("{CONTACT}, NULL, NULL, NULL"),
            format!("JOIN Contact c ON c.linkedId = {cluster} WHERE c.deletedAt IS NULL AND ("),
        ),
    };
    statement.sql(&format!(
        " UNION ALL SELECT {claim}, {}, {}, c.email, c.phoneNumber, c.linkPrecedence, {}, {} FROM {source} {join}",
        id("c.id"),
        id("c.linkedId"),
        (dialect.time)("c.createdAt"),
        (dialect.time)("c.updatedAt"),
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
        snapshot.now = time(row, 9).map_err(fault::classify)?.unwrap_or_else(Timestamp::now);
        return Ok(());
    }
    let id_at = |column: usize| -> Result<Option<ContactId>, Error> {
        Ok(row.try_get::<Option<i64>, _>(column).map_err(fault::classify)?.map(ContactId::from))
    };
    if part != CONTACT
        && let Some(contact) = id_at(1)?
    {
        let kind = if part == EMAIL_CLAIM { IdentifierKind::Email } else { IdentifierKind::Phone };
        let value: String = row.try_get(3).map_err(fault::classify)?;
        let cluster = id_at(2)?.unwrap_or(contact);
        snapshot.claims.push(Claim { identifier: Identifier::new(kind, value), contact, cluster });
    }
    if let Some(id) = id_at(4)? {
        let unsound = |problem| Error::Unsound { contact: id, problem };
        let precedence: Option<String> = row.try_get(8).map_err(fault::classify)?;
        let created_at = time(row, 9).map_err(fault::classify)?;
        let updated_at = time(row, 10).map_err(fault::classify)?;
        snapshot.contacts.push(Contact {
            id,
            email: row.try_get(6).map_err(fault::classify)?,
            phone_number: row.try_get(7).map_err(fault::classify)?,
            linked_id: id_at(5)?,
            link_precedence: LinkPrecedence::from_name(&precedence.unwrap_or_default())
                .ok_or_else(|| unsound("its linkPrecedence is neither primary nor secondary"))?,
            created_at: created_at.ok_or_else(|| unsound("it has no readable createdAt"))?,
            updated_at: updated_at.ok_or_else(|| unsound("it has no readable updatedAt"))?,
        });
    }
    Ok(())
}

/// A contact that several identifiers lead to has come several times.
pub(crate) fn without_repetition(mut snapshot: Snapshot) -> Snapshot {
    snapshot.contacts.sort_unstable_by_key(|contact| contact.id);
    snapshot.contacts.dedup_by_key(|contact| contact.id);
    snapshot
}
