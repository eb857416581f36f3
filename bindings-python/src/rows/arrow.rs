//! Batches of Arrow columns.

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, Schema};
use pyo3::exceptions::{PyStopIteration, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;

use super::columns::{ArrowRows, Column};
use crate::exit;

/// Rows in Arrow, some at a time.
pub(crate) struct ArrowBatches {
    reader: Reader,
    columns: [Option<usize>; 2],
    /// What is left of the last batch that was read.
    rest: Option<ArrowRows>,
}

/// Who has the batches.
pub(crate) enum Reader {
    /// Arrow's C interface. What it says of an error is text.
    Stream(Box<dyn RecordBatchReader + Send>),
    /// A `pyarrow.RecordBatchReader`. Behind it may be a generator, whose exceptions the C interface would make text of.
    Python(Py<PyAny>),
}

impl ArrowBatches {
    /// Of a reader of batches with that schema; for names see [`Source`](super::Source).
    ///
    /// # Errors
    /// `ValueError` where a required column is not there, or none at all, or several of one name.
    pub(crate) fn new(
        reader: Reader,
        schema: &Schema,
        [email, phone]: [&[String]; 2],
        required: &[String],
    ) -> PyResult<Self> {
        let there =
            || schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
        if let Some(missing) = required.iter().find(|name| schema.index_of(name).is_err()) {
            let message = format!("there is no column {missing:?}; the columns are: {}", there());
            return Err(PyValueError::new_err(message));
        }
        let columns = [place(schema, email)?, place(schema, phone)?];
        if columns == [None, None] {
            return Err(PyValueError::new_err(format!(
                "there is no column for emails ({}) and none for phone numbers ({}); the columns are: {}",
                email.join(", "),
                phone.join(", "),
                there()
            )));
        }
        Ok(Self { reader, columns, rest: None })
    }

    /// The next rows, at most so many; `None` at the end.
    pub(crate) fn next(&mut self, most: usize) -> PyResult<Option<ArrowRows>> {
        loop {
            if let Some(front) = self.rest.as_mut().and_then(|rest| rest.take_front(most)) {
                return Ok(Some(front));
            }
            let Some(batch) = self.reader.next()? else { return Ok(None) };
            let column = |position: Option<usize>| {
                let Some(position) = position else { return Ok(None) };
                let array = batch.columns().get(position).and_then(Column::new);
                array.map(Some).ok_or_else(|| unfit(batch.schema_ref(), position))
            };
            let [email, phone] = self.columns;
            self.rest = Some(ArrowRows::new(column(email)?, column(phone)?, batch.num_rows()));
        }
    }
}

/// Where the column is that has the first of the names that is there.
fn place(schema: &Schema, names: &[String]) -> PyResult<Option<usize>> {
    let Some(name) = names.iter().find(|name| schema.index_of(name).is_ok()) else { return Ok(None) };
    let mut places = schema.fields().iter().enumerate().filter(|(_, field)| field.name() == name);
    let place = places.next().map(|(place, _)| place);
    match places.next() {
        Some(_) => Err(PyValueError::new_err(format!("there are several columns {name:?}"))),
        None => Ok(place),
    }
}

impl Reader {
    fn next(&mut self) -> PyResult<Option<RecordBatch>> {
        match self {
            Self::Stream(reader) => match reader.next() {
                None => Ok(None),
                Some(Ok(batch)) => Ok(Some(batch)),
                Some(Err(error)) => Err(exit::attach(|py| torn(py, &error)).unwrap_or_else(exit::too_late)),
            },
            Self::Python(reader) => {
                exit::attach(|py| match reader.bind(py).call_method0("read_next_batch") {
                    Ok(batch) => Ok(Some(batch.extract::<PyRecordBatch>()?.into_inner())),
                    Err(error) if error.is_instance_of::<PyStopIteration>(py) => Ok(None),
                    Err(error) if is_of_arrow(py, &error) => Err(ended()),
                    Err(error) => Err(error),
                })
                .unwrap_or_else(|| Err(exit::too_late()))
            }
        }
    }
}

/// The exception for what a stream says. Ctrl-C may be why it ended.
fn torn(py: Python<'_>, error: &ArrowError) -> PyErr {
    if let Err(signal) = py.check_signals() {
        return signal;
    }
    match error {
        // What these say is of names and types.
        ArrowError::SchemaError(_) | ArrowError::InvalidArgumentError(_) => {
            PyValueError::new_err(format!("the Arrow stream ended with an error: {error}"))
        }
        _ => ended(),
    }
}

/// What a source says itself may quote values, or a traceback with them.
fn ended() -> PyErr {
    PyValueError::new_err("the Arrow stream ended with an error; whoever made it can tell which")
}

/// Whether it is Arrow's own exception, and not one that a generator raised.
fn is_of_arrow(py: Python<'_>, error: &PyErr) -> bool {
    let kind = py.import("pyarrow").and_then(|module| module.getattr("ArrowException"));
    kind.is_ok_and(|kind| error.matches(py, kind).unwrap_or(false))
}

fn unfit(schema: &Schema, position: usize) -> PyErr {
    let field = schema.fields().get(position);
    let (name, kind) = field.map_or((String::new(), String::new()), |field| {
        (field.name().clone(), field.data_type().to_string())
    });
    PyTypeError::new_err(format!("column {name} is of type {kind}, which holds no identifiers"))
}
