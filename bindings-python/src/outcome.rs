//! What comes out of an import: Arrow, one row for each that went in.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};
use identity_core::Error;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyCapsule};
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};

use crate::error;

/// Why a row is no request, or could not be written.
#[derive(Clone, Debug)]
pub(crate) struct RowError {
    row: u64,
    class: &'static str,
    field: Option<&'static str>,
    message: String,
}

impl RowError {
    pub(crate) fn new(row: u64, error: &Error) -> Self {
        let field = match error {
            Error::InvalidInput(invalid) => error::field(*invalid),
            _ => None,
        };
        Self { row, class: error::class_name(error.kind()), field, message: error::message(error) }
    }
}

/// The rows' people: a table of Arrow columns, and what the import did.
#[pyclass(frozen, module = "identity_core._native")]
#[derive(Debug)]
pub(crate) struct Identified {
    table: RecordBatch,
    errors: Vec<RowError>,
    people: u64,
    merges: u64,
}

const PRIMARY: &str = "primary_contact_id";
const CONTACT: &str = "contact_id";
const ERROR: &str = "error";

impl Identified {
    /// Of one entry for each row. `errors` are of those that have none, where they are collected: then there is a column for
    /// them, also where there are none. `people` is how many the rows are.
    pub(crate) fn new(
        rows: impl Iterator<Item = Option<identity_core::Identified>> + Clone,
        errors: Option<Vec<RowError>>,
        people: u64,
        merges: u64,
    ) -> PyResult<Self> {
        let ids = |id: fn(identity_core::Identified) -> i64| -> Int64Array {
            rows.clone().map(|row| row.map(id)).collect()
        };
        let primaries = ids(|row| row.primary_contact_id.get());
        let contacts = ids(|row| row.contact_id.get());
        let mut columns = vec![Arc::new(primaries) as ArrayRef, Arc::new(contacts)];
        let mut fields =
            vec![Field::new(PRIMARY, DataType::Int64, true), Field::new(CONTACT, DataType::Int64, true)];
        if let Some(errors) = &errors {
            let mut next = errors.iter().peekable();
            let texts = (0..columns[0].len() as u64).map(|row| {
                let error = next.next_if(|error| error.row == row);
                error.map(|error| error.message.as_str())
            });
            columns.push(Arc::new(texts.collect::<StringArray>()));
            fields.push(Field::new(ERROR, DataType::Utf8, true));
        }
        let schema = Arc::new(Schema::new(fields));
        let table = RecordBatch::try_new(schema, columns);
        let table = table.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self { table, errors: errors.unwrap_or_default(), people, merges })
    }

    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn column(&self, name: &str) -> PyResult<&Int64Array> {
        let column = self.table.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
        column.ok_or_else(|| PyValueError::new_err(format!("there is no column of ids named {name}")))
    }
}

#[pymethods]
impl Identified {
    /// The Arrow PyCapsule interface.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let field: FieldRef = Arc::new(Field::new_struct("", self.schema().fields().clone(), false));
        let table: ArrayRef = Arc::new(arrow_array::StructArray::from(self.table.clone()));
        let batches = std::iter::once(Ok::<_, ArrowError>(table));
        Ok(to_stream_pycapsule(py, Box::new(ArrayIterator::new(batches, field)), requested_schema)?)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.schema().as_ref())?)
    }

    fn __len__(&self) -> usize {
        self.table.num_rows()
    }

    /// The names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// How many people the rows are.
    #[getter]
    fn people(&self) -> u64 {
        self.people
    }

    /// How often two people turned out to be one.
    #[getter]
    fn merges(&self) -> u64 {
        self.merges
    }

    /// Row, exception class, field and message of each row that has no person.
    #[getter]
    fn errors(&self) -> Vec<(u64, &'static str, Option<&'static str>, String)> {
        let told = |error: &RowError| (error.row, error.class, error.field, error.message.clone());
        self.errors.iter().map(told).collect()
    }

    /// The ids of a column; `None` for rows without a person.
    fn ids(&self, name: &str) -> PyResult<Vec<Option<i64>>> {
        Ok(self.column(name)?.iter().collect())
    }

    /// One id of a column.
    fn id(&self, name: &str, row: usize) -> PyResult<Option<i64>> {
        let column = self.column(name)?;
        Ok((row < column.len() && column.is_valid(row)).then(|| column.value(row)))
    }

    /// The ids as bytes of native 64-bit integers, 0 for rows without a person; and whether there are such rows. The bytes are
    /// the caller's own.
    fn raw_ids<'py>(&self, py: Python<'py>, name: &str) -> PyResult<(Bound<'py, PyByteArray>, bool)> {
        let column = self.column(name)?;
        let bytes = PyByteArray::new(py, column.values().inner().as_slice());
        Ok((bytes, column.null_count() > 0))
    }
}
