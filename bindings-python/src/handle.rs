//! A resolver as Python objects hold it.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use identity_core::{Error, IdentityResolver, Normalizer};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;

use crate::error;

/// A resolver, the process that connected it, and whether it was closed.
#[derive(Debug)]
pub(crate) struct Handle {
    /// `None` only while it is dropped.
    resolver: Option<IdentityResolver>,
    process: u32,
    closed: AtomicBool,
}

/// What [`connect`] is told.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) timeout: Option<f64>,
    pub(crate) default_region: Option<String>,
    pub(crate) adopt: bool,
    pub(crate) max_connections: Option<u32>,
}

impl Options {
    /// Of a call's arguments.
    ///
    /// # Errors
    /// `ConfigurationError` for a number of connections that is none.
    pub(crate) fn new(
        py: Python<'_>,
        timeout: Option<f64>,
        default_region: Option<String>,
        adopt: bool,
        max_connections: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let connections = max_connections.map(|number| match number.extract::<u32>() {
            Ok(0) => Err(None),
            Err(error) if error.is_instance_of::<PyOverflowError>(py) => Err(None),
            number => number.map_err(Some),
        });
        let max_connections = connections.transpose().map_err(|error| {
            error.unwrap_or_else(|| {
                let text = "max_connections must be a whole number, 1 or more".to_owned();
                error::to_python(py, &Error::Configuration(text))
            })
        })?;
        Ok(Self { timeout, default_region, adopt, max_connections })
    }

    /// How requests are normalised.
    pub(crate) fn normalizer(default_region: Option<&str>) -> Result<Normalizer, Error> {
        let normalizer = Normalizer::new();
        Ok(match default_region {
            Some(region) => normalizer.with_default_region(region.parse()?),
            None => normalizer,
        })
    }

    fn deadline(&self) -> Result<Option<Duration>, Error> {
        let invalid = |_| Error::Configuration("timeout must be a positive number of seconds".to_owned());
        let positive = |seconds: &f64| seconds.is_nan() || *seconds > 0.0;
        match self.timeout {
            Some(seconds) if !positive(&seconds) => Err(invalid(())),
            Some(seconds) => Duration::try_from_secs_f64(seconds).map(Some).map_err(|_| invalid(())),
            None => Ok(None),
        }
    }
}

/// The process that used SQLite first; 0 for none.
static SQLITE_IS_OF: AtomicU32 = AtomicU32::new(0);

/// Whether this process may open a store.
///
/// SQLite remembers in memory which locks its process has. A forked child takes the memory over and not the locks, so it would
/// wait for ever for locks that nobody has, or write without any, and lose what it acknowledged.
///
/// # Errors
/// `ForkedError` for SQLite in a child of a process that used it.
pub(crate) fn may_open(py: Python<'_>, url: &str) -> PyResult<()> {
    if !url.starts_with("sqlite:") {
        return Ok(());
    }
    let process = std::process::id();
    match SQLITE_IS_OF.compare_exchange(0, process, Ordering::AcqRel, Ordering::Acquire) {
        Err(other) if other != process => Err(error::forked_with_sqlite(py)),
        _ => Ok(()),
    }
}

/// Connects a resolver. See `IdentityResolver.connect` for the options.
pub(crate) async fn connect(url: String, options: Options) -> Result<Arc<Handle>, Error> {
    let deadline = options.deadline()?;
    let mut builder = IdentityResolver::builder()
        .normalizer(Options::normalizer(options.default_region.as_deref())?)
        .adopt(options.adopt);
    if let Some(connections) = options.max_connections {
        builder = builder.max_connections(connections);
    }
    let mut resolver = builder.connect(&url).await?;
    if let Some(deadline) = deadline {
        resolver = resolver.with_deadline(deadline);
    }
    let process = std::process::id();
    Ok(Arc::new(Handle { resolver: Some(resolver), process, closed: AtomicBool::new(false) }))
}

impl Handle {
    /// The resolver, for one call.
    ///
    /// # Errors
    /// `ResolverClosedError` where it was closed, and `ForkedError` in a child of the process that connected it: neither its
    /// threads nor its connections are the child's, and a call would wait for ever.
    pub(crate) fn resolver(&self, py: Python<'_>) -> PyResult<IdentityResolver> {
        if self.process != std::process::id() {
            return Err(error::forked(py));
        }
        match &self.resolver {
            Some(resolver) if !self.closed.load(Ordering::Acquire) => Ok(resolver.clone()),
            _ => Err(error::closed(py)),
        }
    }

    /// What to close; `None` where that is the parent process's to do. Each time, not only the first: whoever closes waits until
    /// it is done, and one that was interrupted left something to do.
    pub(crate) fn close(&self) -> Option<IdentityResolver> {
        if self.process != std::process::id() {
            return None;
        }
        self.closed.store(true, Ordering::Release);
        self.resolver.clone()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

impl Drop for Handle {
    /// In a forked child the sockets, and what watches them, are still the parent's: to close them here would cut it off.
    fn drop(&mut self) {
        if self.process != std::process::id() {
            mem::forget(self.resolver.take());
        }
    }
}
