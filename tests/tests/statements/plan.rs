//! What a plan may be like, whatever the database.

use super::text::{names, shape, without_values};
use super::workload::CONTACTS;

/// Asks whether there is any contact. Its plan is a scan, which ends at the first row.
const ANY_CONTACT: &str = "EXISTS (SELECT ? FROM Contact)";

/// Statements that the library must not have. Each shows that a check can fail.
pub(crate) const BAD: [&str; 8] = [
    "SELECT id FROM Contact WHERE email = 'known1@x.io'",
    "SELECT c.id FROM Contact c WHERE c.linkedId + 0 = 1",
    "SELECT contactId FROM ContactIdentifier WHERE kind = 'email'",
    "SELECT id FROM Contact WHERE linkedId IN (1, 5) ORDER BY createdAt",
    "SELECT id FROM Contact WHERE id > 0 ORDER BY email LIMIT 10",
    "UPDATE Contact SET updatedAt = updatedAt WHERE email = 'known1@x.io'",
    "DELETE FROM ContactEvent WHERE kind = 'merged'",
    "INSERT INTO ContactEvent SELECT * FROM ContactEvent e WHERE e.primaryId = 1",
];

/// A statement that was sent, and what its plan is held to.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) statement: &'a str,
    pub(crate) shape: String,
    values: usize,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(statement: &'a str) -> Self {
        let text = without_values(statement);
        Self { statement, shape: shape(&text), values: text.matches('?').count() }
    }

    /// Whether a plan may not read all of what it calls so.
    pub(crate) fn must_not_scan(&self, name: &str) -> bool {
        names(&self.shape).contains(name) && !(name == "Contact" && self.shape.contains(ANY_CONTACT))
    }

    /// Whether it takes the next page of a table, in the order of an index: the one statement whose plan is an open range.
    pub(crate) fn is_page(&self) -> bool {
        self.shape.contains(" ORDER BY ") && self.shape.ends_with(" LIMIT ?")
    }

    /// How many rows of one table may be expected: a few for each value. A range over all emails is far beyond it.
    pub(crate) fn most_expected(&self) -> usize {
        (2 * self.values + 16).min(CONTACTS / 4)
    }

    /// How many rows may be read, of all tables together and counting those that only an index is read of.
    pub(crate) fn most_read(&self) -> usize {
        if self.is_page() { CONTACTS / 4 } else { (8 * self.values + 16).min(CONTACTS / 2) }
    }
}
