//! Every kind of failure has a class of its own in the pip package, which says of a retry what the library says.

#[path = "../../bindings-python/src/error_class.rs"]
mod error_class;

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use error_class::class_name;
use identity_core::{ContactId, Error, ErrorKind, Field, InvalidInput, InvalidReason};

const CLASSES: &str = include_str!("../../bindings-python/python/identity_core/_errors.py");

/// The text of a class.
fn class(name: &str) -> Option<&'static str> {
    let begin = CLASSES.find(&format!("class {name}("))?;
    CLASSES[begin..].split("\n\n\n").next()
}

/// An error of that kind.
fn error(kind: ErrorKind) -> Option<Error> {
    let cause = || io::Error::other("a cause");
    Some(match kind {
        ErrorKind::InvalidInput => InvalidInput::new(Field::Email, InvalidReason::NotAnEmail).into(),
        ErrorKind::Conflict => Error::conflict(),
        ErrorKind::Unavailable => Error::unavailable(cause()),
        ErrorKind::Overloaded => Error::Overloaded,
        ErrorKind::Timeout => Error::Timeout { deadline: Duration::from_secs(1) },
        ErrorKind::Closed => Error::Closed,
        ErrorKind::Refused => Error::refused(cause()),
        ErrorKind::Unsound => Error::Unsound { contact: ContactId::from(1), problem: "a problem" },
        ErrorKind::NotAdopted => Error::NotAdopted,
        ErrorKind::Configuration => Error::Configuration(String::new()),
        _ => return None,
    })
}

#[test]
fn every_kind_of_failure_has_a_class_in_python() {
    let classes: HashSet<_> = ErrorKind::ALL.iter().map(|kind| class_name(*kind)).collect();
    assert_eq!(classes.len(), ErrorKind::ALL.len(), "{classes:?}");
    for name in classes {
        assert_ne!(name, "IdentityError", "a kind has the base alone");
        let begin = class(name).and_then(|text| text.lines().next());
        assert!(begin.is_some_and(|line| line.contains("(IdentityError")), "{name} is not there");
    }
}

#[test]
fn a_class_says_of_a_retry_what_the_library_says() {
    let says = |name: &str| class(name).is_some_and(|text| text.contains("\n    retryable = True"));
    for &kind in ErrorKind::ALL {
        let retryable = error(kind).filter(|error| error.kind() == kind).map(|error| error.is_retryable());
        assert_eq!(retryable, Some(says(class_name(kind))), "{kind:?}");
    }
}
