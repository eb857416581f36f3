//! Calls that block the thread they are made on; others run meanwhile.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::cluster::{self, RawCluster};
use crate::handle::{self, Handle, Options};
use crate::import;
use crate::outcome::Identified;
use crate::person::ConsolidatedContact;
use crate::request::{self, request};
use crate::rows::Source;
use crate::runtime::wait_for;

/// The native half of `IdentityResolver`.
#[pyclass(frozen, module = "identity_core._native")]
#[derive(Debug)]
pub(crate) struct Resolver(Arc<Handle>);

#[pymethods]
impl Resolver {
    #[staticmethod]
    #[pyo3(signature = (url, *, timeout, default_region, adopt, max_connections))]
    fn connect(
        py: Python<'_>,
        url: String,
        timeout: Option<f64>,
        default_region: Option<String>,
        adopt: bool,
        max_connections: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let options = Options::new(py, timeout, default_region, adopt, max_connections)?;
        handle::may_open(py, &url)?;
        wait_for(py, handle::connect(url, options)).map(Self)
    }

    #[pyo3(signature = (email, phone_number))]
    fn identify(
        &self,
        py: Python<'_>,
        email: Option<&Bound<'_, PyAny>>,
        phone_number: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<ConsolidatedContact> {
        let request = request(py, email, phone_number)?;
        let resolver = self.0.resolver(py)?;
        let person = wait_for(py, async { resolver.identify(request).await })?;
        Ok(ConsolidatedContact::new(person, &self.0))
    }

    #[pyo3(signature = (email, phone_number))]
    fn lookup(
        &self,
        py: Python<'_>,
        email: Option<&Bound<'_, PyAny>>,
        phone_number: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<ConsolidatedContact>> {
        let request = request(py, email, phone_number)?;
        let resolver = self.0.resolver(py)?;
        let people = wait_for(py, async { resolver.lookup(request).await })?;
        Ok(people.into_iter().map(|person| ConsolidatedContact::new(person, &self.0)).collect())
    }

    fn get(&self, py: Python<'_>, contact_id: &Bound<'_, PyAny>) -> PyResult<Option<ConsolidatedContact>> {
        let contact = request::id(py, contact_id)?;
        let resolver = self.0.resolver(py)?;
        let person = wait_for(py, async { resolver.get(contact).await })?;
        Ok(person.map(|person| ConsolidatedContact::new(person, &self.0)))
    }

    fn cluster(&self, py: Python<'_>, contact_id: &Bound<'_, PyAny>) -> PyResult<Option<RawCluster>> {
        let contact = request::id(py, contact_id)?;
        let resolver = self.0.resolver(py)?;
        let cluster = wait_for(py, async { resolver.cluster(contact).await })?;
        Ok(cluster.map(cluster::raw))
    }

    #[pyo3(signature = (source, *, collect, progress))]
    fn identify_many(
        &self,
        py: Python<'_>,
        source: &Source,
        collect: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Identified> {
        let resolver = self.0.resolver(py)?;
        import::import_here(py, resolver, source.take()?, collect, progress.as_ref())
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let Some(resolver) = self.0.close() else { return Ok(()) };
        wait_for(py, async {
            resolver.close().await;
            Ok(())
        })
    }

    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }
}
