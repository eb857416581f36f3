//! Imports: rows in, ids out, and what to do about rows that are none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{Stream, StreamExt, stream};
use identity_core::{ContactId, Error, ErrorKind, Identified, IdentityResolver, OnInvalid, Progress};
use pyo3::prelude::*;

use crate::outcome::{self, RowError};
use crate::rows::{Batch, Batches};
use crate::runtime::{LOOK_FOR_SIGNALS, check_signals, outside, runtime, unless_signalled};
use crate::{error, exit};

/// Rows of one transaction; see `ResolverBuilder::import_size`.
const CHUNK: usize = 4_000;

/// Primaries that are asked for together at the end.
const ASKED_TOGETHER: usize = 10_000;

/// How often a caller is told how far an import is.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// Imports while the caller's thread waits: rows are read on it, signals end it, and `progress` is called on it with rows,
/// people and merges.
pub(crate) fn import_here(
    py: Python<'_>,
    resolver: IdentityResolver,
    mut batches: Batches,
    collect: bool,
    progress: Option<&Py<PyAny>>,
) -> PyResult<outcome::Identified> {
    let runtime = runtime(py)?;
    exit::detach(py, || {
        runtime.block_on(async {
            let failure = Failure::default();
            let failed = failure.clone();
            let chunks = std::iter::from_fn(move || failed.note(outside(|| batches.next(CHUNK))));
            let mut import = Import::new(collect);
            let mut answers = import.answers(&resolver, stream::iter(chunks));
            let mut looked = Instant::now();
            loop {
                let answered = tokio::time::timeout(LOOK_FOR_SIGNALS, answers.next()).await;
                if looked.elapsed() >= LOOK_FOR_SIGNALS {
                    check_signals()?;
                    looked = Instant::now();
                }
                match answered {
                    Err(_) => {}
                    Ok(None) => break,
                    Ok(Some(answers)) => {
                        import.add(answers)?;
                        if let Some((progress, done)) = progress.zip(import.report()) {
                            tell(progress, done)?;
                        }
                    }
                }
            }
            failure.raise()?;
            if let Some(progress) = progress {
                tell(progress, import.done())?;
            }
            drop(answers);
            unless_signalled(import.finish(&resolver)).await?
        })
    })
}

/// The same as a future. Rows are read on threads that may wait for them; `progress` is called by the event loop.
pub(crate) async fn import_apart(
    resolver: IdentityResolver,
    batches: Batches,
    collect: bool,
    progress: Option<(Py<PyAny>, Py<PyAny>)>,
) -> PyResult<outcome::Identified> {
    let failure = Failure::default();
    let failed = failure.clone();
    let chunks = stream::unfold((batches, failed), |(mut batches, failed)| async move {
        let read = tokio::task::spawn_blocking(move || {
            let next = batches.next(CHUNK);
            (batches, next)
        });
        match read.await {
            Ok((batches, next)) => Some((failed.note(next)?, (batches, failed))),
            // Not the end of the rows: whoever awaits the import is told, as where calls block.
            Err(gone) => match gone.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => {
                    failed.note(Err(exit::too_late()));
                    None
                }
            },
        }
    });
    let mut import = Import::new(collect);
    let mut answers = import.answers(&resolver, Box::pin(chunks));
    let tell = |done| match &progress {
        Some((event_loop, progress)) => exit::attach(|py| {
            let (rows, people, merges): Done = done;
            event_loop.call_method1(py, "call_soon_threadsafe", (progress, rows, people, merges)).map(drop)
        })
        .unwrap_or_else(|| Err(exit::too_late())),
        None => Ok(()),
    };
    while let Some(answers) = answers.next().await {
        import.add(answers)?;
        if let Some(done) = import.report() {
            tell(done)?;
        }
    }
    failure.raise()?;
    tell(import.done())?;
    drop(answers);
    import.finish(&resolver).await
}

/// Calls back on the caller's thread.
fn tell(progress: &Py<PyAny>, done: Done) -> PyResult<()> {
    let call = || exit::attach(|py| progress.call1(py, done).map(drop));
    outside(call).unwrap_or_else(|| Err(exit::too_late()))
}

/// The exception of a source of rows, which ends it.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<PyErr>>>);

impl Failure {
    fn note(&self, batch: PyResult<Option<Batch>>) -> Option<Batch> {
        batch.unwrap_or_else(|error| {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            None
        })
    }

