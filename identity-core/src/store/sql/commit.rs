//! The commit protocol: the steps of one transaction, the same on every SQL database.
//!
//! 1. *Touch*: one UPDATE bumps `updatedAt` of every contact that the plan relies on and that is still as the plan saw
//!    it. It writes instead of only locking, since members of a multi-primary cluster see each other's writes and not
//!    each other's locks. It comes first, in order of id, so that writers of one person queue up here and hold nothing
//!    else meanwhile.
//! 2. *Insert* the new contacts, in the order of the requests, so that ids are given as single calls would.
//! 3. *Claim*: the primary key of `ContactIdentifier` decides between two who claim one identifier. In sorted order, so
//!    that two writers cannot wait for each other.
//! 4. *Promote and relink*, by `linkedId` instead of by id: contacts that the plan did not see come along, and so do
//!    deleted ones, so that no chain can appear.
//! 5. *Evidence*, in the same transaction.
//!
//! Every step that matches fewer rows than it must, or meets a key that is taken, is a conflict: the transaction is
//! rolled back and the batch loaded again.

use super::statement::{Statement, Value, text_size};
use super::{Dialect, NewIds, Session, Unfinished, fault};
use crate::changes::{Changes, Event, NewClaim, NewContact};
use crate::contact::ContactId;
use crate::error::Error;
use crate::identifier::Identifier;

/// Runs the steps, and commits. The caller begins the transaction, and takes back what fails.
pub(in crate::store) async fn run(
    mut session: impl Session,
    dialect: &Dialect,
    changes: &Changes,
) -> Result<Vec<ContactId>, Error> {
    if !session.touch(&changes.touched).await.map_err(fault::classify)? {
        return Err(Error::conflict());
    }
    let ids = session.insert(&changes.created).await.map_err(fault::classify)?.ok_or_else(Error::conflict)?;
    take_over(&mut session, changes, &ids).await?;
    let mut rest = claim(dialect, changes, &ids);
    rest.extend(promote(dialect, changes));
    rest.extend(relink(dialect, changes, &ids));
    rest.extend(record(dialect, changes, &ids));
    let kept_back = session.finish(rest).await.map_err(Unfinished::classify)?;
    Ok(ids.settle(kept_back))
}

fn claim<'a>(dialect: &Dialect, changes: &'a Changes, ids: &NewIds) -> Vec<Statement<'a>> {
    let new: Vec<_> = changes.claims.iter().filter(|claim| claim.taken_from.is_none()).collect();
    let insert = |chunk: &[&'a NewClaim]| {
        let rows = chunk.iter().map(|claim| {
            let Identifier { kind, value } = &claim.identifier;
            [Value::Text(Some(kind.name())), Value::Text(Some(value)), ids.value(claim.contact)]
        });
        Statement::new("INSERT INTO ContactIdentifier (kind, value, contactId) VALUES ").rows(rows)
    };
    dialect.lengths.exact(&new, claim_size).map(insert).collect()
}

/// Rare, and each has to match, so one by one.
async fn take_over(session: &mut impl Session, changes: &Changes, ids: &NewIds) -> Result<(), Error> {
    for claim in changes.claims.iter().filter(|claim| claim.taken_from.is_some()) {
        let update = Statement::new("UPDATE ContactIdentifier SET contactId = ")
            .bind(ids.value(claim.contact))
            .sql(" WHERE kind = ")
            .bind(Value::Text(Some(claim.identifier.kind.name())))
            .sql(" AND value = ")
            .bind(Value::Text(Some(&claim.identifier.value)))
            .sql(" AND contactId = ")
            .bind(Value::Int(claim.taken_from.map(ContactId::get)));
        if session.execute(update).await.map_err(fault::classify)? != 1 {
            return Err(Error::conflict());
        }
    }
    Ok(())
}

