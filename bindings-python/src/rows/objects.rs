//! Rows of Python objects.

use std::fmt;

use identity_core::{InvalidReason, PhoneNumber, PhoneRef, Rows};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyTuple};

use crate::{exit, request};

/// Rows, read from Python objects.
pub(crate) struct ObjectRows(Vec<Row>);

struct Row {
    email: Result<Option<String>, InvalidReason>,
    phone: Result<Option<PhoneNumber>, InvalidReason>,
}

impl Row {
    /// Of an object of another shape: one row's fault, as a wrong value is.
    fn unfit() -> Self {
        Self { email: Err(InvalidReason::NotAnObject), phone: Ok(None) }
    }
}

/// Rows of Python objects, some at a time.
pub(crate) struct ObjectBatches {
    rows: Py<PyAny>,
    shape: Shape,
    position: u64,
}

/// What the objects are.
pub(crate) enum Shape {
    /// Pairs of an email and a phone number: of our own, since of other tuples nobody knows what is where.
    Pairs,
    /// Objects whose values have names; see [`Source`](super::Source).
    Named { names: [Vec<String>; 2], required: Vec<String> },
}

impl ObjectBatches {
    /// Of an iterator.
    pub(crate) fn new(rows: Py<PyAny>, shape: Shape) -> Self {
        Self { rows, shape, position: 0 }
    }

    /// The next rows, at most so many; `None` at the end.
    ///
    /// # Errors
    /// What the iterator raises; `ValueError` where a required name is in none of the first rows, before any of them is used.
    pub(crate) fn next(&mut self, py: Python<'_>, most: usize) -> PyResult<Option<ObjectRows>> {
        let mut read = Vec::new();
        let mut missing = match &self.shape {
            Shape::Named { required, .. } if self.position == 0 => required.clone(),
            _ => vec![],
        };
        for row in self.rows.bind(py).try_iter()?.take(most) {
            if exit::is_near() {
                return Err(exit::too_late());
            }
            let row = row?;
            let [email, phone] = match &self.shape {
                Shape::Pairs => {
                    let pair = row.cast::<PyTuple>()?;
                    [Some(pair.get_item(0)?), Some(pair.get_item(1)?)]
                }
                Shape::Named { names: [email, phone], .. } => {
                    let Some(row) = NamedRow::new(&row) else {
                        read.push(Row::unfit());
                        continue;
                    };
                    if !missing.is_empty() {
                        let mut still = Vec::new();
                        for name in missing {
                            if !row.has(&name)? {
                                still.push(name);
                            }
                        }
                        missing = still;
                    }
                    [row.first(email)?, row.first(phone)?]
                }
            };
            read.push(Row {
                email: email.as_ref().map_or(Ok(None), request::text),
                phone: phone.as_ref().map_or(Ok(None), request::number),
            });
        }
        match missing.first() {
            Some(name) if !read.is_empty() => {
                let rows = read.len();
                Err(PyValueError::new_err(format!("none of the first {rows} rows has {name:?}")))
            }
            _ => {
                self.position += read.len() as u64;
                Ok((!read.is_empty()).then_some(ObjectRows(read)))
            }
        }
    }
}

/// A row whose values have names.
enum NamedRow<'a, 'py> {
    Mapping(&'a Bound<'py, PyMapping>),
    /// A tuple and the names of its fields.
    Tuple(&'a Bound<'py, PyTuple>, Vec<String>),
}

impl<'a, 'py> NamedRow<'a, 'py> {
    fn new(row: &'a Bound<'py, PyAny>) -> Option<Self> {
        if let Ok(mapping) = row.cast::<PyMapping>() {
            return Some(Self::Mapping(mapping));
        }
        let tuple = row.cast::<PyTuple>().ok()?;
        let names = row.getattr("_fields").ok()?.extract().ok()?;
        Some(Self::Tuple(tuple, names))
    }

    fn has(&self, name: &str) -> PyResult<bool> {
        match self {
            Self::Mapping(row) => row.contains(name),
            Self::Tuple(_, names) => Ok(names.iter().any(|other| other == name)),
        }
    }

    /// The value under the first of the names that is there.
    fn first(&self, names: &[String]) -> PyResult<Option<Bound<'py, PyAny>>> {
        for name in names {
            match self {
                Self::Mapping(row) if row.contains(name)? => return row.get_item(name).map(Some),
                Self::Mapping(_) => {}
                Self::Tuple(row, fields) => {
                    if let Some(place) = fields.iter().position(|field| field == name) {
                        return row.get_item(place).map(Some);
                    }
                }
            }
        }
        Ok(None)
    }
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
