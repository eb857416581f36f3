//! The end of the interpreter.
//!
//! A thread that asks for the GIL while the interpreter is finalised is ended by CPython (before 3.14) by unwinding it, and
//! frames of Rust answer that by aborting the process. So whatever runs Python, or takes the GIL again, on threads of ours or
//! below frames of ours does it by way of [`attach`] and [`detach`], which count. At exit [`wait_for_others`] lets those that
//! are at it come to an end, and nobody else begins.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// How long an interpreter that ends waits for others. One that sleeps in somebody's generator for longer is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process (the upper half), whether its interpreter ends ([`ENDING`]), and how many run Python. In one number, so that
/// `fork` finds it whole: a child, whose number is another, begins with none.
static STATE: AtomicU64 = AtomicU64::new(0);

const ENDING: u64 = 1 << 31;

thread_local! {
    /// Whether it is this thread that ends the interpreter. To it Python stays open.
    static IS_LAST: Cell<bool> = const { Cell::new(false) };
}

/// One that runs Python, until it is dropped.
struct Stay {
    /// `None` for who is not counted.
    process: Option<u32>,
}

impl Stay {
    /// `None` where it is too late.
    fn begin() -> Option<Self> {
        if IS_LAST.get() {
            return Some(Self { process: None });
        }
        let process = std::process::id();
        let is_counted = change(process, |state| (state & ENDING == 0).then_some(state + 1));
        // Not `then_some`: one that is made is also dropped, and was not counted.
        is_counted.then(|| Self { process: Some(process) })
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        // A forked child is not counted where its parent was.
        if let Some(process) = self.process.filter(|process| *process == std::process::id()) {
            change(process, |state| (state & !ENDING > 0).then(|| state - 1));
        }
    }
}

/// Changes the lower half; whether it was changed.
fn change(process: u32, to: impl Fn(u64) -> Option<u64>) -> bool {
    let process = u64::from(process) << 32;
    let change = |state: u64| to(of(process, state)).map(|state| process | state);
    STATE.fetch_update(Ordering::AcqRel, Ordering::Acquire, change).is_ok()
}

/// The lower half, for that process.
fn of(process: u64, state: u64) -> u64 {
    if state >> 32 == process >> 32 { state & 0xffff_ffff } else { 0 }
}

fn now() -> u64 {
    of(u64::from(std::process::id()) << 32, STATE.load(Ordering::Acquire))
}

/// Runs Python on a thread that does not hold the GIL; `None` where the interpreter ends, or has ended.
pub(crate) fn attach<R>(call: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    let _stay = Stay::begin()?;
    Python::try_attach(call)
}

/// Runs something without the GIL, as [`Python::detach`] does. Where the interpreter ends meanwhile, the thread stays here
/// until the process is gone, as CPython itself has it from 3.14 on.
pub(crate) fn detach<T: Send>(py: Python<'_>, call: impl FnOnce() -> T + Send) -> T {
    let (result, _stay) = py.detach(|| {
        let result = call();
        loop {
            match Stay::begin() {
                Some(stay) => return (result, stay),
                None => std::thread::park(),
            }
        }
    });
    result
}

/// Whether it is time to stop, for those who run Python for long.
pub(crate) fn is_near() -> bool {
    !IS_LAST.get() && now() & ENDING != 0
}

/// For those who come too late.
pub(crate) fn too_late() -> PyErr {
    PyRuntimeError::new_err("the interpreter is shutting down")
}

/// That nothing can be awaited any more: its answer would have to come from another thread.
pub(crate) fn is_over() -> bool {
    now() & ENDING != 0
}

/// To be called by `atexit`.
#[pyfunction]
pub(crate) fn wait_for_others(py: Python<'_>) {
    IS_LAST.set(true);
    change(std::process::id(), |state| Some(state | ENDING));
    py.detach(|| {
        let start = Instant::now();
        while now() & !ENDING > 0 && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}