fn promote<'a>(dialect: &Dialect, changes: &'a Changes) -> Vec<Statement<'a>> {
    let ids: Vec<_> = changes.promoted.iter().map(|id| Value::Int(Some(id.get()))).collect();
    dialect
        .lengths
        .padded(&ids)
        .map(|ids| {
            // An existing table may have ON UPDATE CURRENT_TIMESTAMP, which would undo the touch.
            Statement::new(
                "UPDATE Contact SET linkedId = NULL, linkPrecedence = 'primary', updatedAt = updatedAt WHERE id IN (",
            )
            .list(ids)
            .sql(")")
        })
        .collect()
}

/// The links that one statement changes.
const MOST_LINKS: usize = 64;

fn relink<'a>(dialect: &Dialect, changes: &'a Changes, ids: &NewIds) -> Vec<Statement<'a>> {
    let links: Vec<_> = changes
        .relinked
        .iter()
        .map(|relink| (Value::Int(Some(relink.from.get())), ids.value(relink.to)))
        .collect();
    let mut statements = Vec::new();
    // A CASE is looked through for each row; and past 200 values MySQL trusts statistics, see `mysql/by_linked_id.rs`.
    for links in links.chunks(MOST_LINKS).flat_map(|links| dialect.lengths.padded(links)) {
        let from = || links.iter().map(|(from, _)| *from);
        statements.push(
            Statement::new("UPDATE Contact SET linkedId = ")
                .case("linkedId", links.iter().copied())
                .sql(&format!(", updatedAt = {}(updatedAt, ", dialect.greatest))
                .bind(Value::Time(changes.now))
                .sql(") WHERE linkedId IN (")
                .list(from())
                .sql(")"),
        );
        statements.push(link_by_id(&links).sql(" AND deletedAt IS NULL"));
    }
    statements
}

/// Makes contacts secondaries of others: `(contact, primary)`, of one of the fixed lengths.
pub(in crate::store) fn link_by_id<'a>(links: &[(Value<'a>, Value<'a>)]) -> Statement<'a> {
    Statement::new("UPDATE Contact SET linkedId = ")
        .case("id", links.iter().copied())
        .sql(", linkPrecedence = 'secondary', updatedAt = updatedAt WHERE id IN (")
        .list(links.iter().map(|(contact, _)| *contact))
        .sql(")")
}

fn record<'a>(dialect: &Dialect, changes: &'a Changes, ids: &NewIds) -> Vec<Statement<'a>> {
    dialect
        .lengths
        .exact(&changes.events, event_size)
        .map(|chunk| {
            let rows = chunk.iter().map(|event| {
                let previous = event.previous_primary.map(|previous| ids.value(previous));
                [
                    Value::Text(Some(event.kind.name())),
                    ids.value(event.contact),
                    ids.value(event.primary),
                    previous.unwrap_or(Value::Int(None)),
                    Value::Text(event.email.as_deref()),
                    Value::Text(event.phone_number.as_deref()),
                    Value::Time(changes.now),
                ]
            });
            record_rows(rows)
        })
        .collect()
}

/// About how many bytes the row of a contact takes as text.
pub(in crate::store) fn contact_size(contact: &NewContact) -> usize {
    120 + text_size(contact.email.as_deref()) + text_size(contact.phone_number.as_deref())
}

fn event_size(event: &Event) -> usize {
    100 + text_size(event.email.as_deref()) + text_size(event.phone_number.as_deref())
}

fn claim_size(claim: &&NewClaim) -> usize {
    30 + text_size(Some(&claim.identifier.value))
}

/// Adds evidence; the caller keeps to the fixed lengths.
pub(in crate::store) fn record_rows<'a>(rows: impl IntoIterator<Item = [Value<'a>; 7]>) -> Statement<'a> {
    Statement::new(
        "INSERT INTO ContactEvent (kind, contactId, primaryId, previousPrimaryId, email, phoneNumber, createdAt) VALUES ",
    )
    .rows(rows)
}
