//! Calls that are awaited.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::cluster;
use crate::handle::{self, Handle, Options};
use crate::import;
use crate::person::ConsolidatedContact;
use crate::request::{self, request};
use crate::rows::Source;
use crate::runtime::{awaitable, awaitable_of};

/// The native half of `AsyncIdentityResolver`.
#[pyclass(frozen, module = "identity_core._native")]
#[derive(Debug)]
pub(crate) struct AsyncResolver(Arc<Handle>);

#[pymethods]
impl AsyncResolver {
    #[staticmethod]
    #[pyo3(signature = (url, *, timeout, default_region, adopt, max_connections))]
    fn connect<'py>(
        py: Python<'py>,
        url: String,
        timeout: Option<f64>,
        default_region: Option<String>,
        adopt: bool,
        max_connections: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = Options::new(py, timeout, default_region, adopt, max_connections)?;
        handle::may_open(py, &url)?;
        awaitable(py, async move { handle::connect(url, options).await.map(Self) })
    }

    #[pyo3(signature = (email, phone_number))]
    fn identify<'py>(
        &self,
        py: Python<'py>,
        email: Option<&Bound<'py, PyAny>>,
        phone_number: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let request = request(py, email, phone_number)?;
        let (resolver, handle) = (self.0.resolver(py)?, Arc::clone(&self.0));
        awaitable(py, async move {
            let person = resolver.identify(request).await?;
            Ok(ConsolidatedContact::new(person, &handle))
        })
    }

    #[pyo3(signature = (email, phone_number))]
    fn lookup<'py>(
        &self,
        py: Python<'py>,
        email: Option<&Bound<'py, PyAny>>,
        phone_number: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let request = request(py, email, phone_number)?;
        let (resolver, handle) = (self.0.resolver(py)?, Arc::clone(&self.0));
        awaitable(py, async move {
            let people = resolver.lookup(request).await?;
            Ok(people.into_iter().map(|person| ConsolidatedContact::new(person, &handle)).collect::<Vec<_>>())
        })
    }

    fn get<'py>(&self, py: Python<'py>, contact_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let contact = request::id(py, contact_id)?;
        let (resolver, handle) = (self.0.resolver(py)?, Arc::clone(&self.0));
        awaitable(py, async move {
            let person = resolver.get(contact).await?;
            Ok(person.map(|person| ConsolidatedContact::new(person, &handle)))
        })
    }

    fn cluster<'py>(&self, py: Python<'py>, contact_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let contact = request::id(py, contact_id)?;
        let resolver = self.0.resolver(py)?;
        awaitable(py, async move { Ok(resolver.cluster(contact).await?.map(cluster::raw)) })
    }

    #[pyo3(signature = (source, *, collect, progress))]
    fn identify_many<'py>(
        &self,
        py: Python<'py>,
        source: &Source,
        collect: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let resolver = self.0.resolver(py)?;
        let progress = match progress {
            Some(progress) => Some((pyo3_async_runtimes::get_running_loop(py)?.unbind(), progress)),
            None => None,
        };
        awaitable_of(py, import::import_apart(resolver, source.take()?, collect, progress))
    }

    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let resolver = self.0.close();
        awaitable(py, async move {
            if let Some(resolver) = resolver {
                resolver.close().await;
            }
            Ok(())
        })
    }

    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }
}
