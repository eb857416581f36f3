//! Calls that run, and how they are cancelled.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use napi::Result;
use tokio::task::AbortHandle;

use crate::reply::Failure;
use crate::runtime::runtime;

/// The calls that can be cancelled, by their numbers, while they run.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<HashMap<i64, AbortHandle>>);

impl Calls {
    /// Lets work run in the background.
    pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        runtime()?.spawn(work);
        Ok(())
    }

    /// The same for work that may be cancelled: it is then dropped where it is, which the library allows at any time.
    pub(crate) fn spawn_cancellable(
        self: &Arc<Self>,
        call: i64,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        let running = Running { calls: Arc::clone(self), call };
        // Locked, so that the work does not end before it is listed.
        let mut listed = self.listed();
        let task = runtime()?.spawn(async move {
            let _running = running;
            work.await;
        });
        listed.insert(call, task.abort_handle());
        Ok(())
    }

    /// Cancels a call; one that has ended already is not affected.
    pub(crate) fn cancel(&self, call: i64) {
        if let Some(task) = self.listed().remove(&call) {
            task.abort();
        }
    }

    fn listed(&self) -> MutexGuard<'_, HashMap<i64, AbortHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes its call off the list, however it ends.
struct Running {
    calls: Arc<Calls>,
    call: i64,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.calls.listed().remove(&self.call);
    }
}

/// A panic, which only a bug can cause.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Does work to its end. A panic goes no further: whoever waits for the work is to be told.
pub(crate) async fn caught(work: impl Future<Output = ()>) -> std::result::Result<(), Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| Panicked)
}

/// Does the work of a call and answers it, once: a panic of either becomes an error of this one call.
pub(crate) async fn answered<T>(
    work: impl Future<Output = std::result::Result<T, identity_core::Error>>,
    answer: impl FnOnce(std::result::Result<T, Failure>),
    panicked: impl FnOnce(Failure),
) {
    let whole = async { answer(work.await.map_err(Failure::from)) };
    if let Err(Panicked) = caught(whole).await {
        panicked(Failure::Panicked);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// What a call is answered with, in order.
    fn answers(
        work: impl Future<Output = std::result::Result<(), identity_core::Error>>,
        answer: fn(),
    ) -> Vec<std::result::Result<(), Failure>> {
        let told = Mutex::new(Vec::new());
        runtime().unwrap().block_on(answered(
            work,
            |outcome| {
                answer();
                told.lock().unwrap().push(outcome);
            },
            |failure| told.lock().unwrap().push(Err(failure)),
        ));
        told.into_inner().unwrap()
    }

    #[test]
    fn a_panic_is_an_error_of_its_call() {
        assert!(matches!(*answers(async { Ok(()) }, || ()), [Ok(())]));
        assert!(matches!(*answers(async { panic!("a bug") }, || ()), [Err(Failure::Panicked)]));
        let of_the_answer = answers(async { Ok(()) }, || panic!("a bug"));
        assert!(matches!(*of_the_answer, [Err(Failure::Panicked)]));
    }

    #[test]
    fn nothing_of_a_call_is_left() {
        let calls = Arc::<Calls>::default();
        calls.spawn_cancellable(1, async {}).unwrap();
        let held = Arc::new(());
        let holding = Arc::clone(&held);
        calls
            .spawn_cancellable(2, async move {
                let _holding = holding;
                std::future::pending::<()>().await;
            })
            .unwrap();
        calls.cancel(2);
        calls.cancel(2);
        calls.cancel(3);
        let since = std::time::Instant::now();
        while Arc::strong_count(&held) > 1 || !calls.listed().is_empty() {
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
