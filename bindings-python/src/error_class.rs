//! Which class of `identity_core._errors` a kind of failure is.

use identity_core::ErrorKind;

/// The class's name; the base's for a kind that is not known here.
pub(crate) fn class_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "InvalidInputError",
        ErrorKind::Conflict => "ConflictError",
        ErrorKind::Unavailable => "StoreUnavailableError",
        ErrorKind::Overloaded => "OverloadedError",
        ErrorKind::Timeout => "TimeoutError",
        ErrorKind::Closed => "ResolverClosedError",
        ErrorKind::Refused => "StoreRefusedError",
        ErrorKind::Unsound => "UnsoundStoreError",
        ErrorKind::NotAdopted => "NotAdoptedError",
        ErrorKind::Configuration => "ConfigurationError",
        _ => "IdentityError",
    }
}
