//! Whether contacts are still as they were seen, and which primaries they have.

use std::collections::HashMap;

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::Dialect;
use super::load::DecodeTime;
use super::statement::{Statement, Value};
use crate::changes::Version;
use crate::contact::ContactId;

/// Reads the versions of live contacts; the caller keeps to the fixed lengths.
pub(in crate::store) fn statement<'a>(
    dialect: &Dialect,
    contacts: impl IntoIterator<Item = ContactId>,
) -> Statement<'a> {
    let (id, linked_id) = ((dialect.id)("id"), (dialect.id)("linkedId"));
    let updated_at = (dialect.time)("updatedAt");
    Statement::new(format!(
        "SELECT {id}, {linked_id}, {updated_at} FROM Contact WHERE deletedAt IS NULL AND id IN ("
    ))
    .list(contacts.into_iter().map(|contact| Value::Int(Some(contact.get()))))
    .sql(")")
}

/// Adds what rows of [`statement`] say: the primary of each contact.
pub(in crate::store) fn add_primaries<R>(
    primaries: &mut HashMap<ContactId, ContactId>,
    rows: &[R],
) -> Result<(), sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    for row in rows {
        let contact: i64 = row.try_get(0)?;
        let linked_id: Option<i64> = row.try_get(1)?;
        primaries.insert(contact.into(), linked_id.unwrap_or(contact).into());
    }
    Ok(())
}

/// Whether the rows of [`statement`] are all that were seen, and as they were.
pub(in crate::store) fn all_match<R>(
    rows: &[R],
    seen: &[Version],
    time: DecodeTime<R>,
) -> Result<bool, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    let mut missing: HashMap<_, _> = seen.iter().map(|version| (version.contact, version)).collect();
    for row in rows {
        let contact = ContactId::from(row.try_get::<i64, _>(0)?);
        let linked_id = row.try_get::<Option<i64>, _>(1)?.map(ContactId::from);
        let Some(updated_at) = time(row, 2)? else { return Ok(false) };
        if missing.remove(&contact) != Some(&Version { contact, linked_id, updated_at }) {
            return Ok(false);
        }
    }
    Ok(missing.is_empty())
}
