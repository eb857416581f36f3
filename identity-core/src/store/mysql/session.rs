//! Statements on one connection.

use std::slice;

use futures_util::TryStreamExt;
use sqlx::mysql::{MySqlArguments, MySqlQueryResult, MySqlRow};
use sqlx::{AssertSqlSafe, MySqlConnection, Row};
use time::PrimitiveDateTime;

use crate::changes::{ContactRef, NewContact, Touch};
use crate::contact::{ContactId, LinkPrecedence};
use crate::store::sql::lengths::Lengths;
use crate::store::sql::statement::{Statement, Value};
use crate::store::sql::{NewIds, Session, Unfinished, commit};
use crate::timestamp::Timestamp;

/// One round trip; the isolation level holds for this transaction only, so that a connection of the application's pool
/// goes back as it came.
pub(super) const BEGIN: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION";

/// On connections of the store's own, whose sessions have that isolation level.
const BEGIN_AT_DEFAULT: &str = "START TRANSACTION";

/// What makes a connection the store's own.
///
/// A row that somebody outside keeps locked makes a whole batch wait, and whatever waits behind it. The server's default of 50
/// seconds is for people at a console; after one, the batch goes on without whoever asked for that row.
pub(super) const SET_UP: &str =
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SET SESSION innodb_lock_wait_timeout = 1";

/// A transaction. sqlx's own would begin and commit in round trips of their own; so whoever opens a session takes care that
/// what fails, or is given up, is taken back.
pub(super) struct MySqlSession<'c> {
    connection: &'c mut MySqlConnection,
    sending: Sending,
    /// What goes to the server together with the next statement, in the same text: how the transaction begins, and a contact
    /// that is [kept back](NewIds::KeptBack).
    ahead: Vec<String>,
    /// The id of that contact.
    kept_back: Option<ContactId>,
    /// Whether what went ahead was refused, and not the statement that it went ahead of.
    failed_ahead: bool,
}

/// How statements with many values go to the server.
///
/// Never several statements of a transaction in one text on Galera. Where another member's commit makes it roll a
/// transaction back between two of them, MariaDB (seen with 10.11.19) goes on with the next as a transaction of its own, and
/// the text ends as if nothing had happened: half of the changes would be lost, and the other half committed. With one
/// statement a text, the next one fails, as it must. Group Replication remembers, and fails at COMMIT at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// With the values in their text: one round trip whatever their length. Only where the driver logs no statements.
    Text,
    /// The same, and each statement alone: on Galera.
    TextAlone,
    /// Prepared, in the fixed lengths: whoever owns the pool may have the driver log the text of statements, and no
    /// customer's value may be in a log.
    Prepared,
}

impl Sending {
    /// How long the lists of statements are; as text they stay below [`MOST_TEXT`].
    pub(super) fn lengths(self) -> Lengths {
        match self {
            Self::Text | Self::TextAlone => Lengths::Text { bytes: MOST_TEXT, conditions: 16 },
            Self::Prepared => Lengths::Fixed,
        }
    }
}

impl<'c> MySqlSession<'c> {
    pub(super) async fn begin(
        connection: &'c mut MySqlConnection,
        sending: Sending,
    ) -> Result<Self, sqlx::Error> {
        let ahead = match sending {
            Sending::Prepared => {
                sqlx::raw_sql(BEGIN).execute(&mut *connection).await?;
                Vec::new()
            }
            // Even on Galera: before the first statement there is nothing to roll back.
            Sending::Text | Sending::TextAlone => vec![BEGIN_AT_DEFAULT.to_owned()],
        };
        Ok(Self { connection, sending, ahead, kept_back: None, failed_ahead: false })
    }

