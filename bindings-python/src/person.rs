//! What callers are told of a person.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use identity_core::IdentityResolver;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

use crate::cluster::{self, RawCluster};
use crate::error;
use crate::handle::Handle;
use crate::runtime::wait_for;

/// One person: the primary contact, and what is known of it. Immutable.
///
/// `emails` and `phone_numbers` have the primary's own first, then those of the secondaries by age, each once;
/// `secondary_contact_ids` are in the same order. Two of them are equal if all four are.
///
/// `repr()` shows ids and counts, since it ends up in logs; `asdict()`, and the card that a notebook draws, show everything.
#[pyclass(frozen, eq, hash, module = "identity_core")]
#[derive(Clone, Debug)]
pub(crate) struct ConsolidatedContact {
    person: identity_core::ConsolidatedContact,
    /// Whom to ask for the cluster when it is to be drawn; `None` where it did not come from a resolver.
    resolver: Option<Arc<Handle>>,
}

impl ConsolidatedContact {
    pub(crate) fn new(person: identity_core::ConsolidatedContact, resolver: &Arc<Handle>) -> Self {
        Self { person, resolver: Some(Arc::clone(resolver)) }
    }
}

impl PartialEq for ConsolidatedContact {
    fn eq(&self, other: &Self) -> bool {
        self.person == other.person
    }
}

impl Hash for ConsolidatedContact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.person.hash(state);
    }
}

#[pymethods]
impl ConsolidatedContact {
    #[new]
    #[pyo3(signature = (primary_contact_id, emails = vec![], phone_numbers = vec![], secondary_contact_ids = vec![]))]
    fn py_new(
        primary_contact_id: i64,
        emails: Vec<String>,
        phone_numbers: Vec<String>,
        secondary_contact_ids: Vec<i64>,
    ) -> Self {
        let person = identity_core::ConsolidatedContact {
            primary_contact_id: primary_contact_id.into(),
            emails,
            phone_numbers,
            secondary_contact_ids: secondary_contact_ids.into_iter().map(Into::into).collect(),
        };
        Self { person, resolver: None }
    }

    /// The id of the primary contact: the oldest.
    #[getter]
    fn primary_contact_id(&self) -> i64 {
        self.person.primary_contact_id.get()
    }

    /// The emails, the primary's own first.
    #[getter]
    fn emails<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.person.emails)
    }

    /// The phone numbers, the primary's own first.
    #[getter]
    fn phone_numbers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.person.phone_numbers)
    }

    /// The ids of the secondary contacts, by age.
    #[getter]
    fn secondary_contact_ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.person.secondary_contact_ids.iter().map(|id| id.get()))
    }

    /// Everything as a dict of plain values, lists where there are several.
    fn asdict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("primary_contact_id", self.primary_contact_id())?;
        dict.set_item("emails", PyList::new(py, &self.person.emails)?)?;
        dict.set_item("phone_numbers", PyList::new(py, &self.person.phone_numbers)?)?;
        let ids = self.person.secondary_contact_ids.iter().map(|id| id.get());
        dict.set_item("secondary_contact_ids", ids.collect::<Vec<_>>())?;
        Ok(dict)
    }

    fn __repr__(&self) -> String {
        let person = &self.person;
        format!(
            "ConsolidatedContact(primary_contact_id={}, emails=<{}>, phone_numbers=<{}>, secondary_contact_ids={:?})",
            person.primary_contact_id,
            person.emails.len(),
            person.phone_numbers.len(),
            person.secondary_contact_ids.iter().map(|id| id.get()).collect::<Vec<_>>(),
        )
    }

    #[allow(clippy::type_complexity, reason = "the shape that pickle wants")]
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyType>, (i64, Bound<'py, PyTuple>, Bound<'py, PyTuple>, Bound<'py, PyTuple>))>
    {
        let values = (
            self.primary_contact_id(),
            self.emails(py)?,
            self.phone_numbers(py)?,
            self.secondary_contact_ids(py)?,
        );
        Ok((py.get_type::<Self>(), values))
    }

    /// The card that a notebook shows.
    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        py.import("identity_core._card")?.getattr("card")?.call1((slf, slf.get().cluster(py)?))
    }
}

impl ConsolidatedContact {
    /// The cluster as it is now; `None` where the resolver is closed or its database away.
    ///
    /// # Errors
    /// What is no answer of ours, such as Ctrl-C.
    fn cluster(&self, py: Python<'_>) -> PyResult<Option<RawCluster>> {
        let Some(handle) = &self.resolver else { return Ok(None) };
        let ask = |resolver: IdentityResolver| {
            wait_for(py, async { resolver.cluster(self.person.primary_contact_id).await })
        };
        match handle.resolver(py).and_then(ask) {
            Ok(cluster) => Ok(cluster.map(cluster::raw)),
            Err(error) if error::is_ours(py, &error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
