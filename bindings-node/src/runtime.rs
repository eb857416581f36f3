//! The threads that do the work: one runtime for the whole process, however many workers and resolvers there are in it.
//!
//! It is never shut down. A thread that waits for work does not keep Node from ending, and what a call did when the process
//! ends it did as a whole or not at all, as with any crash.

use std::sync::OnceLock;
use std::thread::available_parallelism;

use napi::{Error, Result};
use tokio::runtime::{Builder, Runtime};

/// Beyond that, JavaScript's own thread is what limits.
const MOST_THREADS: usize = 4;

/// The runtime.
///
/// # Errors
/// Where the system gives no threads.
pub(crate) fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let start = || {
        let threads = available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("identity-core")
            .enable_all()
            .build()
            .ok()
    };
    let runtime = RUNTIME.get_or_init(start).as_ref();
    runtime.ok_or_else(|| Error::from_reason("the system gives no more threads"))
}
