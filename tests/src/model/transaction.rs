//! The statements of a commit, one step each, as a server runs them at READ COMMITTED.

use std::sync::Arc;

use super::Bug;
use super::identifiers::Value;
use super::plan::{Plan, Statement, Touch, Who};
use super::tables::{Row, Tables};

/// What an open transaction has done on its server.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Held {
    /// Rows that it has locked and left as they were.
    locks: Vec<u8>,
    /// Rows that it has changed, which nobody else sees.
    pub(super) written: Tables,
}

impl Held {
    fn has_locked(&self, contact: u8) -> bool {
        self.locks.contains(&contact) || self.written.contact(contact).is_some()
    }

    /// Whether it is in the way of a transaction that has passed elsewhere.
    pub(super) fn obstructs(&self, passed: &Tables, claims_have_key: bool) -> bool {
        passed.contacts.iter().any(|row| self.has_locked(row.id))
            || self.written.collides(passed, claims_have_key)
    }
}

/// A transaction between two of its statements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Transaction {
    pub(super) plan: Arc<Plan>,
    next: u8,
    /// Of its new contacts.
    pub(super) ids: Vec<u8>,
    pub(super) held: Held,
}

/// What a server has beside a transaction.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// What is committed.
    pub(super) tables: &'a Tables,
    /// The other open transactions.
    pub(super) others: &'a [&'a Held],
    /// The server's number among how many: those of a cluster give ids in steps, each its own.
    pub(super) numbering: (u8, u8),
    pub(super) bug: Option<Bug>,
}

/// What came of a statement.
pub(super) enum Ran {
    /// It waits for others.
    Waits,
    /// It did not match what it must; or a key is taken.
    Conflict,
    Done,
}

impl Transaction {
    pub(super) fn begin(plan: Arc<Plan>) -> Self {
        Self { plan, next: 0, ids: Vec::new(), held: Held::default() }
    }

    /// The statement that runs next. The last one is COMMIT, and is not for [`run`](Self::run).
    pub(super) fn statement(&self) -> &Statement {
        self.plan.statements.get(usize::from(self.next)).unwrap_or(&Statement::Commit)
    }

    pub(super) fn is_at_commit(&self) -> bool {
        *self.statement() == Statement::Commit
    }

    /// Whether its next statement waits for another transaction.
    pub(super) fn waits_for(&self, other: &Held, tables: &Tables, bug: Option<Bug>) -> bool {
        match self.statement() {
            Statement::Touch(touch) => other.has_locked(touch.contact),
            Statement::Claim(value, _) => {
                bug != Some(Bug::ChecksClaimsBefore) && other.written.is_claimed(*value)
            }
            // An index look-up meets rows as they were and as others make them.
            Statement::Relink { from, .. } => {
                tables.is_linked_to(*from).any(|row| other.has_locked(row.id))
                    || other.written.is_linked_to(*from).next().is_some()
            }
            Statement::CheckClaims(_) | Statement::Insert(_) | Statement::Commit => false,
        }
    }

    /// Runs the next statement.
    pub(super) fn run(&mut self, around: Surroundings<'_>) -> Ran {
        if around.others.iter().any(|other| self.waits_for(other, around.tables, around.bug)) {
            return Ran::Waits;
        }
        let plan = Arc::clone(&self.plan);
        let went_well = match &plan.statements[usize::from(self.next)] {
            Statement::Touch(touch) => self.touch(touch, around),
            Statement::CheckClaims(values) => {
                !around.tables.claims.iter().any(|(value, _)| values.contains([*value].into_iter().collect()))
            }
            Statement::Insert(contacts) => {
                self.number(contacts.len(), around);
                for (contact, id) in contacts.iter().zip(self.ids.clone()) {
                    self.held.written.set_contact(Row {
                        id,
                        carries: contact.carries,
                        linked_id: contact.linked_to.map(|primary| primary.id(&self.ids)),
                        created_at: contact.created_at,
                        updated_at: contact.created_at,
                    });
                }
                true
            }
            Statement::Claim(value, contact) => self.claim(*value, *contact, around),
            Statement::Relink { from, to, now } => {
                self.relink(*from, *to, *now, around.tables);
                true
            }
            Statement::Commit => true,
        };
        if !went_well {
            return Ran::Conflict;
        }
        self.next += 1;
        Ran::Done
    }

    fn touch(&mut self, touch: &Touch, around: Surroundings<'_>) -> bool {
        let Some(row) = self.current(touch.contact, around.tables) else { return false };
        let is_same_version = around.bug == Some(Bug::NoVersion) || row.updated_at == touch.updated_at;
        if row.linked_id != touch.linked_id || !is_same_version {
            return false;
        }
        let updated_at = if around.bug == Some(Bug::LocksRoot) { row.updated_at } else { touch.becomes };
        self.write(Row { updated_at, ..row }, around.tables);
        true
    }

    fn claim(&mut self, value: Value, contact: Who, around: Surroundings<'_>) -> bool {
        let has_key = around.bug != Some(Bug::ChecksClaimsBefore);
        if has_key && around.tables.is_claimed(value) {
            return false;
        }
        self.held.written.add_claim(value, contact.id(&self.ids));
        true
    }

    fn relink(&mut self, from: u8, to: Who, now: u8, tables: &Tables) {
        let linked_id = Some(to.id(&self.ids));
        let found: Vec<_> = tables.is_linked_to(from).chain(self.held.written.is_linked_to(from)).collect();
        let ids: Vec<_> = found.into_iter().map(|row| row.id).collect();
        for id in ids {
            let Some(row) = self.current(id, tables) else { continue };
            let updated_at = if id == from { row.updated_at } else { row.updated_at.max(now) };
            self.write(Row { linked_id, updated_at, ..row }, tables);
        }
    }

    /// A row as this transaction sees it.
    fn current(&self, contact: u8, tables: &Tables) -> Option<Row> {
        self.held.written.contact(contact).or_else(|| tables.contact(contact)).copied()
    }

    fn write(&mut self, row: Row, tables: &Tables) {
        if tables.contact(row.id) != Some(&row) {
            self.held.locks.retain(|locked| *locked != row.id);
            self.held.written.set_contact(row);
        } else if !self.held.has_locked(row.id) {
            self.held.locks.push(row.id);
        }
    }

    /// Gives ids: higher than any on this server, those of open transactions too.
    fn number(&mut self, count: usize, around: Surroundings<'_>) {
        let open = around.others.iter().map(|other| other.written.last_id());
        let mut last = open.max().unwrap_or(0).max(around.tables.last_id());
        let (server, servers) = around.numbering;
        for _ in 0..count {
            last += 1;
            while (last - 1) % servers != server {
                last += 1;
            }
            self.ids.push(last);
        }
    }
}
