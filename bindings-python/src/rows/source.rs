//! Where the rows of an import come from.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use arrow_array::RecordBatchReader;
use arrow_schema::ArrowError;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;

use super::Batch;
use super::columns::{ArrowRows, Column};
use super::objects::ObjectRows;

/// Rows for one import: made of what a caller has, used up by the import.
#[pyclass(frozen, module = "identity_core._native")]
#[derive(Debug)]
pub(crate) struct Source(Mutex<Option<Batches>>);

impl Source {
    /// The rows, once.
    pub(crate) fn take(&self) -> PyResult<Batches> {
        let batches = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        batches.ok_or_else(|| PyValueError::new_err("these rows were read already"))
    }
}

#[pymethods]
impl Source {
    /// Rows of anything with the Arrow PyCapsule interface. `email` and `phone` are the names of columns, of which the first
    /// that is there counts.
    #[staticmethod]
    fn of_arrow(frame: AnyRecordBatch, email: Vec<String>, phone: Vec<String>) -> PyResult<Self> {
        let reader = frame.into_reader()?;
        let schema = reader.schema();
        let column = |names: &[String]| names.iter().find_map(|name| schema.index_of(name).ok());
        let columns = [column(&email), column(&phone)];
        if columns == [None, None] {
            let there: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            return Err(PyValueError::new_err(format!(
                "there is no column for emails ({}) and none for phone numbers ({}); the columns are: {}",
                email.join(", "),
                phone.join(", "),
                there.join(", ")
            )));
        }
        let arrow = ArrowBatches { reader, columns, rest: None };
        Ok(Self(Mutex::new(Some(Batches::Arrow(arrow)))))
    }

    /// Rows of an iterator of mappings, or of pairs.
    #[staticmethod]
    fn of_objects(rows: Py<PyAny>, email: Vec<String>, phone: Vec<String>) -> Self {
        let objects = ObjectBatches { rows, names: [email, phone], position: 0 };
        Self(Mutex::new(Some(Batches::Objects(objects))))
    }
}

/// Rows, some at a time.
pub(crate) enum Batches {
    Arrow(ArrowBatches),
    Objects(ObjectBatches),
}

pub(crate) struct ArrowBatches {
    reader: Box<dyn RecordBatchReader + Send>,
    columns: [Option<usize>; 2],
    /// What is left of the last batch that was read.
    rest: Option<ArrowRows>,
}

pub(crate) struct ObjectBatches {
    rows: Py<PyAny>,
    names: [Vec<String>; 2],
    position: u64,
}

impl Batches {
    /// The next rows, at most so many; `None` at the end. To be called without the GIL: whoever provides the rows may need
    /// it.
    pub(crate) fn next(&mut self, most: usize) -> PyResult<Option<Batch>> {
        match self {
            Self::Arrow(batches) => Ok(batches.next(most)?.map(Batch::Arrow)),
            Self::Objects(batches) => Python::attach(|py| {
                let rows = ObjectRows::read(batches.rows.bind(py), &batches.names, batches.position, most)?;
                batches.position += identity_core::Rows::count(&rows) as u64;
                Ok((!rows.is_empty()).then_some(Batch::Objects(rows)))
            }),
        }
    }
}

impl ArrowBatches {
    fn next(&mut self, most: usize) -> PyResult<Option<ArrowRows>> {
        loop {
            if let Some(front) = self.rest.as_mut().and_then(|rest| rest.take_front(most)) {
                return Ok(Some(front));
            }
            let Some(batch) = self.reader.next() else { return Ok(None) };
            let batch = batch.map_err(|error| match error {
                // What the source says may quote values.
                ArrowError::ExternalError(_) => PyValueError::new_err("the Arrow stream ended with an error"),
                error => PyValueError::new_err(format!("the Arrow stream ended with an error: {error}")),
            })?;
            let column = |position: Option<usize>| {
                let Some(position) = position else { return Ok(None) };
                let column = Column::new(batch.column(position)).ok_or_else(|| {
                    let schema = batch.schema_ref();
                    let field = schema.field(position);
                    let (name, kind) = (field.name(), field.data_type());
                    PyTypeError::new_err(format!(
                        "column {name} is of type {kind}, which holds no identifiers"
                    ))
                });
                column.map(Some)
            };
            let [email, phone] = self.columns;
            self.rest = Some(ArrowRows::new(column(email)?, column(phone)?, batch.num_rows()));
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
