//! Load, plan, commit, and again on conflict: what becomes of one batch.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::{Answer, Counts, Outcome};
use crate::changes::Changes;
use crate::contact::ContactId;
use crate::error::{Error, ErrorKind};
use crate::graph::Graph;
use crate::identifier::{Identifier, IdentifierPair};
use crate::normalize::Normalizer;
use crate::retry::Retry;
use crate::snapshot::{Query, Snapshot};
use crate::store::ContactStore;

/// The most requests of one transaction of [`Engine::run`].
const LARGEST: usize = 1_000;

/// Into how many parts a batch is split. Many, since each part that holds the request at fault may wait for a lock first:
/// one of 256 is found in two steps.
const PARTS: usize = 16;

/// Requests from which on a load asks for one identifier of each first, see [`leading`].
const MANY: usize = 16;

/// What the store knew of a batch: snapshots, each with the identifiers that it was asked for.
#[derive(Debug, Default)]
pub(super) struct Loaded(Vec<(Vec<Identifier>, Snapshot)>);

impl Loaded {
    /// Adds it to what is known. What cannot be added is left to be loaded again.
    pub(super) fn add_to(&self, graph: &mut Graph, normalizer: &Normalizer) -> Result<(), Error> {
        self.0.iter().try_for_each(|(asked, snapshot)| graph.absorb(snapshot, asked, normalizer))
    }
}

/// The people of a batch, as far as they were loaded.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) graph: Graph,
    /// What the graph was made of.
    pub(super) loaded: Loaded,
}

/// How long a request that stands alone is tried again where it conflicts with other writers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// As long as a caller can be expected to wait.
    Full,
    /// Not long, since others wait for it.
    Short,
}

/// Runs batches on a store.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    pub(super) store: Arc<dyn ContactStore>,
    pub(super) normalizer: Normalizer,
    pub(super) retry: Retry,
}

impl Engine {
    /// Identifies requests in their order, in one transaction, or in none where nothing is new.
    ///
    /// A request that the database refuses, or that meets contacts that are not sound, fails alone: the batch is split
    /// until it stands alone, and the others go on in their order. So is a batch that loses every race, or waits for a lock
    /// that somebody outside holds: smaller ones are quicker, and meet fewer people that others write to.
    pub(super) async fn run<A: Answer>(&self, batch: &[IdentifierPair], patience: Patience) -> Outcome<A> {
        #[cfg(feature = "memory")]
        if let Some(store) = self.store.resident() {
            return store.identify(batch);
        }
        let mut outcome = Outcome::default();
        for batch in batch.chunks(LARGEST) {
            self.run_in_parts(batch, patience, &mut outcome).await;
        }
        outcome
    }

