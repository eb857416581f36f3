//! From the library's errors to exceptions. They are classes of `identity_core._errors`, written in Python since one class
//! cannot have two bases here.

use std::error::Error as _;

use identity_core::{Error, Field, InvalidInput, InvalidReason};
use pyo3::prelude::*;
use pyo3::types::PyDict;

pub(crate) use crate::error_class::class_name;
use crate::exit;

/// The exception for an error, with its causes.
pub(crate) fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error, None)
}

/// The same of a row of an import, counted from 0.
pub(crate) fn of_row(py: Python<'_>, error: &Error, row: u64) -> PyErr {
    exception(py, error, Some(row))
}

/// Either on a thread that does not hold the GIL.
pub(crate) fn apart(error: &Error, row: Option<u64>) -> PyErr {
    exit::attach(|py| exception(py, error, row)).unwrap_or_else(exit::too_late)
}

/// A value of a request is refused.
pub(crate) fn invalid(py: Python<'_>, invalid: InvalidInput) -> PyErr {
    to_python(py, &Error::InvalidInput(invalid))
}

/// A number is refused that would have to be the id of a contact.
pub(crate) fn invalid_id(py: Python<'_>) -> PyErr {
    let exception = make(py, "InvalidInputError", "contact_id must be a whole number of at most 64 bits");
    let _ = exception.value(py).setattr("field", "contact_id");
    exception
}

/// The resolver was closed.
pub(crate) fn closed(py: Python<'_>) -> PyErr {
    make(py, "ResolverClosedError", "the resolver is closed")
}

/// The resolver belongs to the parent process.
pub(crate) fn forked(py: Python<'_>) -> PyErr {
    make(
        py,
        "ForkedError",
        "this resolver was connected before the process forked, and serves the parent only; connect another one in the \
         child, such as in the worker's initializer",
    )
}

/// SQLite was used by the parent process.
pub(crate) fn forked_with_sqlite(py: Python<'_>) -> PyErr {
    make(
        py,
        "ForkedError",
        "SQLite was used before this process forked; connect to it first in the child, or start the child with spawn",
    )
}

/// The field at fault; `None` where it is the request as a whole, or a row that is none.
pub(crate) fn field(invalid: InvalidInput) -> Option<&'static str> {
    invalid.field().filter(|_| invalid.reason() != InvalidReason::NotAnObject).map(field_name)
}

/// The field's name as Python's arguments have it.
fn field_name(field: Field) -> &'static str {
    match field {
        Field::Email => "email",
        Field::PhoneNumber => "phone_number",
    }
}

/// What is wrong with a request, in Python's words.
pub(crate) fn message(error: &Error) -> String {
    match error {
        Error::InvalidInput(invalid) if invalid.reason() == InvalidReason::NotAnObject => {
            "the row must be a mapping, such as a dict, or a named tuple".to_owned()
        }
        Error::InvalidInput(invalid) => {
            let field = field(*invalid).unwrap_or("the request");
            // The core's words are JSON's.
            let reason = invalid
                .reason()
                .to_string()
                .replace(Field::PhoneNumber.name(), field_name(Field::PhoneNumber));
            format!("{field} {}", reason.replace("null", "None"))
        }
        error => error.to_string(),
    }
}

fn exception(py: Python<'_>, error: &Error, row: Option<u64>) -> PyErr {
    let text = message(error);
    let text = row.map_or(text.clone(), |row| format!("row {row}: {text}"));
    let exception = make(py, class_name(error.kind()), &text);
    let value = exception.value(py);
    if let Error::InvalidInput(invalid) = error {
        let _ = value.setattr("field", field(*invalid));
    }
    if let Some(row) = row {
        let _ = value.setattr("row", row);
    }
    exception.set_cause(py, cause(py, error.source()));
    exception
}

/// What the driver said, and its causes in turn.
fn cause(py: Python<'_>, source: Option<&(dyn std::error::Error + 'static)>) -> Option<PyErr> {
    let source = source?;
    let exception = make(py, "DriverError", &source.to_string());
    exception.set_cause(py, cause(py, source.source()));
    Some(exception)
}

/// Whether it is an `IdentityError`.
pub(crate) fn is_ours(py: Python<'_>, error: &PyErr) -> bool {
    let base = py.import("identity_core._errors").and_then(|module| module.getattr("IdentityError"));
    base.is_ok_and(|base| error.matches(py, base).unwrap_or(false))
}

fn make(py: Python<'_>, class: &str, message: &str) -> PyErr {
    let made = py
        .import("identity_core._errors")
        .and_then(|module| module.getattr(class))
        .and_then(|class| class.call((message,), None::<&Bound<'_, PyDict>>));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}
