//! What can go wrong, named by what the caller can do about it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::contact::ContactId;
use crate::soundness::Defects;

/// A failure of this library. No message, and no `Debug` output, holds an email or a phone number.
///
/// [`kind`](Self::kind) is what programs switch on, [`is_retryable`](Self::is_retryable) says whether the same
/// call may succeed later. Every call is idempotent, so trying again is always safe.
///
/// It is `Clone`, since one failed transaction can be the answer to many callers.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The request is no identifier of anyone. Nothing was changed.
    #[error("invalid input: {0}")]
    InvalidInput(#[from] InvalidInput),

    /// Other writers changed the same people between reading and writing. [`ContactStore`](crate::ContactStore)s
    /// answer it; the resolver tries again, and passes it on only when its bound is reached.
    #[error("other writers kept changing the same contacts (attempts: {attempts})")]
    Conflict {
        /// How often it was tried.
        attempts: u32,
        /// What the database said, where it said something.
        #[source]
        source: Option<Cause>,
    },

    /// The database cannot be reached or is not ready. Whether the call happened is not known; calling again
    /// is safe.
    #[error("the contact database is not available")]
    Unavailable {
        /// What the driver said.
        #[source]
        source: Cause,
    },

    /// Too many callers wait already. Nothing was changed.
    #[error("overloaded: too many calls are waiting")]
    Overloaded,

    /// The call took longer than its deadline. Whether it happened is not known; calling again is safe.
    #[error("the call took longer than its deadline of {deadline:?}")]
    Timeout {
        /// The deadline.
        deadline: Duration,
    },

    /// The resolver was closed. Nothing was changed by calls that began after that.
    #[error("the resolver is closed")]
    Closed,

    /// The database answered, and refused: a missing privilege, a value that a column cannot hold, no id that is left.
    #[error("the contact database refused the statement")]
    Refused {
        /// What the driver said.
        #[source]
        source: Cause,
    },

    /// `Contact` holds a state that the rules exclude, such as a secondary of a secondary: something else wrote
    /// it. Nothing was changed.
    #[error("contact {contact} is not sound: {problem}")]
    Unsound {
        /// The contact where it shows.
        contact: ContactId,
        /// What is wrong with it.
        problem: &'static str,
    },

    /// `Contact` holds rows that this library has never seen, and was not asked to adopt them.
    #[error(
        "the table Contact already holds contacts without claims; have it checked and taken over once by \
         connecting with the option `adopt` (identify-server: --adopt)"
    )]
    NotAdopted,

    /// `Contact` was to be adopted, and its clusters are not sound. Nothing was written.
    #[error(
        "the table Contact cannot be adopted, since its clusters are not sound: {0}; nothing was written"
    )]
    NotAdoptable(Defects),

    /// The database URL, an option, or the shape of an existing table does not fit.
    #[error("{0}")]
    Configuration(String),
}

/// What a failure means to a program. See [`Error::kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's input is at fault.
    InvalidInput,
    /// Concurrent writers; retry.
    Conflict,
    /// The database is away; retry later.
    Unavailable,
    /// More calls than can be served; retry later.
    Overloaded,
    /// A deadline passed; retry.
    Timeout,
    /// The resolver was closed.
    Closed,
    /// The database refuses; somebody has to look.
    Refused,
    /// The table's contents are at fault; somebody has to look.
    Unsound,
    /// An existing table was not adopted yet, or cannot be.
    NotAdopted,
    /// The settings are at fault.
    Configuration,
}

impl ErrorKind {
    /// All of them, for whoever has something for each, such as the exceptions of another language.
    pub const ALL: &[Self] = &[
        Self::InvalidInput,
        Self::Conflict,
        Self::Unavailable,
        Self::Overloaded,
        Self::Timeout,
        Self::Closed,
        Self::Refused,
        Self::Unsound,
        Self::NotAdopted,
        Self::Configuration,
    ];

    /// A stable code for programs in other languages, and for logs: the name in capitals, as `INVALID_INPUT`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidInput => "INVALID_INPUT",
            Self::Conflict => "CONFLICT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Overloaded => "OVERLOADED",
            Self::Timeout => "TIMEOUT",
            Self::Closed => "CLOSED",
            Self::Refused => "REFUSED",
            Self::Unsound => "UNSOUND",
            Self::NotAdopted => "NOT_ADOPTED",
            Self::Configuration => "CONFIGURATION",
        }
    }
}

