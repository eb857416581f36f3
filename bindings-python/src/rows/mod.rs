//! Rows of many requests: from Arrow without a copy, or from Python objects one by one.

mod arrow;
mod columns;
mod objects;
mod source;

use identity_core::{InvalidReason, PhoneRef, Rows};

pub(crate) use columns::ArrowRows;
pub(crate) use objects::ObjectRows;
pub(crate) use source::{Batches, Source};

/// Some rows of a source.
#[derive(Debug)]
pub(crate) enum Batch {
    Arrow(ArrowRows),
    Objects(ObjectRows),
}

impl Rows for Batch {
    fn count(&self) -> usize {
        match self {
            Self::Arrow(rows) => rows.count(),
            Self::Objects(rows) => rows.count(),
        }
    }

    fn email(&self, row: usize) -> Result<Option<&str>, InvalidReason> {
        match self {
            Self::Arrow(rows) => rows.email(row),
            Self::Objects(rows) => rows.email(row),
        }
    }

    fn phone_number(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
        match self {
            Self::Arrow(rows) => rows.phone_number(row),
            Self::Objects(rows) => rows.phone_number(row),
        }
    }
}
