//! What the SQL stores share: every statement's text, the commit protocol, the adoption of existing tables.
//!
//! | file | what |
//! |---|---|
//! | `options.rs` | [`StoreOptions`] |
//! | `statement.rs` | SQL with its values |
//! | `lengths.rs` | lists in few lengths |
//! | `load.rs` | one statement that reads a [`Snapshot`](crate::Snapshot) |
//! | `commit.rs` | the commit protocol |
//! | `versions.rs` | whether contacts are still as they were seen |
//! | `adopt.rs` | existing tables |
//! | `fault.rs` | what the driver's errors mean |
//!
//! A backend gives what differs: a [`Dialect`], and a [`Session`], which runs statements on one connection.
//!
//! # The tables
//!
//! `Contact` is the shop's. Beside it stand `ContactIdentifier` (the claims: who holds which identifier, pointing at
//! the contact that introduced it, so that a merge rewrites none), `ContactEvent` (the evidence) and `ContactSetup`
//! (whether an existing table was adopted), and `_identity_core_migrations`.

pub(super) mod adopt;
pub(super) mod commit;
pub(super) mod fault;
pub(crate) mod lengths;
pub(crate) mod load;
mod options;
pub(crate) mod statement;
pub(super) mod versions;

use std::future::Future;

use crate::changes::{ContactRef, NewContact, Touch};
use crate::contact::ContactId;
use crate::error::Error;
use lengths::Lengths;
use statement::{Statement, Value};

pub use options::StoreOptions;

/// The table of the migrations' own bookkeeping; sqlx's default name may be the application's.
pub(super) const MIGRATIONS_TABLE: &str = "_identity_core_migrations";

/// Where SQL differs from one backend to the other.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    /// A column of ids, whatever integer type it has, as a signed 64-bit integer.
    pub(crate) id: fn(&str) -> String,
    /// A column of times, as the backend decodes it.
    pub(crate) time: fn(&str) -> String,
    /// The database's clock; NULL where it is this process's.
    pub(crate) now: &'static str,
    /// How long lists are.
    pub(crate) lengths: Lengths,
    /// The function that gives the greater of two values.
    pub(crate) greatest: &'static str,
}

/// Runs statements on one connection, within a transaction.
pub(super) trait Session: Send {
    /// Runs one statement; tells how many rows it matched.
    fn execute(&mut self, statement: Statement<'_>) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Runs the last statements in order, until one fails, and commits. Tells the id of a contact that was
    /// [kept back](NewIds::KeptBack).
    fn finish(
        self,
        statements: Vec<Statement<'_>>,
    ) -> impl Future<Output = Result<Option<ContactId>, Unfinished>> + Send;

    /// Gives contacts their next `updatedAt`; tells whether all were as they must be.
    fn touch(&mut self, touched: &[Touch]) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Inserts contacts in their order; tells their ids, or `None` where they are not known for sure.
    fn insert(
        &mut self,
        created: &[NewContact],
    ) -> impl Future<Output = Result<Option<NewIds>, sqlx::Error>> + Send;
}

/// What failed at the end of a commit.
pub(super) struct Unfinished {
    pub(super) error: sqlx::Error,
    /// Whether it was the contact that was [kept back](NewIds::KeptBack), and not what follows it.
    pub(super) at_kept_back: bool,
}

impl From<sqlx::Error> for Unfinished {
    fn from(error: sqlx::Error) -> Self {
        Self { error, at_kept_back: false }
    }
}

impl Unfinished {
    /// Among the last rows of a commit, claims are the only ones whose key somebody else can have taken.
    fn classify(self) -> Error {
        match self.at_kept_back {
            true => fault::classify(self.error),
            false => fault::classify_claims(self.error),
        }
    }
}

/// The ids of a commit's new contacts.
pub(super) enum NewIds {
    /// In the order of the contacts.
    Told(Vec<ContactId>),
    /// There is one new contact, and it goes to the database together with what refers to it, where this expression gives
    /// its id.
    #[cfg_attr(not(feature = "mysql"), allow(dead_code, reason = "SQLite needs no round trips"))]
    KeptBack(&'static str),
}

impl NewIds {
    /// A contact's id, to bind.
    fn value(&self, contact: ContactRef) -> Value<'static> {
        match (self, contact) {
            (Self::KeptBack(expression), ContactRef::New(_)) => Value::Expression(expression),
            (Self::KeptBack(_), ContactRef::Known(id)) => Value::Int(Some(id.get())),
            (Self::Told(ids), contact) => Value::Int(contact.resolve(ids).map(ContactId::get)),
        }
    }

    /// The ids, once `kept_back` is known.
    fn settle(self, kept_back: Option<ContactId>) -> Vec<ContactId> {
        match self {
            Self::Told(ids) => ids,
            Self::KeptBack(_) => kept_back.into_iter().collect(),
        }
    }
}

/// The columns that an existing `Contact` must have.
const COLUMNS: [&str; 8] =
    ["id", "phoneNumber", "email", "linkedId", "linkPrecedence", "createdAt", "updatedAt", "deletedAt"];

/// Refuses a table that lacks a column.
pub(super) fn check_columns<'a>(present: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let present: Vec<_> = present.collect();
    let missing: Vec<_> = COLUMNS.into_iter().filter(|column| !present.contains(column)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Configuration(format!(
        "the table Contact exists and lacks the columns: {}",
        missing.join(", ")
    )))
}

/// Tells the operator of an existing table why everything is slow; adding the index is not ours to do.
pub(super) fn warn_of_missing_index() {
    tracing::warn!(
        "the table Contact has no index on linkedId, so every call reads all of it; \
         CREATE INDEX Contact_linkedId ON Contact (linkedId) helps"
    );
}

/// What a failed migration means. That somebody else does or did it meanwhile is a conflict.
pub(super) fn migration_failed(error: sqlx::migrate::MigrateError) -> Error {
    match error {
        sqlx::migrate::MigrateError::Execute(error)
        | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => fault::classify_claims(error),
        // Another process is in the middle of it.
        sqlx::migrate::MigrateError::Dirty(_) => Error::conflict(),
        error => Error::Configuration(format!(
            "the tables of identity-core are not as this version needs: {error}"
        )),
    }
}
