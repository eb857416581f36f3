use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Fault;
use super::clock;

/// One stroke of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stroke {
    /// The fault.
    pub fault: Fault,
    /// Before anything went wrong.
    pub begin: u64,
    /// When everything was in order again; `u64::MAX` until then.
    pub end: u64,
    /// How often it hit: connections that it cut or delayed, transactions that had to be made again, processes that it killed.
    pub hits: u64,
}

/// The strokes of a run, one after the other.
#[derive(Debug, Default)]
pub(super) struct Strokes(Mutex<Vec<Stroke>>);

impl Strokes {
    pub(super) fn begin(&self, fault: Fault) {
        self.list().push(Stroke { fault, begin: clock::now(), end: u64::MAX, hits: 0 });
    }

    /// The one that began last is over, and has hit so often.
    pub(super) fn end(&self, hits: u64) {
        if let Some(last) = self.list().last_mut() {
            (last.end, last.hits) = (clock::now(), hits);
        }
    }

    /// Whether everything is in order now.
    pub(super) fn is_calm(&self) -> bool {
        self.list().last().is_none_or(|last| last.end < u64::MAX)
    }

    pub(super) fn so_far(&self) -> Vec<Stroke> {
        self.list().clone()
    }

    fn list(&self) -> MutexGuard<'_, Vec<Stroke>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
