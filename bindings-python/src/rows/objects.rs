//! Rows of Python objects.

use std::fmt;

use identity_core::{InvalidReason, PhoneNumber, PhoneRef, Rows};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyTuple};

use crate::request;

/// Rows, read from Python objects.
#[derive(Default)]
pub(crate) struct ObjectRows(Vec<Row>);

struct Row {
    email: Result<Option<String>, InvalidReason>,
    phone: Result<Option<PhoneNumber>, InvalidReason>,
}

impl ObjectRows {
    /// Reads up to `most` rows: mappings, of which `names` says what is under which key (the first that is there counts), or
    /// pairs of an email and a phone number.
    ///
    /// # Errors
    /// What the iterator raises, and `TypeError` for objects that are neither.
    pub(crate) fn read(
        rows: &Bound<'_, PyAny>,
        names: &[Vec<String>; 2],
        position: u64,
        most: usize,
    ) -> PyResult<Self> {
        let mut read = Vec::new();
        for row in rows.try_iter()?.take(most) {
            let row = row?;
            let [email, phone] = if let Ok(pair) = row.cast::<PyTuple>() {
                [pair.get_item(0).ok(), pair.get_item(1).ok()]
            } else if let Ok(mapping) = row.cast::<PyMapping>() {
                [under(mapping, &names[0])?, under(mapping, &names[1])?]
            } else {
                let kind = row.get_type().name()?;
                let position = position + read.len() as u64;
                let message =
                    format!("row {position} must be a mapping, such as a dict, and is of type {kind}");
                return Err(PyTypeError::new_err(message));
            };
            read.push(Row {
                email: email.as_ref().map_or(Ok(None), request::text),
                phone: phone.as_ref().map_or(Ok(None), request::number),
            });
        }
        Ok(Self(read))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn under<'py>(row: &Bound<'py, PyMapping>, names: &[String]) -> PyResult<Option<Bound<'py, PyAny>>> {
    for name in names {
        if row.contains(name)? {
            return row.get_item(name).map(Some);
        }
    }
    Ok(None)
}

impl Rows for ObjectRows {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn email(&self, row: usize) -> Result<Option<&str>, InvalidReason> {
        self.0[row].email.as_ref().map(Option::as_deref).map_err(|reason| *reason)
    }

    fn phone_number(&self, row: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
        let phone = self.0[row].phone.as_ref().map_err(|reason| *reason)?;
        Ok(phone.as_ref().map(|phone| match phone {
            PhoneNumber::Text(text) => PhoneRef::Text(text),
            PhoneNumber::Number(digits) => PhoneRef::Number(*digits),
        }))
    }
}

impl fmt::Debug for ObjectRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectRows").field("count", &self.0.len()).finish_non_exhaustive()
    }
}
