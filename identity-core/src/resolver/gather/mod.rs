//! Concurrent callers become batches.
//!
//! ```text
//!  caller ─┬─ a load slot is free: it loads at once, with all that call at the same time
//!          └─ else it waits ── whoever gives a load slot back takes all that wait
//!                 │ load; a large batch one identifier of each request first
//!                 ├─ nothing new: answered, whatever is being written meanwhile
//!                 │ load what else the others brought
//!                 └─ something new ─┬─ a write slot is free: plan on what was loaded, commit
//!                                   └─ else it waits, with what was loaded ── whoever gives a write slot back
//!                                      takes all that wait; only what was written meanwhile is loaded again
//!                                            └─ what waits for a lock that somebody outside holds leaves the batch, and
//!                                               goes on by itself
//! ```
//!
//! So what arrives while a batch is in flight is the next batch. There is no timer: a lone caller finds both slots free and
//! waits for nobody; tasks that are ready to run run first, since they may be about to call as well. Whatever holds a slot runs
//! in a task of its own, so a caller takes nobody down with it, neither one that goes away nor one that stays and is not polled:
//! as a part of `buffer_unordered`, say, whose consumer is busy, perhaps with another call that needs that slot.
//!
//! A slot is passed on after its callers were answered, and had their turn to run: who calls again at once is in the next
//! batch. Else callers would scatter over ever smaller batches, each with a few of them: 64 callers on two slots came to
//! batches of 11 instead of 32.
//!
//! Nor is a second batch written while fewer wait than are being written: it would be hardly sooner done than with the next
//! one, and each commit costs the same however much it holds. So 64 callers who all write come to batches of 28 instead of
//! 17. That holds as long as commits are quick. A batch that waits for a lock is not soon done, and after [`SOON`] nobody waits
//! for it any more who could be written by another slot.
//!
//! All queues together are bounded; past the bound callers get [`Error::Overloaded`] at once, a lone one that has loaded
//! already after its load, since it may have had nothing to write. Whoever has gone makes room first. What a batch has loaded is
//! never refused, so that there may be some batches more than the bound for a moment.

mod serve;
mod state;

use std::collections::HashSet;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use self::serve::{serve_apart, serve_load, serve_write};
use self::state::{Job, Stage, State, Waiting};
use super::engine::{Engine, People};
use crate::contact::ConsolidatedContact;
use crate::error::Error;
use crate::identifier::IdentifierPair;

/// How long a batch that is being written is thought to be soon done. Commits take some milliseconds, tens where many wait for
/// a slow disk, and who waits for a lock waits for a second or more.
const SOON: Duration = Duration::from_millis(200);

/// The answer to one request.
type Reply = Result<ConsolidatedContact, Error>;

/// How much is done at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Requests of one batch.
    pub(super) batch_size: usize,
    /// Requests of one transaction of an import.
    pub(super) import_size: usize,
    /// Requests that wait, over all.
    pub(super) queue_length: usize,
    /// Loads in flight.
    pub(super) loads: usize,
    /// Commits in flight.
    pub(super) writes: usize,
    /// Contacts that an import keeps from chunk to chunk: some 140 MB.
    pub(super) kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { batch_size: 256, import_size: 4_000, queue_length: 10_000, loads: 2, writes: 2, kept: 400_000 }
    }
}

/// Gathers callers. Shared by all clones of a resolver.
#[derive(Debug)]
pub(super) struct Gatherer {
    pub(super) engine: Engine,
    pub(super) limits: Limits,
    /// Whether the resolver was closed.
    pub(super) closed: AtomicBool,
    state: Mutex<State>,
}

/// The right to have one batch in flight. Whoever drops it, for whatever reason, passes it on to those who wait.
#[derive(Debug)]
struct Slot {
    gatherer: Arc<Gatherer>,
    stage: Stage,
    /// How many requests are written with it, and thought to be soon done; 0 for a load.
    writes: usize,
}

impl Gatherer {
    pub(super) fn new(engine: Engine, limits: Limits) -> Arc<Self> {
        Arc::new(Self { engine, limits, closed: AtomicBool::new(false), state: Mutex::default() })
    }