impl Error {
    /// What the failure means to a program.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidInput(_) => ErrorKind::InvalidInput,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::Overloaded => ErrorKind::Overloaded,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Closed => ErrorKind::Closed,
            Self::Refused { .. } => ErrorKind::Refused,
            Self::Unsound { .. } => ErrorKind::Unsound,
            Self::NotAdopted | Self::NotAdoptable(_) => ErrorKind::NotAdopted,
            Self::Configuration(_) => ErrorKind::Configuration,
        }
    }

    /// Whether the same call may succeed when it is made again.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Conflict | ErrorKind::Unavailable | ErrorKind::Overloaded | ErrorKind::Timeout
        )
    }

    /// An option beyond what anybody can make use of.
    pub(crate) fn too_large(option: &str, most: impl fmt::Display) -> Self {
        Self::Configuration(format!("the option {option} must be at most {most}"))
    }

    /// A store that broke its contract.
    pub(crate) fn too_few_ids() -> Self {
        Self::Configuration("the store returned fewer ids than it was given contacts to create".to_owned())
    }

    /// For stores: what the changes were planned on no longer holds.
    pub fn conflict() -> Self {
        Self::Conflict { attempts: 1, source: None }
    }

    /// For stores: the database says that a concurrent transaction is in the way.
    pub fn conflict_because(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Conflict { attempts: 1, source: Some(Cause::new(source)) }
    }

    /// For stores: the database cannot be reached.
    pub fn unavailable(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Unavailable { source: Cause::new(source) }
    }

    /// For stores: the database refuses. Neither the source's text nor its `Debug` output may hold a customer's
    /// values.
    pub fn refused(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Refused { source: Cause::new(source) }
    }
}

/// The cause of a failure, shared by all who are told of it.
#[derive(Clone)]
pub struct Cause(Arc<dyn StdError + Send + Sync>);

impl Cause {
    /// Wraps an error. Its texts must hold no customer's values.
    pub fn new(source: impl StdError + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// The wrapped error, if it is an `E`.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// A field of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `email`.
    Email,
    /// `phoneNumber`.
    PhoneNumber,
}

impl Field {
    /// The field's name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PhoneNumber => "phoneNumber",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a request is refused: the field, where there is one, and the reason. It never repeats the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidInput {
    field: Option<Field>,
    reason: InvalidReason,
}

impl InvalidInput {
    /// A field that is refused. For sources of [`Rows`](crate::Rows), which meet values of types that are none of a request's.
    pub const fn new(field: Field, reason: InvalidReason) -> Self {
        Self { field: Some(field), reason }
    }

    pub(crate) const fn request(reason: InvalidReason) -> Self {
        Self { field: None, reason }
    }

    /// The field at fault; `None` where it is the request as a whole.
    pub const fn field(&self) -> Option<Field> {
        self.field
    }

    /// What is wrong with it.
    pub const fn reason(&self) -> InvalidReason {
        self.reason
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "{field} {}", self.reason),
            None => write!(f, "the request {}", self.reason),
        }
    }
}

impl StdError for InvalidInput {}

/// What is wrong with an input; the text completes a sentence that begins with the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InvalidReason {
    /// Neither an email nor a phone number.
    #[error("must have an email or a phoneNumber")]
    Empty,
    /// The text is no JSON.
    #[error("must be valid JSON")]
    NotJson,
    /// The JSON is no object.
    #[error("must be a JSON object")]
    NotAnObject,
    /// A value that is neither text nor null.
    #[error("must be a string or null")]
    NotText,
    /// A value that is neither text nor a number nor null.
    #[error("must be a string, a whole number or null")]
    NotTextOrNumber,
    /// A number that is no phone number: negative, with a fraction or an exponent, or over 64 bits.
    #[error(
        "must be a non-negative whole number of at most 64 bits, without fraction or exponent, if it is a number"
    )]
    NotAWholeNumber,
    /// No `local@domain`.
    #[error("must be of the form local@domain, with one @")]
    NotAnEmail,
    /// White space or a control character inside.
    #[error("must not contain white space or control characters")]
    ForbiddenCharacter,
    /// Too many characters.
    #[error("must have at most 254 characters")]
    TooLong,
    /// Something other than digits, or not 1 to 20 of them.
    #[error("must have 1 to 20 digits, with nothing but a leading +, spaces and -.()/ beside them")]
    NotAPhoneNumber,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does not compile without a new kind, whose place is the next one.
    fn place(kind: ErrorKind) -> usize {
        match kind {
            ErrorKind::InvalidInput => 0,
            ErrorKind::Conflict => 1,
            ErrorKind::Unavailable => 2,
            ErrorKind::Overloaded => 3,
            ErrorKind::Timeout => 4,
            ErrorKind::Closed => 5,
            ErrorKind::Refused => 6,
            ErrorKind::Unsound => 7,
            ErrorKind::NotAdopted => 8,
            ErrorKind::Configuration => 9,
        }
    }

    #[test]
    fn all_kinds_are_listed_and_have_codes_of_their_own() {
        assert!(ErrorKind::ALL.iter().map(|&kind| place(kind)).eq(0..10));
        let codes: std::collections::HashSet<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
    }
}
