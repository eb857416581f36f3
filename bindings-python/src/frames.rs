//! The people of rows, without a store.

use identity_core::OnInvalid;
use pyo3::prelude::*;

use crate::handle::Options;
use crate::outcome::{Identified, RowError};
use crate::rows::Source;
use crate::{error, exit, runtime};

/// Rows that are read before anybody looks for signals. Where they are Python objects, nobody else runs meanwhile: that is some 50 ms.
const PER_STEP: usize = 1 << 16;

/// Who is who in rows: see `identity_core.identify_frame`.
#[pyfunction]
#[pyo3(signature = (source, *, collect, default_region))]
pub(crate) fn people_of(
    py: Python<'_>,
    source: &Source,
    collect: bool,
    default_region: Option<&str>,
) -> PyResult<Identified> {
    let normalizer = Options::normalizer(default_region).map_err(|error| error::to_python(py, &error))?;
    let mut batches = source.take()?;
    let mut chunks = Vec::new();
    while let Some(chunk) = exit::detach(py, || batches.next(PER_STEP))? {
        chunks.push(chunk);
        py.check_signals()?;
    }
    let on_invalid = if collect { OnInvalid::GoOn } else { OnInvalid::Stop };
    let people = runtime::apart(py, move || identity_core::people_of(normalizer, &chunks, on_invalid))?;
    let refused = people.refused().iter().map(|(row, invalid)| {
        let error = (*invalid).into();
        (*row as u64, error)
    });
    if !collect && let Some((row, error)) = refused.clone().next() {
        return Err(error::of_row(py, &error, row));
    }
    let errors = collect.then(|| refused.map(|(row, error)| RowError::new(row, &error)).collect());
    exit::detach(py, || Identified::new(people.rows(), errors, people.people(), people.merges()))
}
