//! One statement that reads everything a batch touches.
//!
//! A single SELECT sees the database at one moment without a transaction, at every isolation level but READ UNCOMMITTED
//! (which is refused at connect), and costs one round trip. It looks the claims up and follows each, in one chain of
//! index look-ups without a temporary table:
//!
//! ```text
//! i  the claim                        by (kind, value)
//! h  its holder, live or not          by id
//! p  the primary, if h is secondary   by id
//! s  the secondaries                  by linkedId
//! ```
//!
//! A row is a claim, its primary, and one secondary; a cluster of many secondaries repeats the first two. Reading primaries
//! and secondaries in two parts of a UNION repeated the first look-ups instead, and took twice as long.

use std::ops::RangeBounds;

use sqlx::{ColumnIndex, Database, Decode, Row, Type};

use super::Dialect;
use super::lengths::{LONGEST, fill_up};
use super::statement::{Statement, Value};
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

/// Decodes a column of times.
pub(crate) type DecodeTime<R> = fn(&R, usize) -> Result<Option<Timestamp>, sqlx::Error>;

/// The statements that together read what a query touches: one, unless it names more than [`LONGEST`]
/// identifiers of a kind, or contacts.
///
/// `by_linked_id` is put behind the table that is looked up by `linkedId`, to say by which index.
pub(crate) fn statements<'a>(dialect: &Dialect, query: Query<'a>, by_linked_id: &str) -> Vec<Statement<'a>> {
    let values = |kind| -> Vec<Value<'a>> {
        let of_kind = query.identifiers.iter().filter(|identifier| identifier.kind == kind);
        of_kind.map(|identifier| Value::Text(Some(&identifier.value))).collect()
    };
    let ids: Vec<_> = query.contacts.iter().map(|id| Value::Int(Some(id.get()))).collect();
    let (emails, phones) = (values(IdentifierKind::Email), values(IdentifierKind::Phone));
    let chunks = emails.len().max(phones.len()).max(ids.len()).div_ceil(LONGEST).max(1);
    let chunk = |list: &[Value<'a>], number| list.chunks(LONGEST).nth(number).map(<[_]>::to_vec);
    let statement = |number| {
        let mut lists = [chunk(&emails, number), chunk(&phones, number), chunk(&ids, number)];
        fill_up(&mut lists);
        let [emails, phones, ids] = lists;
        one(dialect, by_linked_id, emails, phones, ids)
    };
    (0..chunks).map(statement).collect()
}

fn one<'a>(
    dialect: &Dialect,
    by_linked_id: &str,
    emails: Option<Vec<Value<'a>>>,
    phones: Option<Vec<Value<'a>>>,
    contacts: Option<Vec<Value<'a>>>,
) -> Statement<'a> {
    let (before, after) = (nulls(1..AT_PRIMARY + AT_CREATED), nulls(AT_PRIMARY + AT_CREATED + 1..));
    let mut statement = Statement::new(format!("SELECT {NOW}, {before}, {}, {after}", dialect.now));
    if emails.is_some() || phones.is_some() {
        let claim = format!("CASE i.kind WHEN 'email' THEN {EMAIL_CLAIM} ELSE {PHONE_CLAIM} END");
        let source = "ContactIdentifier i LEFT JOIN Contact h ON h.id = i.contactId";
        statement = statement.sql(&chain(dialect, by_linked_id, source, &claim, ["i.contactId", "i.value"]));
        let mut separator = "";
        for (kind, values) in [("email", &emails), ("phone", &phones)] {
            if let Some(values) = values {
                let condition = format!("{separator}(i.kind = '{kind}' AND i.value IN (");
                statement = statement.sql(&condition).list(values.iter().copied()).sql("))");
                separator = " OR ";
            }
        }
    }
    if let Some(contacts) = contacts {
        statement = statement
            .sql(&chain(dialect, by_linked_id, "Contact h", &CONTACT.to_string(), ["h.id", "NULL"]))
            .sql("h.id IN (")
            .list(contacts.iter().copied())
            .sql(")");
    }
    statement
}

/// The chain from `source`, in which `h` is the holder; the caller adds the condition.
fn chain(
    dialect: &Dialect,
    by_linked_id: &str,
    source: &str,
    part: &str,
    [holder, value]: [&str; 2],
) -> String {
    let id = dialect.id;
    let cluster = format!("COALESCE(h.linkedId, {holder})");
    let primary = |column: &str| format!("CASE WHEN h.linkedId IS NULL THEN h.{column} ELSE p.{column} END");
    let live_primary = "CASE WHEN h.linkedId IS NOT NULL THEN p.id WHEN h.deletedAt IS NULL THEN h.id END";
    let columns = [
        part.to_owned(),
        id(holder),
        id(&cluster),
        value.to_owned(),
        id(live_primary),
        id("p.linkedId"),
        primary("email"),
        primary("phoneNumber"),
        primary("linkPrecedence"),
        (dialect.time)(&primary("createdAt")),
        (dialect.time)(&primary("updatedAt")),
        id("s.id"),
        id("s.linkedId"),
        "s.email".to_owned(),
        "s.phoneNumber".to_owned(),
        "s.linkPrecedence".to_owned(),
        (dialect.time)("s.createdAt"),
        (dialect.time)("s.updatedAt"),
    ];
    format!(
        " UNION ALL SELECT {} FROM {source} \
         LEFT JOIN Contact p ON p.id = h.linkedId AND p.deletedAt IS NULL \
         LEFT JOIN Contact s {by_linked_id} ON s.linkedId = {cluster} AND s.deletedAt IS NULL WHERE ",
        columns.join(", ")
    )
}

