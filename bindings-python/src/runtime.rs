//! The tokio runtime that calls run on, and how a Python thread waits for one.

use std::any::Any;
use std::cell::OnceCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic::{self, ContextExt};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::{error, exit};

/// How long Ctrl-C may wait for a call that waits for a database.
pub(crate) const LOOK_FOR_SIGNALS: Duration = Duration::from_millis(50);

/// The runtime, and the process whose threads it has. It is never dropped: at the end of the process there is nobody to wait
/// for its threads, and in a forked child there are no threads to end.
static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);

/// This process's runtime. After `fork` the child gets one of its own, since the parent's threads are not in it.
///
/// It asks for the GIL, since `fork` does: so nobody else can hold the lock at that moment, and leave it locked for ever in
/// the child.
pub(crate) fn runtime(_py: Python<'_>) -> PyResult<&'static Runtime> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    match *runtime {
        Some((process, runtime)) if process == std::process::id() => Ok(runtime),
        _ => {
            let fresh = Builder::new_multi_thread().thread_name("identity-core").enable_all().build()?;
            let fresh: &'static Runtime = Box::leak(Box::new(fresh));
            *runtime = Some((std::process::id(), fresh));
            Ok(fresh)
        }
    }
}

/// Waits for a call without the GIL. Now and then it looks whether a signal came: a handler that raises, as Ctrl-C's does,
/// ends the call.
pub(crate) fn wait_for<T: Send>(
    py: Python<'_>,
    call: impl Future<Output = Result<T, identity_core::Error>> + Send,
) -> PyResult<T> {
    let runtime = runtime(py)?;
    let answer = exit::detach(py, || runtime.block_on(unless_signalled(call)))?;
    answer.map_err(|error| error::to_python(py, &error))
}

/// The same for who waits already.
pub(crate) async fn unless_signalled<T>(call: impl Future<Output = T>) -> PyResult<T> {
    let mut call = pin!(call);
    loop {
        match tokio::time::timeout(LOOK_FOR_SIGNALS, &mut call).await {
            Ok(answer) => return Ok(answer),
            Err(_) => check_signals()?,
        }
    }
}

/// Calls into Python from within a call: what is called may make a blocking call in turn.
pub(crate) fn outside<T>(call: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(call)
}

/// Lets handlers of signals run; what one raises, as Ctrl-C's does, ends the call.
pub(crate) fn check_signals() -> PyResult<()> {
    // Where the interpreter ends, this thread ends with it.
    outside(|| exit::attach(|py| py.check_signals())).unwrap_or(Ok(()))
}

/// Runs what takes a while on a thread of its own, and waits for it as [`wait_for`] does. Where a signal ends the wait, the
/// thread goes on, and what it finds is dropped.
pub(crate) fn apart<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (done, result) = sync_channel(1);
    let worker = std::thread::spawn(move || drop(done.send(work())));
    let result = Mutex::new(result);
    loop {
        let received = exit::detach(py, || {
            let result = result.lock().unwrap_or_else(PoisonError::into_inner);
            result.recv_timeout(LOOK_FOR_SIGNALS)
        });
        match received {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    match worker.join() {
        Err(panic) => std::panic::resume_unwind(panic),
        Ok(()) => Err(PyRuntimeError::new_err("a thread ended without a result")),
    }
}

/// Makes an awaitable of a call. Cancelling it drops the call.
pub(crate) fn awaitable<'py, T>(
    py: Python<'py>,
    call: impl Future<Output = Result<T, identity_core::Error>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>>
where
    T: for<'any> IntoPyObject<'any> + Send + 'static,
{
    awaitable_of(py, async move { call.await.map_err(|error| error::apart(&error, None)) })
}

/// The same of what fails with exceptions.
pub(crate) fn awaitable_of<'py, T>(
    py: Python<'py>,
    call: impl Future<Output = PyResult<T>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>>
where
    T: for<'any> IntoPyObject<'any> + Send + 'static,
{
    runtime(py)?;
    if exit::is_over() {
        return Err(exit::too_late());
    }
    let locals = TaskLocals::with_running_loop(py)?.copy_context(py)?;
    generic::future_into_py_with_locals::<Ours, _, _>(py, locals, call)
}

/// [`runtime`] for asyncio: the library's own one does not survive `fork`.
struct Ours;

struct Failure(tokio::task::JoinError);

impl generic::JoinError for Failure {
    fn is_panic(&self) -> bool {
        self.0.is_panic()
    }

    fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.0.into_panic()
    }
}

/// A task that was spawned.
struct Task(JoinHandle<()>);

impl Future for Task {
    type Output = Result<(), Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(Failure)
    }
}

tokio::task_local! {
    static LOCALS: OnceCell<TaskLocals>;
}

impl generic::Runtime for Ours {
    type JoinError = Failure;
    type JoinHandle = Task;

    fn spawn<F>(call: F) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Task(current().spawn(call))
    }

    /// What sets the result of a future. Where the interpreter ends, nobody waits for it any more.
    fn spawn_blocking<F>(call: F) -> Task
    where
        F: FnOnce() + Send + 'static,
    {
        Task(current().spawn_blocking(move || exit::attach(|_| call()).unwrap_or_default()))
    }
}

/// The handle of the runtime that this thread is in, or else of the process's.
fn current() -> tokio::runtime::Handle {
    tokio::runtime::Handle::try_current().unwrap_or_else(|_| {
        let runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
        match *runtime {
            Some((_, runtime)) => runtime.handle().clone(),
            // `awaitable` made one before anything could be spawned.
            None => unreachable!("calls are spawned on a runtime that was made before"),
        }
    })
}

impl ContextExt for Ours {
    fn scope<F, R>(locals: TaskLocals, call: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        let cell = OnceCell::new();
        let _ = cell.set(locals);
        Box::pin(LOCALS.scope(cell, call))
    }

    fn get_task_locals() -> Option<TaskLocals> {
        LOCALS.try_with(|cell| cell.get().cloned()).ok().flatten()
    }
}