    /// Whether calls may begin.
    pub(super) fn open(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) { Err(Error::Closed) } else { Ok(()) }
    }

    /// Identifies one request, alone or with others.
    pub(super) async fn identify(self: &Arc<Self>, pair: IdentifierPair) -> Reply {
        #[cfg(feature = "memory")]
        if self.engine.store.resident().is_some() {
            let mut answers = self.engine.run(&[pair], super::engine::Patience::Full).await.answers;
            return answers.pop().unwrap_or_else(|| Err(Error::too_few_ids()));
        }
        let (waiting, is_free) = self.enter(pair)?;
        if is_free {
            // Whoever is about to call as well comes along. The slot is not taken before, since nobody may poll this any more.
            tokio::task::yield_now().await;
            self.start(Stage::Load);
        }
        waiting.reply().await
    }

    /// Takes a place in the queue; tells whether there is a slot for it.
    fn enter(self: &Arc<Self>, pair: IdentifierPair) -> Result<(Waiting, bool), Error> {
        let runtime = Handle::try_current()
            .map_err(|_| Error::Configuration("calls need a Tokio runtime to run on".to_owned()))?;
        let (caller, reply) = oneshot::channel();
        let mut state = self.state();
        let is_free = state.loading < self.slots(&state, Stage::Load);
        // Who is alone may have nothing to write, and then is not in the way of those who wait for that.
        let is_alone = is_free && state.to_load.is_empty();
        if !is_alone && self.is_full(&mut state) {
            return Err(Error::Overloaded);
        }
        state.to_load.push_back(Job { pair, caller, loaded: None, runtime });
        Ok((Waiting::new(reply, Arc::clone(self)), is_free))
    }

    /// Starts the next batch, if there is one and a slot for it.
    fn start(self: &Arc<Self>, stage: Stage) {
        let next = self.next(&mut self.state(), stage);
        if let Some((slot, jobs)) = next {
            slot.serve(jobs);
        }
    }

    /// Has requests go on by themselves, that others need not wait for.
    fn set_apart(self: &Arc<Self>, jobs: Vec<Job>) {
        let mut state = self.state();
        state.apart.extend(jobs);
        let mut next = Vec::new();
        while let Some((slot, jobs)) = self.next(&mut state, Stage::Apart) {
            next.push((slot, jobs));
        }
        drop(state);
        next.into_iter().for_each(|(slot, jobs)| slot.serve(jobs));
    }

    /// Passes a slot on with the next batch, or gives it back.
    fn pass_on(self: &Arc<Self>, stage: Stage, written: usize) {
        let mut state = self.state();
        *state.taken(stage) -= 1;
        state.in_writing -= written;
        let next = self.next(&mut state, stage);
        // Where a write slot is free now, there may be one more load at a time.
        let load = match stage {
            Stage::Load | Stage::Apart => None,
            Stage::Write => self.next(&mut state, Stage::Load),
        };
        drop(state);
        next.into_iter().chain(load).for_each(|(slot, jobs)| slot.serve(jobs));
    }

    /// Writes as soon as there is a slot, on what was loaded.
    fn write(self: &Arc<Self>, people: People, mut jobs: Vec<Job>) {
        let mut state = self.state();
        let is_free = state.writing < self.limits.writes && state.to_write.is_empty();
        if is_free && state.pays_off(Stage::Write, jobs.len()) {
            let slot = self.slot(&mut state, Stage::Write, jobs.len());
            drop(state);
            tokio::spawn(serve_write(slot, Some(people.graph), jobs));
            return;
        }
        if jobs.len() == 1 && self.is_full(&mut state) {
            drop(state);
            jobs.into_iter().for_each(|job| job.answer(Err(Error::Overloaded)));
            return;
        }
        let loaded = Some(Arc::new(people.loaded));
        jobs.iter_mut().for_each(|job| job.loaded.clone_from(&loaded));
        state.to_write.extend(jobs);
        drop(state);
        self.start(Stage::Write);
    }

    /// No longer counts requests as soon written, so that those who wait for them may have a slot that is free.
    fn give_up_on(self: &Arc<Self>, written: usize) {
        self.state().in_writing -= written;
        self.start(Stage::Write);
    }

    /// Takes a slot with those who wait for one, where there is one and they are worth it.
    fn next(self: &Arc<Self>, state: &mut State, stage: Stage) -> Option<(Slot, Vec<Job>)> {
        let waiting = state.queue(stage).len();
        if *state.taken(stage) >= self.slots(state, stage) || !state.pays_off(stage, waiting) {
            return None;
        }
        let most = if stage == Stage::Apart { 1 } else { self.limits.batch_size };
        let jobs = state.next_batch(stage, most);
        (!jobs.is_empty()).then(|| (self.slot(state, stage, jobs.len()), jobs))
    }

    /// Takes a slot for so many requests.
    fn slot(self: &Arc<Self>, state: &mut State, stage: Stage, requests: usize) -> Slot {
        *state.taken(stage) += 1;
        let writes = match stage {
            Stage::Load | Stage::Apart => 0,
            Stage::Write => requests,
        };
        state.in_writing += writes;
        Slot { gatherer: Arc::clone(self), stage, writes }
    }

    /// What was loaded for those who wait no longer holds where a batch has just written the same identifiers.
    fn forget(&self, written: &[IdentifierPair]) {
        let written: HashSet<_> = written.iter().flat_map(IdentifierPair::parts).collect();
        let mut state = self.state();
        for job in state.to_write.iter_mut().filter(|job| job.loaded.is_some()) {
            if job.pair.parts().any(|part| written.contains(&part)) {
                job.loaded = None;
            }
        }
    }

    /// How many batches of a kind there may be in flight.
    ///
    /// While all write slots are taken, one load at a time: what more would load only waits to write, in smaller batches.
    fn slots(&self, state: &State, stage: Stage) -> usize {
        match stage {
            Stage::Load if state.writing >= self.limits.writes => 1,
            Stage::Load => self.limits.loads,
            Stage::Write | Stage::Apart => self.limits.writes,
        }
    }

    /// Whether nobody more may wait.
    fn is_full(&self, state: &mut State) -> bool {
        state.waiting() >= self.limits.queue_length && !state.make_room()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Serves a batch on the runtime of one who waits for it: whoever passes the slot on may do so outside of any, as where a
    /// runtime ends.
    fn serve(self, jobs: Vec<Job>) {
        let Some(runtime) = jobs.first().map(|job| job.runtime.clone()) else { return };
        match self.stage {
            Stage::Load => runtime.spawn(serve_load(self, jobs)),
            Stage::Write => runtime.spawn(serve_write(self, None, jobs)),
            Stage::Apart => runtime.spawn(serve_apart(self, jobs)),
        };
    }

    /// Does what is done with it. Where that takes long, because it waits for a lock, others need not wait for it too.
    async fn write<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Ok(done) = tokio::time::timeout(SOON, work.as_mut()).await {
            return done;
        }
        self.gatherer.give_up_on(std::mem::take(&mut self.writes));
        work.await
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.gatherer.pass_on(self.stage, self.writes);
    }
}