    /// Sends statements as text, and ahead of them what is to go ahead. The server stops at the first that fails.
    async fn send(&mut self, statements: &str) -> Result<MySqlQueryResult, sqlx::Error> {
        let mut ahead = std::mem::take(&mut self.ahead);
        let is_ahead = ahead.len();
        ahead.push(statements.to_owned());
        let mut outcomes = sqlx::raw_sql(AssertSqlSafe(ahead.join("; "))).execute_many(&mut *self.connection);
        let mut sum = MySqlQueryResult::default();
        let mut position = 0;
        loop {
            let outcome = match outcomes.try_next().await {
                Ok(Some(outcome)) => outcome,
                Ok(None) => return Ok(sum),
                Err(error) => {
                    self.failed_ahead = position < is_ahead;
                    return Err(error);
                }
            };
            position += 1;
            if position > is_ahead {
                sum.extend([outcome]);
            } else if outcome.last_insert_id() > 0 {
                self.kept_back = Some(ContactId::from(outcome.last_insert_id() as i64));
            }
        }
    }
}

impl Session for MySqlSession<'_> {
    async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, sqlx::Error> {
        let is_short = statement.values.len() <= MOST_PREPARED && self.ahead.is_empty();
        match self.sending {
            _ if statement.values.is_empty() => Ok(self.send(&statement.sql).await?.rows_affected()),
            Sending::Text | Sending::TextAlone if !is_short => {
                Ok(self.send(&statement.text()).await?.rows_affected())
            }
            Sending::Text | Sending::TextAlone | Sending::Prepared => {
                execute(self.connection, statement).await
            }
        }
    }

    async fn finish(mut self, mut statements: Vec<Statement<'_>>) -> Result<Option<ContactId>, Unfinished> {
        statements.push(Statement::new(COMMIT));
        match self.execute_all(statements).await {
            Ok(_) => Ok(self.kept_back),
            Err(error) => Err(Unfinished { error, at_kept_back: self.failed_ahead }),
        }
    }

    async fn touch(&mut self, touched: &[Touch]) -> Result<bool, sqlx::Error> {
        let lengths = self.sending.lengths();
        let mut updates = Vec::new();
        for kin in touched.chunk_by(|one, next| one.seen.linked_id == next.seen.linked_id) {
            let alike: Vec<_> = kin.chunk_by(|one, next| one.becomes == next.becomes).collect();
            if alike.len() > MOST_TIMES {
                updates.extend(lengths.padded(kin).filter_map(|kin| touch(&kin)));
            } else {
                let lists = alike.into_iter().flat_map(|alike| lengths.padded_up_to(MOST_TOUCHED, alike));
                updates.extend(lists.filter_map(|alike| touch(&alike)));
            }
        }
        let matched = self.execute_all(updates).await?;
        Ok(matched == touched.len() as u64)
    }

    /// Ids are the database's to give, so a secondary whose primary is inserted by the same statement learns its
    /// `linkedId` afterwards.
    async fn insert(&mut self, created: &[NewContact]) -> Result<Option<NewIds>, sqlx::Error> {
        if let ([contact], Sending::Text) = (created, self.sending) {
            // One round trip less for a lone caller. The variable outlives the evidence, which has ids of its own. Where a
            // trigger gave the id, LAST_INSERT_ID() would be that of an earlier contact: the claims are refused then.
            self.ahead.push("SET last_insert_id = 0".to_owned());
            self.ahead.push(insert_of(slice::from_ref(contact)).text());
            self.ahead.push(format!("SET {KEPT_BACK} = NULLIF(LAST_INSERT_ID(), 0)"));
            return Ok(Some(NewIds::KeptBack(KEPT_BACK)));
        }
        let mut ids = Vec::with_capacity(created.len());
        for chunk in self.sending.lengths().exact(created, commit::contact_size) {
            let insert = insert_of(chunk);
            // The id of the statement's first row (MySQL manual, LAST_INSERT_ID); the others follow without a gap,
            // since their number is known beforehand (InnoDB, "simple inserts").
            let Some((first, step)) = self.insert_many(&insert, chunk).await? else { return Ok(None) };
            ids.extend(
                (0..chunk.len() as u64).map(|position| ContactId::from((first + position * step) as i64)),
            );
        }
        let late = created.iter().zip(&ids).filter_map(|(contact, id)| match contact.linked_to {
            Some(primary @ ContactRef::New(_)) => {
                Some((Value::Int(Some(id.get())), Value::Int(primary.resolve(&ids).map(ContactId::get))))
            }
            _ => None,
        });
        let late: Vec<_> = late.collect();
        let links = self.sending.lengths().padded(&late).map(|links| commit::link_by_id(&links));
        self.execute_all(links.collect()).await?;
        Ok(Some(NewIds::Told(ids)))
    }
}