/// Where a row's primary begins, and where its secondary does.
pub(crate) const AT_PRIMARY: usize = 4;
pub(crate) const AT_SECONDARY: usize = 11;
const COLUMNS: usize = 18;
/// Within the columns of a contact.
const AT_CREATED: usize = 5;

/// `NULL, NULL, …` for these columns of a row.
pub(crate) fn nulls(columns: impl RangeBounds<usize>) -> String {
    let nulls = (0..COLUMNS).filter(|column| columns.contains(column)).map(|_| "NULL");
    nulls.collect::<Vec<_>>().join(", ")
}

/// Adds a row of [`statements`] to a snapshot. `time` decodes a column of times.
pub(crate) fn add_row<R>(snapshot: &mut Snapshot, row: &R, time: DecodeTime<R>) -> Result<(), Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    for<'r> &'r str: Decode<'r, R::Database> + Type<R::Database>,
    String: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    let part: i64 = row.try_get(0).map_err(fault::classify)?;
    if part == NOW {
        let now = time(row, AT_PRIMARY + AT_CREATED).map_err(fault::classify)?;
        snapshot.now = now.unwrap_or_else(Timestamp::now);
        return Ok(());
    }
    let is_news = part == CONTACT || add_claim(snapshot, row, part)?;
    if is_news {
        snapshot.contacts.extend(contact(row, AT_PRIMARY, time)?);
    }
    snapshot.contacts.extend(contact(row, AT_SECONDARY, time)?);
    Ok(())
}

/// Tells whether the row before did not bring the same claim, for another secondary.
fn add_claim<R>(snapshot: &mut Snapshot, row: &R, part: i64) -> Result<bool, Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    for<'r> &'r str: Decode<'r, R::Database> + Type<R::Database>,
{
    let Some(contact) = id_at(row, 1)? else { return Ok(true) };
    let kind = if part == EMAIL_CLAIM { IdentifierKind::Email } else { IdentifierKind::Phone };
    let value: &str = row.try_get(3).map_err(fault::classify)?;
    if let Some(Claim { identifier, .. }) = snapshot.claims.last()
        && identifier.kind == kind
        && *identifier.value == *value
    {
        return Ok(false);
    }
    let cluster = id_at(row, 2)?.unwrap_or(contact);
    snapshot.claims.push(Claim { identifier: Identifier::new(kind, value), contact, cluster });
    Ok(true)
}

/// The contact whose columns begin at `first`, if there is one.
fn contact<R>(row: &R, first: usize, time: DecodeTime<R>) -> Result<Option<Contact>, Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    for<'r> &'r str: Decode<'r, R::Database> + Type<R::Database>,
    String: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    let Some(id) = id_at(row, first)? else { return Ok(None) };
    let unsound = |problem| Error::Unsound { contact: id, problem };
    let precedence: Option<&str> = row.try_get(first + 4).map_err(fault::classify)?;
    let created_at = time(row, first + AT_CREATED).map_err(fault::classify)?;
    let updated_at = time(row, first + AT_CREATED + 1).map_err(fault::classify)?;
    Ok(Some(Contact {
        id,
        linked_id: id_at(row, first + 1)?,
        email: row.try_get(first + 2).map_err(fault::classify)?,
        phone_number: row.try_get(first + 3).map_err(fault::classify)?,
        link_precedence: LinkPrecedence::from_name(precedence.unwrap_or_default())
            .ok_or_else(|| unsound("its linkPrecedence is neither primary nor secondary"))?,
        created_at: created_at.ok_or_else(|| unsound("it has no readable createdAt"))?,
        updated_at: updated_at.ok_or_else(|| unsound("it has no readable updatedAt"))?,
    }))
}

fn id_at<R>(row: &R, column: usize) -> Result<Option<ContactId>, Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    Ok(row.try_get::<Option<i64>, _>(column).map_err(fault::classify)?.map(ContactId::from))
}

/// A contact that several identifiers lead to has come several times.
pub(crate) fn without_repetition(mut snapshot: Snapshot) -> Snapshot {
    snapshot.contacts.sort_unstable_by_key(|contact| contact.id);
    snapshot.contacts.dedup_by_key(|contact| contact.id);
    snapshot
}
