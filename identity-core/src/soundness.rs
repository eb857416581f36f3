//! What can be wrong with a table that others filled.

use std::fmt;

/// How many defects of each kind a table has.
///
/// Every kind that occurs is one sentence of its `Display` text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Defects {
    /// Contacts whose `linkPrecedence` contradicts their `linkedId`, or is neither `primary` nor `secondary`.
    pub precedence: u64,
    /// Secondaries whose primary is missing or deleted.
    pub orphaned: u64,
    /// Secondaries of a secondary.
    pub chained: u64,
    /// Secondaries that are older than their primary.
    pub older_than_primary: u64,
    /// Contacts with an email that is none.
    pub invalid_email: u64,
    /// Contacts with a phone number that is none.
    pub invalid_phone: u64,
    /// Contacts without a readable `createdAt` or `updatedAt`.
    pub undated: u64,
    /// Identifiers that occur in more than one cluster.
    pub shared: u64,
}

impl Defects {
    /// Each kind's text and count.
    pub fn counts(&self) -> [(&'static str, u64); 8] {
        [
            ("contacts whose linkPrecedence contradicts their linkedId", self.precedence),
            ("secondaries whose primary is missing or deleted", self.orphaned),
            ("secondaries of a secondary", self.chained),
            ("secondaries older than their primary", self.older_than_primary),
            ("contacts with an invalid email", self.invalid_email),
            ("contacts with an invalid phoneNumber", self.invalid_phone),
            ("contacts without a readable createdAt or updatedAt", self.undated),
            ("identifiers in more than one cluster", self.shared),
        ]
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts().iter().all(|(_, count)| *count == 0)
    }
}

impl fmt::Display for Defects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (kind, count) in self.counts().into_iter().filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{kind}: {count}")?;
            separator = "; ";
        }
        Ok(())
    }
}