impl MySqlSession<'_> {
    /// Inserts contacts; tells the first id, and the step to the next, which is not 1 on clusters of several primaries, and
    /// theirs to change. Galera does so whenever a member comes or goes, perhaps after the insertion: `None` then.
    async fn insert_many(
        &mut self,
        insert: &Statement<'_>,
        contacts: &[NewContact],
    ) -> Result<Option<(u64, u64)>, sqlx::Error> {
        let Some((last, others)) = contacts.split_last() else { return Ok(None) };
        let facts = facts(others.len(), last);
        // The only one has the id that comes with the reply; asking would cost a lone caller as much as the insertion does.
        let row = if self.sending == Sending::Text && !others.is_empty() {
            let mut statements = std::mem::take(&mut self.ahead);
            statements.extend([insert.text(), facts.text()]);
            let text = AssertSqlSafe(statements.join("; "));
            sqlx::raw_sql(text).fetch_one(&mut *self.connection).await?
        } else {
            let done = match self.sending {
                Sending::Prepared => prepared(self.connection, insert).await?,
                Sending::Text | Sending::TextAlone => self.send(&insert.text()).await?,
            };
            if others.is_empty() {
                return Ok(Some((done.last_insert_id(), 1)));
            }
            let rows = fetch(self.connection, &facts).await?;
            rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)?
        };
        let is_known = row.try_get::<i64, _>(2)? != 0;
        Ok(is_known.then_some((row.try_get(0)?, row.try_get(1)?)))
    }

    /// Runs statements in order, in as few round trips as may be; tells how many rows they matched.
    async fn execute_all(&mut self, statements: Vec<Statement<'_>>) -> Result<u64, sqlx::Error> {
        let mut matched = 0;
        match self.sending {
            Sending::Text if statements.len() > 1 => {
                for text in texts(statements) {
                    matched += self.send(&text).await?.rows_affected();
                }
            }
            Sending::Text | Sending::TextAlone | Sending::Prepared => {
                for statement in statements {
                    matched += self.execute(statement).await?;
                }
            }
        }
        Ok(matched)
    }
}

/// Touches contacts that have one `linkedId`: the server finds each among the values seen by halving. Most of a batch get
/// one `updatedAt` too; where they do not, it looks through a CASE for each.
fn touch<'a>(touched: &[Touch]) -> Option<Statement<'a>> {
    let Touch { seen, becomes } = touched.first()?;
    let id = |touch: &Touch| Value::Int(Some(touch.seen.contact.get()));
    let update = Statement::new("UPDATE Contact SET updatedAt = ");
    let update = match touched.iter().all(|touch| touch.becomes == *becomes) {
        true => update.bind(Value::Time(*becomes)),
        false => update.case("id", touched.iter().map(|touch| (id(touch), Value::Time(touch.becomes)))),
    };
    let update = update
        .sql(" WHERE id IN (")
        .list(touched.iter().map(id))
        .sql(") AND (id, updatedAt) IN (")
        .rows(touched.iter().map(|touch| [id(touch), Value::Time(touch.seen.updated_at)]))
        .sql(") AND deletedAt IS NULL AND linkedId <=> ")
        .bind(Value::Int(seen.linked_id.map(ContactId::get)));
    Some(update)
}

/// The text of statements, as few as [`MOST_TEXT`] allows. The server stops at the first that fails.
fn texts(statements: Vec<Statement<'_>>) -> Vec<String> {
    let mut texts = Vec::<String>::new();
    for statement in statements {
        let next = statement.text();
        match texts.last_mut() {
            Some(text) if text.len() + next.len() <= MOST_TEXT => {
                text.push_str("; ");
                text.push_str(&next);
            }
            _ => texts.push(next),
        }
    }
    texts
}

