//! Where the rows of an import come from.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3_arrow::PySchema;
use pyo3_arrow::input::AnyRecordBatch;

use super::Batch;
use super::arrow::{ArrowBatches, Reader};
use super::objects::{ObjectBatches, Shape};
use crate::exit;

/// Rows for one import: made of what a caller has, used up by the import.
///
/// `email` and `phone` are the names of columns or keys, of which the first that is there counts; those that are `required` have
/// to be there.
#[pyclass(frozen, module = "identity_core._native")]
#[derive(Debug)]
pub(crate) struct Source(Mutex<Option<Batches>>);

impl Source {
    fn new(batches: Batches) -> Self {
        Self(Mutex::new(Some(batches)))
    }

    /// The rows, once.
    pub(crate) fn take(&self) -> PyResult<Batches> {
        let batches = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        batches.ok_or_else(|| PyValueError::new_err("these rows were read already"))
    }
}

#[pymethods]
impl Source {
    /// Rows of anything with the Arrow PyCapsule interface.
    #[staticmethod]
    fn of_arrow(
        frame: AnyRecordBatch,
        email: Vec<String>,
        phone: Vec<String>,
        required: Vec<String>,
    ) -> PyResult<Self> {
        let reader = frame.into_reader()?;
        let schema = reader.schema();
        let batches = ArrowBatches::new(Reader::Stream(reader), &schema, [&email, &phone], &required)?;
        Ok(Self::new(Batches::Arrow(batches)))
    }

    /// Rows of a `pyarrow.RecordBatchReader`, which may run Python for each batch.
    #[staticmethod]
    fn of_reader(
        reader: &Bound<'_, PyAny>,
        email: Vec<String>,
        phone: Vec<String>,
        required: Vec<String>,
    ) -> PyResult<Self> {
        let schema = reader.getattr("schema")?.extract::<PySchema>()?.into_inner();
        let reader = Reader::Python(reader.clone().unbind());
        let batches = ArrowBatches::new(reader, &schema, [&email, &phone], &required)?;
        Ok(Self::new(Batches::Arrow(batches)))
    }

    /// Rows of an iterator of mappings, or of tuples whose fields have names.
    #[staticmethod]
    fn of_objects(rows: Py<PyAny>, email: Vec<String>, phone: Vec<String>, required: Vec<String>) -> Self {
        Self::new(Batches::Objects(ObjectBatches::new(
            rows,
            Shape::Named { names: [email, phone], required },
        )))
    }

    /// Rows of an iterator of pairs of an email and a phone number.
    #[staticmethod]
    fn of_pairs(rows: Py<PyAny>) -> Self {
        Self::new(Batches::Objects(ObjectBatches::new(rows, Shape::Pairs)))
    }
}

/// Rows, some at a time.
pub(crate) enum Batches {
    Arrow(ArrowBatches),
    Objects(ObjectBatches),
}

impl Batches {
    /// The next rows, at most so many; `None` at the end. To be called without the GIL: whoever provides the rows may need
    /// it.
    pub(crate) fn next(&mut self, most: usize) -> PyResult<Option<Batch>> {
        match self {
            Self::Arrow(batches) => Ok(batches.next(most)?.map(Batch::Arrow)),
            Self::Objects(batches) => {
                let next = exit::attach(|py| batches.next(py, most));
                Ok(next.unwrap_or_else(|| Err(exit::too_late()))?.map(Batch::Objects))
            }
        }
    }
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arrow(_) => "Arrow",
            Self::Objects(_) => "Objects",
        })
    }
}
