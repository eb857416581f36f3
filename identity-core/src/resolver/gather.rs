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
//! ```
//!
//! So what arrives while a batch is in flight is the next batch. There is no timer: a lone caller finds both slots free and
//! waits for nobody; tasks that are ready to run run first, since they may be about to call as well. Whatever serves more than
//! one caller runs in a task of its own, so a caller that goes away takes nobody down with it.
//!
//! A slot is passed on after its callers were answered, and had their turn to run: who calls again at once is in the next
//! batch. Else callers would scatter over ever smaller batches, each with a few of them: 64 callers on two slots came to
//! batches of 11 instead of 32.
//!
//! Nor is a second batch written while fewer wait than are being written: it would be hardly sooner done than with the next
//! one, and each commit costs the same however much it holds. So 64 callers who all write come to batches of 28 instead of
//! 17.
//!
//! Both queues together are bounded; past the bound callers get [`Error::Overloaded`] at once.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::engine::{Engine, Loaded, People, identifiers, leading};
use crate::contact::ConsolidatedContact;
use crate::error::{Error, ErrorKind};
use crate::graph::Graph;
use crate::identifier::IdentifierPair;
use crate::normalize::Normalizer;

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
}

impl Default for Limits {
    fn default() -> Self {
        Self { batch_size: 256, import_size: 4_000, queue_length: 10_000, loads: 2, writes: 2 }
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

#[derive(Debug, Default)]
struct State {
    to_load: VecDeque<Job>,
    to_write: VecDeque<Job>,
    loading: usize,
    writing: usize,
    /// Requests of the batches that are being written.
    in_writing: usize,
}

/// A request that waits, and who waits for it.
#[derive(Debug)]
struct Job {
    pair: IdentifierPair,
    caller: oneshot::Sender<Reply>,
    /// What was loaded for it and for those who called with it, as far as that is thought to hold.
    loaded: Option<Arc<Loaded>>,
}

/// What to do with a request now.
enum Turn {
    /// The slot was free and is taken.
    Now(Slot),
    /// It waits for somebody else's slot.
    Later(oneshot::Receiver<Reply>),
}

/// The two things that are done to a request, each with its queue and its slots.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Load,
    Write,
}

/// The right to have one batch in flight. Whoever drops it, for whatever reason, passes it on to those who wait.
#[derive(Debug)]
struct Slot {
    gatherer: Arc<Gatherer>,
    stage: Stage,
    /// How many requests are written with it; 0 for a load.
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
            let mut answers = self.engine.run(&[pair]).await.answers;
            return answers.pop().unwrap_or_else(|| Err(Error::too_few_ids()));
        }
        let waiting = match self.enter(Stage::Load, &pair, None)? {
            Turn::Later(waiting) => waiting,
            Turn::Now(slot) => {
                // Whoever is about to call as well comes along.
                tokio::task::yield_now().await;
                let mut jobs = self.state().next_batch(Stage::Load, self.limits.batch_size - 1);
                if !jobs.is_empty() {
                    let (caller, waiting) = oneshot::channel();
                    jobs.push(Job { pair, caller, loaded: None });
                    tokio::spawn(serve_load(slot, jobs));
                    return waiting.await.unwrap_or_else(|gone| Err(Error::unavailable(gone)));
                }
                let mut people = People::default();
                self.engine.load(&mut people, identifiers(std::slice::from_ref(&pair))).await?;
                drop(slot);
                let People { graph, loaded } = people;
                if let Some(person) = graph.known(&pair) {
                    return super::settled(graph.describe(person));
                }
                match self.enter(Stage::Write, &pair, Some(loaded))? {
                    Turn::Later(waiting) => waiting,
                    Turn::Now(_slot) => {
                        let mut answers = self.engine.finish(graph, &[pair]).await.answers;
                        return answers.pop().unwrap_or_else(|| Err(Error::too_few_ids()));
                    }
                }
            }
        };
        waiting.await.unwrap_or_else(|gone| Err(Error::unavailable(gone)))
    }

    /// Takes a free slot, or a place in the queue.
    fn enter(
        self: &Arc<Self>,
        stage: Stage,
        pair: &IdentifierPair,
        loaded: Option<Loaded>,
    ) -> Result<Turn, Error> {
        let mut state = self.state();
        if *state.taken(stage) < self.slots(&state, stage) && state.pays_off(stage, 1) {
            return Ok(Turn::Now(self.slot(&mut state, stage, 1)));
        }
        if state.to_load.len() + state.to_write.len() >= self.limits.queue_length {
            return Err(Error::Overloaded);
        }
        let (caller, waiting) = oneshot::channel();
        state.queue(stage).push_back(Job { pair: pair.clone(), caller, loaded: loaded.map(Arc::new) });
        // With this one they may be enough.
        let next = self.next(&mut state, stage);
        drop(state);
        if let Some((slot, jobs)) = next {
            slot.serve(jobs);
        }
        Ok(Turn::Later(waiting))
    }

    /// Passes a slot on with the next batch, or gives it back.
    fn pass_on(self: &Arc<Self>, stage: Stage, written: usize) {
        let mut state = self.state();
        *state.taken(stage) -= 1;
        state.in_writing -= written;
        let Some((slot, jobs)) = self.next(&mut state, stage) else { return };
        drop(state);
        slot.serve(jobs);
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
        let loaded = Some(Arc::new(people.loaded));
        jobs.iter_mut().for_each(|job| job.loaded.clone_from(&loaded));
        state.to_write.extend(jobs);
        let next = self.next(&mut state, Stage::Write);
        drop(state);
        if let Some((slot, jobs)) = next {
            slot.serve(jobs);
        }
    }

    /// Takes a slot with those who wait for one, where there is one and they are worth it.
    fn next(self: &Arc<Self>, state: &mut State, stage: Stage) -> Option<(Slot, Vec<Job>)> {
        let waiting = state.queue(stage).len();
        if *state.taken(stage) >= self.slots(state, stage) || !state.pays_off(stage, waiting) {
            return None;
        }
        let jobs = state.next_batch(stage, self.limits.batch_size);
        (!jobs.is_empty()).then(|| (self.slot(state, stage, jobs.len()), jobs))
    }

    /// Takes a slot for so many requests.
    fn slot(self: &Arc<Self>, state: &mut State, stage: Stage, requests: usize) -> Slot {
        *state.taken(stage) += 1;
        let writes = match stage {
            Stage::Load => 0,
            Stage::Write => requests,
        };
        state.in_writing += writes;
        Slot { gatherer: Arc::clone(self), stage, writes }
    }

    /// What was loaded for those who wait no longer holds where a batch has just written the same identifiers.
    fn forget(&self, written: &[IdentifierPair]) {
        let mut state = self.state();
        if state.to_write.is_empty() {
            return;
        }
        let written: HashSet<_> = written.iter().flat_map(IdentifierPair::identifiers).collect();
        for job in &mut state.to_write {
            if job.pair.identifiers().any(|identifier| written.contains(&identifier)) {
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
            Stage::Write => self.limits.writes,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loads what a batch touches, answers those who bring nothing new, and passes the others on.
async fn serve_load(slot: Slot, mut jobs: Vec<Job>) {
    let gatherer = Arc::clone(&slot.gatherer);
    let mut people = People::default();
    let mut asked = leading(&pairs(&jobs));
    while !asked.is_empty() {
        match gatherer.engine.load(&mut people, asked).await {
            Ok(()) => {
                jobs = answer_known(&people.graph, jobs);
                asked = people.graph.unknown(&pairs(&jobs));
            }
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                jobs.drain(..).for_each(|job| job.answer(Err(error.clone())));
                break;
            }
            // Which request is at fault, or met somebody else's changes, is found out from the start.
            Err(_) => {
                people = People::default();
                break;
            }
        }
    }
    if !jobs.is_empty() {
        gatherer.write(people, jobs);
    }
    tokio::task::yield_now().await;
    drop(slot);
}

/// Answers those who bring nothing new; tells the others.
fn answer_known(graph: &Graph, jobs: Vec<Job>) -> Vec<Job> {
    let mut others = Vec::with_capacity(jobs.len());
    for job in jobs {
        match graph.known(&job.pair) {
            Some(person) => job.answer(super::settled(graph.describe(person))),
            None => others.push(job),
        }
    }
    others
}

/// Writes a batch; on `graph`, or else on what was loaded for each.
async fn serve_write(slot: Slot, graph: Option<Graph>, jobs: Vec<Job>) {
    let Gatherer { engine, .. } = &*slot.gatherer;
    let pairs = pairs(&jobs);
    let graph = graph.unwrap_or_else(|| loaded(&jobs, &engine.normalizer));
    let outcome = engine.finish(graph, &pairs).await;
    slot.gatherer.forget(&pairs);
    jobs.into_iter().zip(outcome.answers).for_each(|(job, reply)| job.answer(reply));
    tokio::task::yield_now().await;
    drop(slot);
}

/// What was loaded for requests; the latest counts. Nothing where it does not fit together.
fn loaded(jobs: &[Job], normalizer: &Normalizer) -> Graph {
    let mut graph = Graph::default();
    let mut last: Option<&Arc<Loaded>> = None;
    for loaded in jobs.iter().rev().filter_map(|job| job.loaded.as_ref()) {
        if last.is_some_and(|last| Arc::ptr_eq(last, loaded)) {
            continue;
        }
        if loaded.add_to(&mut graph, normalizer).is_err() {
            return Graph::default();
        }
        last = Some(loaded);
    }
    graph
}

fn pairs(jobs: &[Job]) -> Vec<IdentifierPair> {
    jobs.iter().map(|job| job.pair.clone()).collect()
}

impl Slot {
    /// Outside of a runtime nobody can be served: what waits is dropped batch by batch, and its callers are told.
    fn serve(self, jobs: Vec<Job>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        match self.stage {
            Stage::Load => runtime.spawn(serve_load(self, jobs)),
            Stage::Write => runtime.spawn(serve_write(self, None, jobs)),
        };
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.gatherer.pass_on(self.stage, self.writes);
    }
}

impl Job {
    fn answer(self, reply: Reply) {
        // A caller that has gone wants no answer.
        let _ = self.caller.send(reply);
    }
}

impl State {
    fn queue(&mut self, stage: Stage) -> &mut VecDeque<Job> {
        match stage {
            Stage::Load => &mut self.to_load,
            Stage::Write => &mut self.to_write,
        }
    }

    fn taken(&mut self, stage: Stage) -> &mut usize {
        match stage {
            Stage::Load => &mut self.loading,
            Stage::Write => &mut self.writing,
        }
    }

    /// Whether so many requests are worth a batch of their own: not while more are being written than wait. They would finish
    /// hardly sooner, and later ones would find ever more small batches before them.
    fn pays_off(&self, stage: Stage, requests: usize) -> bool {
        match stage {
            Stage::Load => true,
            Stage::Write => requests >= self.in_writing,
        }
    }

    /// Up to `most` requests of a queue, without those whose callers have gone.
    fn next_batch(&mut self, stage: Stage, most: usize) -> Vec<Job> {
        let queue = self.queue(stage);
        let mut jobs = Vec::with_capacity(most.min(queue.len()));
        while jobs.len() < most {
            match queue.pop_front() {
                Some(job) if job.caller.is_closed() => {}
                Some(job) => jobs.push(job),
                None => break,
            }
        }
        jobs
    }
}
