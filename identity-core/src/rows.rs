//! Requests as sources of many have them: columns, or whatever else lies at hand, asked row by row without a copy.

use std::fmt;
use std::sync::Arc;

use crate::error::InvalidReason;
use crate::redact::Redacted;
use crate::request::{IdentifyRequest, PhoneNumber};

/// Some rows of a source, each with an email and a phone number; normalising is the library's work.
///
/// ```
/// use identity_core::{InvalidReason, PhoneRef, Rows};
///
/// #[derive(Debug)]
/// struct Orders {
///     emails: Vec<Option<String>>,
///     phones: Vec<u64>,
/// }
///
/// impl Rows for Orders {
///     fn count(&self) -> usize {
///         self.phones.len()
///     }
///
///     fn email(&self, row: usize) -> Result<Option<&str>, InvalidReason> {
///         Ok(self.emails[row].as_deref())
///     }
///
///     fn phone_number(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
///         Ok(Some(PhoneRef::Number(self.phones[row])))
///     }
/// }
/// ```
pub trait Rows: Send + Sync + 'static {
    /// How many there are.
    fn count(&self) -> usize;

    /// The email of a row, counted from 0.
    ///
    /// # Errors
    /// Why the value can be none, where the source tells by its type alone.
    fn email(&self, row: usize) -> Result<Option<&str>, InvalidReason>;

    /// The phone number of a row.
    ///
    /// # Errors
    /// As for [`email`](Self::email).
    fn phone_number(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason>;
}

/// A phone number as a source has it, see [`PhoneNumber`]. `Debug` shows no digit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PhoneRef<'r> {
    /// Text.
    Text(&'r str),
    /// A number, whose decimal digits are the phone number.
    Number(u64),
}

impl fmt::Debug for PhoneRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(true).fmt(f)
    }
}

impl<R: Rows + ?Sized> Rows for Arc<R> {
    fn count(&self) -> usize {
        (**self).count()
    }

    fn email(&self, row: usize) -> Result<Option<&str>, InvalidReason> {
        (**self).email(row)
    }

    fn phone_number(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
        (**self).phone_number(row)
    }
}

impl Rows for Vec<IdentifyRequest> {
    fn count(&self) -> usize {
        self.len()
    }

    fn email(&self, row: usize) -> Result<Option<&str>, InvalidReason> {
        Ok(self[row].email.as_deref())
    }

    fn phone_number(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
        Ok(self[row].phone_number.as_ref().map(PhoneNumber::borrow))
    }
}
