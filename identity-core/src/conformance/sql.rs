//! Looking into the tables of the SQL stores.

use sqlx::{ColumnIndex, Decode, Row, Type};

use super::RecordedEvent;
use crate::changes::EventKind;
use crate::contact::ContactId;
use crate::identifier::{Identifier, IdentifierKind};
use crate::store::sql::Dialect;
use crate::store::sql::load;
use crate::store::sql::statement::{Statement, Value};
use crate::timestamp::Timestamp;

/// The live rows and the claims, in the form that [`load::add_row`] reads.
pub(crate) fn contacts_and_claims(dialect: &Dialect) -> [Statement<'static>; 2] {
    let (id, time) = (dialect.id, dialect.time);
    [
        Statement::new(format!(
            "SELECT {}, NULL, NULL, NULL, {}, {}, email, phoneNumber, linkPrecedence, {}, {}, {} FROM Contact \
             WHERE deletedAt IS NULL ORDER BY id",
            load::CONTACT,
            id("id"),
            id("linkedId"),
            time("createdAt"),
            time("updatedAt"),
            load::nulls(load::AT_SECONDARY..),
        )),
        Statement::new(format!(
            "SELECT CASE kind WHEN 'email' THEN {} ELSE {} END, {}, NULL, value, {} FROM ContactIdentifier \
             ORDER BY kind, value",
            load::EMAIL_CLAIM,
            load::PHONE_CLAIM,
            id("contactId"),
            load::nulls(load::AT_PRIMARY..),
        )),
    ]
}

/// The evidence, in the form that [`event`] reads.
pub(crate) fn events() -> Statement<'static> {
    Statement::new(
        "SELECT kind, contactId, primaryId, previousPrimaryId, email, phoneNumber FROM ContactEvent ORDER BY id",
    )
}

pub(crate) fn event<R>(row: &R) -> RecordedEvent
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    String: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    let id = |column: usize| row.get::<Option<i64>, _>(column).map(ContactId::from);
    let asked =
        |kind, column: usize| row.get::<Option<String>, _>(column).map(|value| Identifier::new(kind, value));
    let (email, phone) = (asked(IdentifierKind::Email, 4), asked(IdentifierKind::Phone, 5));
    RecordedEvent {
        kind: EventKind::from_name(&row.get::<String, _>(0)).expect("a kind of event"),
        contact: id(1).expect("a contact"),
        primary: id(2).expect("a primary"),
        previous_primary: id(3),
        by: email.into_iter().chain(phone).collect(),
    }
}

pub(crate) fn soft_delete(contact: ContactId) -> Statement<'static> {
    Statement::new("UPDATE Contact SET updatedAt = updatedAt, deletedAt = ")
        .bind(Value::Time(Timestamp::now()))
        .sql(" WHERE deletedAt IS NULL AND id = ")
        .bind(Value::Int(Some(contact.get())))
}

/// Implements [`Inspect`](super::Inspect) for a store in whose module `DIALECT`, `read`, `fetch` and `execute` stand.
macro_rules! inspect_sql {
    ($store:ty, $($pool:ident).+) => {
        #[allow(clippy::expect_used, reason = "a broken table is a panic in the suite")]
        #[async_trait]
        impl crate::conformance::Inspect for $store {
            async fn contacts(&self) -> Vec<crate::contact::Contact> {
                self.inspect().await.contacts
            }

            async fn claims(&self) -> Vec<(crate::identifier::Identifier, ContactId)> {
                self.inspect()
                    .await
                    .claims
                    .into_iter()
                    .map(|claim| (claim.identifier, claim.contact))
                    .collect()
            }

            async fn events(&self) -> Vec<crate::conformance::RecordedEvent> {
                let mut connection = self.$($pool).+.acquire().await.expect("a connection");
                let rows =
                    fetch(&mut connection, &crate::conformance::sql::events()).await.expect("the evidence");
                rows.iter().map(crate::conformance::sql::event).collect()
            }

            async fn soft_delete(&self, contact: ContactId) {
                let mut connection = self.$($pool).+.acquire().await.expect("a connection");
                let update = crate::conformance::sql::soft_delete(contact);
                assert_eq!(
                    execute(&mut connection, update).await.expect("an UPDATE"),
                    1,
                    "a live contact to delete"
                );
            }
        }

        #[allow(clippy::expect_used, reason = "a broken table is a panic in the suite")]
        impl $store {
            async fn inspect(&self) -> Snapshot {
                let mut connection = self.$($pool).+.acquire().await.expect("a connection");
                let mut snapshot = Snapshot::default();
                for statement in crate::conformance::sql::contacts_and_claims(&DIALECT) {
                    read(&mut connection, &statement, &mut snapshot).await.expect("the tables");
                }
                snapshot
            }
        }
    };
}
pub(crate) use inspect_sql;