    async fn run_in_parts<A: Answer>(
        &self,
        batch: &[IdentifierPair],
        patience: Patience,
        outcome: &mut Outcome<A>,
    ) {
        let start = Instant::now();
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            let left = match patience {
                Patience::Full if part.len() == 1 => Retry::PATIENCE.saturating_sub(start.elapsed()),
                _ => Duration::ZERO,
            };
            let attempt = || self.attempt(part);
            match self.retry.run_within(left.max(Retry::PATIENCE_OF_OTHERS), attempt).await {
                Ok(done) => {
                    outcome.answers.extend(done.answers);
                    outcome.counts += done.counts;
                }
                Err(error) if part.len() > 1 && smaller_may_pass(&error, start.elapsed()) => {
                    parts.extend(part.rchunks(part.len().div_ceil(PARTS)));
                }
                Err(error) => outcome.answers.extend(part.iter().map(|_| Err(error.clone()))),
            }
        }
    }

    /// Adds the people that identifiers lead to.
    pub(super) async fn load(&self, people: &mut People, asked: Vec<Identifier>) -> Result<(), Error> {
        let snapshot =
            self.retry.run(|| self.store.load(Query { identifiers: &asked, contacts: &[] })).await?;
        people.graph.absorb(&snapshot, &asked, &self.normalizer)?;
        people.loaded.0.push((asked, snapshot));
        Ok(())
    }

    pub(super) async fn load_once(&self, query: Query<'_>) -> Result<Graph, Error> {
        let snapshot = self.store.load(query).await?;
        Graph::from_snapshot(&snapshot, query.identifiers, &self.normalizer)
    }

    /// Identifies requests whose people are in `graph`, and loads what is not; from the start where that does not work out.
    /// What came to no end for a conflict [may go on](Self::may_go_on).
    pub(super) async fn finish<A: Answer>(&self, graph: Graph, batch: &[IdentifierPair]) -> Outcome<A> {
        match self.plan_and_commit(graph, batch).await {
            Ok(outcome) => outcome,
            Err(_) => self.run(batch, Patience::Short).await,
        }
    }

    /// Whether a request that ended in this error should be tried again, with [`Patience::Full`].
    pub(super) fn may_go_on<T>(&self, answer: &Result<T, Error>) -> bool {
        answer.as_ref().is_err_and(|error| self.retry.may_go_on(error))
    }

    async fn plan_and_commit<A: Answer>(
        &self,
        mut graph: Graph,
        batch: &[IdentifierPair],
    ) -> Result<Outcome<A>, Error> {
        let unknown = graph.unknown(batch);
        if !unknown.is_empty() {
            let snapshot = self.store.load(Query { identifiers: &unknown, contacts: &[] }).await?;
            graph.absorb(&snapshot, &unknown, &self.normalizer)?;
        }
        let drafts = plan::<A>(&mut graph, batch);
        if !graph.unasked().is_empty() {
            return Err(Error::conflict());
        }
        self.commit(&graph, drafts).await
    }

    /// One try: load, plan, commit.
    async fn attempt<A: Answer>(&self, batch: &[IdentifierPair]) -> Result<Outcome<A>, Error> {
        let mut identifiers = identifiers(batch);
        loop {
            let mut graph = self.load_once(Query { identifiers: &identifiers, contacts: &[] }).await?;
            let drafts = plan::<A>(&mut graph, batch);
            let unasked = graph.unasked();
            if unasked.is_empty() {
                return self.commit(&graph, drafts).await;
            }
            identifiers.extend(unasked);
            identifiers.sort_unstable();
            identifiers.dedup();
        }
    }

    async fn commit<A: Answer>(&self, graph: &Graph, drafts: Vec<A::Draft>) -> Result<Outcome<A>, Error> {
        let changes = graph.changes();
        let ids = if changes.is_empty() { Vec::new() } else { self.store.commit(&changes).await? };
        settle(drafts, &changes, &ids)
    }
}

/// What callers are told of changes that were committed.
pub(super) fn settle<A: Answer>(
    drafts: Vec<A::Draft>,
    changes: &Changes,
    ids: &[ContactId],
) -> Result<Outcome<A>, Error> {
    let answers: Option<Vec<_>> = drafts.into_iter().map(|draft| A::settle(draft, ids).map(Ok)).collect();
    let counts = Counts::of(changes.events.iter().map(|event| event.kind));
    Ok(Outcome { answers: answers.ok_or_else(Error::too_few_ids)?, counts })
}

pub(super) fn plan<A: Answer>(graph: &mut Graph, batch: &[IdentifierPair]) -> Vec<A::Draft> {
    let mut drafts = Vec::with_capacity(batch.len());
    for pair in batch {
        let met = graph.meet(pair);
        drafts.push(A::draft(graph, met));
    }
    drafts
}

/// Without repetition, ascending.
pub(super) fn identifiers(batch: &[IdentifierPair]) -> Vec<Identifier> {
    in_order(batch.iter().flat_map(IdentifierPair::identifiers).collect())
}

/// The identifiers to ask for first: of a large batch one of each request. Most people who come back bring nothing new, so
/// what their phone number leads to has their email too, and looking that up would lead to the same rows once more: a live
/// contact that carries an identifier belongs to the person who holds the claim on it. What is not found that way is asked
/// for in a second load, which for a small batch would cost more than it saves.
pub(super) fn leading(batch: &[IdentifierPair]) -> Vec<Identifier> {
    if batch.len() < MANY {
        return identifiers(batch);
    }
    in_order(batch.iter().filter_map(|pair| pair.identifiers().last()).collect())
}

fn in_order(mut identifiers: Vec<Identifier>) -> Vec<Identifier> {
    identifiers.sort_unstable();
    identifiers.dedup();
    identifiers
}

/// Whether a part of the batch may get through where the whole did not, after such a time.
fn smaller_may_pass(error: &Error, elapsed: Duration) -> bool {
    match error.kind() {
        ErrorKind::Refused | ErrorKind::Unsound => true,
        ErrorKind::Conflict => elapsed < Retry::PATIENCE,
        _ => false,
    }
}
