//! Statements on one connection: the steps of a commit, and the adoption of existing tables.

use sqlx::{Executor, Sqlite, SqliteConnection, Transaction};

use super::values::{execute, execute_all, fetch, time};
use super::versions::all_as_seen;
use crate::audit::AuditedRow;
use crate::changes::{ContactRef, NewContact, Touch};
use crate::contact::{ContactId, LinkPrecedence};
use crate::error::Error;
use crate::store::sql::adopt::{self, Adopter};
use crate::store::sql::lengths::Lengths;
use crate::store::sql::statement::{Statement, Value};
use crate::store::sql::{NewIds, Session, Unfinished, commit, fault};

pub(super) struct SqliteSession<'c>(pub(super) Transaction<'c, Sqlite>);

impl Session for SqliteSession<'_> {
    async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, sqlx::Error> {
        execute(&mut self.0, statement).await
    }

    async fn finish(mut self, statements: Vec<Statement<'_>>) -> Result<Option<ContactId>, Unfinished> {
        execute_all(&mut self.0, statements.into_iter()).await?;
        self.0.commit().await?;
        Ok(None)
    }

    /// Compares first: text in an existing table need not be written as ours, and nobody writes meanwhile.
    async fn touch(&mut self, touched: &[Touch]) -> Result<bool, sqlx::Error> {
        for touched in Lengths::Fixed.padded(touched) {
            let seen: Vec<_> = touched.iter().map(|touch| touch.seen).collect();
            if !all_as_seen(&mut self.0, &seen).await? {
                return Ok(false);
            }
            let ids = touched.iter().map(|touch| Value::Int(Some(touch.seen.contact.get())));
            let becomes = touched.iter().map(|touch| Value::Time(touch.becomes));
            let update = Statement::new("UPDATE Contact SET updatedAt = v.column2 FROM (VALUES ")
                .rows(ids.zip(becomes).map(<[_; 2]>::from))
                .sql(") v WHERE id = v.column1");
            execute(&mut self.0, update).await?;
        }
        Ok(true)
    }

    async fn insert(&mut self, created: &[NewContact]) -> Result<Option<NewIds>, sqlx::Error> {
        let last: i64 = sqlx::query_scalar(
            "SELECT MAX(COALESCE((SELECT MAX(id) FROM Contact), 0), \
             COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'Contact'), 0))",
        )
        .fetch_one(&mut *self.0)
        .await?;
        let ids: Vec<_> = (last + 1..).take(created.len()).map(ContactId::from).collect();
        let numbered: Vec<_> = ids.iter().zip(created).collect();
        let chunks = Lengths::Fixed.exact(&numbered, |(_, contact)| commit::contact_size(contact));
        let statements = chunks.map(|chunk| {
            let rows = chunk.iter().map(|(id, contact)| {
                let linked_id = contact.linked_to.and_then(|primary: ContactRef| primary.resolve(&ids));
                let precedence = match linked_id {
                    Some(_) => LinkPrecedence::Secondary,
                    None => LinkPrecedence::Primary,
                };
                [
                    Value::Int(Some(id.get())),
                    Value::Text(contact.phone_number.as_deref()),
                    Value::Text(contact.email.as_deref()),
                    Value::Int(linked_id.map(ContactId::get)),
                    Value::Text(Some(precedence.name())),
                    Value::Time(contact.created_at),
                    Value::Time(contact.created_at),
                ]
            });
            let insert = Statement::new(
                "INSERT INTO Contact (id, phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt) VALUES ",
            );
            insert.rows(rows)
        });
        execute_all(&mut self.0, statements).await?;
        Ok(Some(NewIds::Told(ids)))
    }
}

pub(super) struct SqliteAdopter<'c>(pub(super) &'c mut SqliteConnection);

impl Adopter for SqliteAdopter<'_> {
    const BEGIN_AUDIT: &'static str = "BEGIN";
    const BEGIN_PAGE: &'static str = "BEGIN IMMEDIATE";
    const ON_HELD_CLAIM: &'static str = " ON CONFLICT (kind, value) DO UPDATE SET contactId = excluded.contactId \
        WHERE NOT EXISTS (SELECT 1 FROM Contact c WHERE c.id = ContactIdentifier.contactId AND c.deletedAt IS NULL \
        AND (c.email = ContactIdentifier.value OR c.phoneNumber = ContactIdentifier.value))";
    const ON_KNOWN_NAME: &'static str = " ON CONFLICT (name) DO NOTHING";

    async fn control(&mut self, sql: &'static str) -> Result<(), Error> {
        self.0.execute(sql).await.map(drop).map_err(fault::classify)
    }

    async fn read(&mut self, page: Statement<'_>) -> Result<Vec<AuditedRow>, Error> {
        let rows = fetch(self.0, &page).await.map_err(fault::classify)?;
        rows.iter().map(|row| adopt::row(row, time)).collect()
    }

    async fn write(&mut self, statement: Statement<'_>) -> Result<(), Error> {
        execute(self.0, statement).await.map(drop).map_err(fault::classify)
    }
}
