//! How a value that belongs to a customer looks in `Debug` output: not at all.

use std::fmt;

/// Prints `***` for a value that is there and `None` for one that is not.
pub(crate) struct Redacted(pub(crate) bool);

impl Redacted {
    pub(crate) fn option<T>(value: &Option<T>) -> Self {
        Self(value.is_some())
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "***" } else { "None" })
    }
}