    fn raise(&self) -> PyResult<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

/// Rows, people created and merges.
type Done = (u64, u64, u64);

type Answers = Vec<Result<Identified, Error>>;

/// An import on its way.
struct Import {
    collect: bool,
    rows: Vec<Option<Identified>>,
    errors: Vec<RowError>,
    progress: Arc<Mutex<Progress>>,
    reported: Instant,
}

impl Import {
    fn new(collect: bool) -> Self {
        Self {
            collect,
            rows: Vec::new(),
            errors: Vec::new(),
            progress: Arc::default(),
            reported: Instant::now(),
        }
    }

    fn answers<S>(
        &self,
        resolver: &IdentityResolver,
        chunks: S,
    ) -> impl Stream<Item = Answers> + Unpin + use<S>
    where
        S: Stream<Item = Batch> + Send + 'static,
    {
        let on_invalid = if self.collect { OnInvalid::GoOn } else { OnInvalid::Stop };
        let progress = Arc::clone(&self.progress);
        let note = move |done| *progress.lock().unwrap_or_else(PoisonError::into_inner) = done;
        resolver.identify_rows_ids(chunks, on_invalid, note)
    }

    /// Takes the answers to the next rows.
    ///
    /// # Errors
    /// The exception of a row that ends the import: the first that is wrong, unless they are collected; and what is the
    /// database's fault alone, since it would be every later row's too.
    fn add(&mut self, answers: Answers) -> PyResult<()> {
        let refuses_all = refuses_all(&answers);
        for answer in answers {
            let row = self.rows.len() as u64;
            match answer {
                Ok(identified) => self.rows.push(Some(identified)),
                Err(error) if self.collect && is_of_the_row(&error, refuses_all) => {
                    self.errors.push(RowError::new(row, &error));
                    self.rows.push(None);
                }
                Err(error) => return Err(error::apart(&error, Some(row))),
            }
        }
        Ok(())
    }

    /// How far it is.
    fn done(&self) -> Done {
        let done = *self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        (done.rows, done.people, done.merges)
    }

    /// The same, where it is time to tell.
    fn report(&mut self) -> Option<Done> {
        if self.reported.elapsed() < REPORT_EVERY {
            return None;
        }
        self.reported = Instant::now();
        Some(self.done())
    }

    /// Asks who the people are now: what was merged later, by this import or by others, leads to the survivor.
    async fn finish(mut self, resolver: &IdentityResolver) -> PyResult<outcome::Identified> {
        let mut primaries: Vec<_> = self.rows.iter().flatten().map(|row| row.primary_contact_id).collect();
        primaries.sort_unstable();
        primaries.dedup();
        let mut moved: HashMap<ContactId, ContactId> = HashMap::new();
        for asked in primaries.chunks(ASKED_TOGETHER) {
            let current = resolver.primaries(asked).await;
            let current = current.map_err(|error| error::apart(&error, None))?;
            // One that was deleted meanwhile is no more than it was.
            let changed = asked.iter().zip(current).filter_map(|(then, now)| Some((*then, now?)));
            moved.extend(changed.filter(|(then, now)| then != now));
            // A store in memory answers at once, and who waits here has to look for signals, or be cancelled.
            tokio::task::yield_now().await;
        }
        if !moved.is_empty() {
            for row in self.rows.iter_mut().flatten() {
                if let Some(primary) = moved.get(&row.primary_contact_id) {
                    row.primary_contact_id = *primary;
                }
            }
            primaries
                .iter_mut()
                .for_each(|primary| *primary = moved.get(primary).copied().unwrap_or(*primary));
            primaries.sort_unstable();
            primaries.dedup();
        }
        let (_, _, merges) = self.done();
        let errors = self.collect.then_some(self.errors);
        outcome::Identified::new(self.rows.iter().copied(), errors, primaries.len() as u64, merges)
    }
}

/// Whether the row is at fault, and others may go on.
fn is_of_the_row(error: &Error, refuses_all: bool) -> bool {
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::Unsound => true,
        ErrorKind::Refused => !refuses_all,
        _ => false,
    }
}

/// Whether the database refused all that a chunk asked of it, as without a privilege or a table: no row is at fault then. One
/// request alone may well hold what a column does not take.
fn refuses_all(answers: &[Result<Identified, Error>]) -> bool {
    let asked = || answers.iter().filter(|answer| !matches!(answer, Err(Error::InvalidInput(_))));
    asked().count() > 1 && asked().all(|answer| matches!(answer, Err(Error::Refused { .. })))
}
