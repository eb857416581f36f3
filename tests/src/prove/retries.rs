use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::log::Log;

/// The message of the event by which the resolver tells that it tries a batch again.
const CONFLICT: &str = "conflict with other writers";

/// Follows the resolver's events, and writes into the history how often it has tried one batch again, whenever that is more
/// often than before.
#[derive(Debug)]
pub(super) struct Retries {
    log: Arc<Log>,
    most: AtomicU64,
}

impl Retries {
    pub(super) fn into(log: Arc<Log>) -> Self {
        Self { log, most: AtomicU64::new(0) }
    }
}

impl Subscriber for Retries {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("identity_core")
    }

    fn event(&self, event: &Event<'_>) {
        let mut conflict = Conflict::default();
        event.record(&mut conflict);
        if let Conflict { is_conflict: true, attempt: Some(attempt) } = conflict
            && self.most.fetch_max(attempt, Ordering::Relaxed) < attempt
        {
            // It is for the table, and no promise hangs on it.
            let _ = self.log.retry(attempt);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What an event says, where it is that one.
#[derive(Debug, Default)]
struct Conflict {
    is_conflict: bool,
    attempt: Option<u64>,
}

impl Visit for Conflict {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "attempt" {
            self.attempt = Some(value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.is_conflict = format!("{value:?}") == CONFLICT;
        }
    }
}