/// Reads the first id of an INSERT, the step to the next, and whether they lead to its last contact, so many steps on.
fn facts<'a>(steps: usize, last: &'a NewContact) -> Statement<'a> {
    // Byte for byte, whatever character set and collation an existing table has.
    let is = |column| format!("CONVERT({column} USING utf8mb4) COLLATE utf8mb4_bin <=> ");
    Statement::new(
        "SELECT LAST_INSERT_ID(), CAST(@@auto_increment_increment AS UNSIGNED), EXISTS (SELECT 1 FROM Contact \
         WHERE id = LAST_INSERT_ID() + @@auto_increment_increment * ",
    )
    .bind(Value::Int(Some(steps as i64)))
    .sql(&format!(" AND {}", is("email")))
    .bind(Value::Text(last.email.as_deref()))
    .sql(&format!(" AND {}", is("phoneNumber")))
    .bind(Value::Text(last.phone_number.as_deref()))
    .sql(")")
}

fn insert_of(contacts: &[NewContact]) -> Statement<'_> {
    Statement::new(
        "INSERT INTO Contact (phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt) VALUES ",
    )
    .rows(contacts.iter().map(row))
}

fn row(contact: &NewContact) -> [Value<'_>; 6] {
    let linked_id = match contact.linked_to {
        Some(ContactRef::Known(id)) => Some(id.get()),
        Some(ContactRef::New(_)) | None => None,
    };
    let precedence = contact.linked_to.map_or(LinkPrecedence::Primary, |_| LinkPrecedence::Secondary);
    [
        Value::Text(contact.phone_number.as_deref()),
        Value::Text(contact.email.as_deref()),
        Value::Int(linked_id),
        Value::Text(Some(precedence.name())),
        Value::Time(contact.created_at),
        Value::Time(contact.created_at),
    ]
}

/// What is sent at once, in bytes. A TLS record holds 16 KiB, and the driver does not set TCP_NODELAY: what takes more than
/// one record waits for the receiver's delayed acknowledgement, some 40 ms on Linux.
const MOST_TEXT: usize = 15_000;

/// The contacts that one statement touches. From 200 on MySQL trusts statistics, see `by_linked_id.rs`.
const MOST_TOUCHED: usize = 128;

/// The times for each of which a statement of its own touches contacts. There are more where the table keeps whole seconds,
/// and people who are met again within one run ahead of the clock.
const MOST_TIMES: usize = 3;

const COMMIT: &str = "COMMIT";

/// Holds the id of a contact that is [kept back](NewIds::KeptBack), on a connection of the store's own.
const KEPT_BACK: &str = "@identity_core_contact";

/// Statements with more values than this are sent as text: one round trip whatever their length, where preparing them
/// would take another for each length that was not met before.
const MOST_PREPARED: usize = 16;

pub(super) async fn execute(
    connection: &mut MySqlConnection,
    statement: Statement<'_>,
) -> Result<u64, sqlx::Error> {
    Ok(prepared(connection, &statement).await?.rows_affected())
}

async fn prepared(
    connection: &mut MySqlConnection,
    statement: &Statement<'_>,
) -> Result<MySqlQueryResult, sqlx::Error> {
    let Statement { sql, values } = statement;
    sqlx::query_with(AssertSqlSafe(sql.as_str()), arguments(values)?).execute(connection).await
}

pub(super) async fn fetch(
    connection: &mut MySqlConnection,
    statement: &Statement<'_>,
) -> Result<Vec<MySqlRow>, sqlx::Error> {
    let Statement { sql, values } = statement;
    sqlx::query_with(AssertSqlSafe(sql.as_str()), arguments(values)?).fetch_all(connection).await
}

fn arguments(values: &[Value<'_>]) -> Result<MySqlArguments, sqlx::Error> {
    use sqlx::Arguments;
    let mut arguments = MySqlArguments::default();
    for value in values {
        match *value {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Time(value) => arguments.add(datetime(value)),
            Value::Expression(_) => continue,
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn datetime(at: Timestamp) -> Option<PrimitiveDateTime> {
    at.to_datetime().map(|at| PrimitiveDateTime::new(at.date(), at.time()))
}

/// A column of times comes as microseconds since 1970.
pub(super) fn time(row: &MySqlRow, column: usize) -> Result<Option<Timestamp>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_micros))
}
