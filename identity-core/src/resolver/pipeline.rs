//! Chunk after chunk of an import: while one is committed, what the next touches is loaded.
//!
//! ```text
//! chunk 1   load ─ plan ─ commit
//! chunk 2                 load   ─ plan ─ commit
//! chunk 3                                 load   ─ plan ─ commit
//! ```
//!
//! All chunks are planned on one graph, which is kept: of each chunk only those identifiers are loaded that no chunk before
//! it has met. In an import into an empty table that leaves look-ups that find nothing.
//!
//! **Why what is kept may be relied on.** Whatever changes a person gives its primary another version. The people that a
//! chunk meets and the graph knows already are asked for their versions after the chunk was taken from the source
//! ([`ContactStore::unchanged`](crate::ContactStore::unchanged)); those that the chunk before touches are checked by its
//! commit, which ends later still; and what the chunk itself changes is checked when it is committed. So each request is
//! answered from what holds at some moment after it was made, as if it were alone. Where somebody else was quicker, the
//! graph is dropped, and the chunk is loaded, planned and committed by itself.

use futures_util::future::join;

use super::engine::{self, Engine, Patience};
use super::gather::Gatherer;
use super::import::Chunk;
use crate::answer::{Answer, Outcome};
use crate::changes::{Changes, Version};
use crate::contact::ContactId;
use crate::error::Error;
use crate::graph::Graph;
use crate::identifier::Identifier;
use crate::snapshot::{Query, Snapshot};

/// The identifiers that one load asks for, at most: one statement in SQL stores.
const PER_LOAD: usize = 256;

/// An import on its way.
pub(super) struct Pipeline<A: Answer> {
    engine: Engine,
    graph: Graph,
    /// The contacts that the graph may hold.
    most_kept: usize,
    /// The chunk that is to be committed next.
    planned: Option<(Chunk, Plan<A>)>,
}

enum Plan<A: Answer> {
    Open { drafts: Vec<A::Draft>, changes: Changes },
    Done(Outcome<A>),
}

/// What is to be known before a chunk can be planned.
struct Inquiry {
    unknown: Vec<Identifier>,
    relied_on: Vec<Version>,
}

/// The answer: snapshots, each with the identifiers that it was asked for.
type Findings = Vec<(Vec<Identifier>, Snapshot)>;

impl<A: Answer> Pipeline<A> {
    pub(super) fn new(gatherer: &Gatherer) -> Self {
        let Gatherer { engine, limits, .. } = gatherer;
        Self { engine: engine.clone(), graph: Graph::default(), most_kept: limits.kept, planned: None }
    }

    /// Whether there is nothing to commit.
    pub(super) fn is_idle(&self) -> bool {
        self.planned.is_none()
    }

    /// Commits the chunk that was planned, if there is one, and tells what became of it; plans the next one.
    pub(super) async fn step(&mut self, next: Option<Chunk>) -> Option<Outcome<A>> {
        #[cfg(feature = "memory")]
        if self.engine.store.resident().is_some() {
            return Some(next?.identify(&self.engine).await);
        }
        let planned = self.planned.take();
        let mut start_over = self.graph.size() > self.most_kept;
        let inquiry = next.as_ref().filter(|_| !start_over).map(|chunk| self.inquiry(chunk));
        let (committed, mut findings) = join(self.commit(planned.as_ref()), self.find_out(inquiry)).await;
        let outcome = match planned {
            None => None,
            Some((chunk, Plan::Done(outcome))) => Some(chunk.complete(outcome)),
            Some((chunk, Plan::Open { drafts, changes })) => {
                let settled = committed.and_then(|ids| {
                    self.graph.committed(&ids);
                    engine::settle(drafts, &changes, &ids)
                });
                Some(match settled {
                    Ok(outcome) => chunk.complete(outcome),
                    Err(_) => {
                        start_over = true;
                        chunk.identify(&self.engine).await
                    }
                })
            }
        };
        if let Some(chunk) = next {
            if start_over {
                self.graph.forget();
                findings = self.find_out(Some(self.inquiry(&chunk))).await;
            }
            self.planned = Some(self.plan(chunk, findings).await);
        }
        outcome
    }

    async fn commit(&self, planned: Option<&(Chunk, Plan<A>)>) -> Result<Vec<ContactId>, Error> {
        match planned {
            Some((_, Plan::Open { changes, .. })) if !changes.is_empty() => {
                self.engine.store.commit(changes).await
            }
            _ => Ok(Vec::new()),
        }
    }

    fn inquiry(&self, chunk: &Chunk) -> Inquiry {
        Inquiry { unknown: self.graph.unknown(&chunk.valid), relied_on: self.graph.relied_on(&chunk.valid) }
    }

    async fn find_out(&self, inquiry: Option<Inquiry>) -> Result<Findings, Error> {
        let mut findings = Findings::new();
        let Some(Inquiry { unknown, relied_on }) = inquiry else { return Ok(findings) };
        let store = &self.engine.store;
        if !relied_on.is_empty() && !store.unchanged(&relied_on).await? {
            return Err(Error::conflict());
        }
        let mut parts: Vec<_> = unknown.chunks(PER_LOAD).collect();
        if parts.is_empty() {
            // Plans need the clock.
            parts.push(&[]);
        }
        for identifiers in parts {
            let snapshot = store.load(Query { identifiers, contacts: &[] }).await?;
            findings.push((identifiers.to_vec(), snapshot));
        }
        Ok(findings)
    }

    async fn plan(&mut self, chunk: Chunk, findings: Result<Findings, Error>) -> (Chunk, Plan<A>) {
        match findings.and_then(|findings| self.plan_on(&chunk, findings)) {
            Ok(plan) => (chunk, plan),
            Err(_) => {
                self.graph.forget();
                let outcome = self.engine.run(&chunk.valid, Patience::Full).await;
                (chunk, Plan::Done(outcome))
            }
        }
    }

    fn plan_on(&mut self, chunk: &Chunk, findings: Findings) -> Result<Plan<A>, Error> {
        for (asked, snapshot) in findings {
            self.graph.absorb(&snapshot, &asked, &self.engine.normalizer)?;
        }
        let drafts = engine::plan::<A>(&mut self.graph, &chunk.valid);
        if !self.graph.unasked().is_empty() {
            return Err(Error::conflict());
        }
        Ok(Plan::Open { drafts, changes: self.graph.changes() })
    }
}

#[cfg(all(test, feature = "memory", feature = "sqlite"))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::answer::Identified;
    use crate::changes::Version;
    use crate::normalize::Normalizer;
    use crate::request::IdentifyRequest;
    use crate::resolver::OnInvalid;
    use crate::resolver::gather::Limits;
    use crate::retry::Retry;
    use crate::store::{ContactStore, SqliteStore, StoreOptions};

    /// Counts the identifiers that are loaded.
    #[derive(Debug)]
    struct Counted(SqliteStore, Arc<AtomicUsize>);

    #[async_trait]
    impl ContactStore for Counted {
        async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
            self.1.fetch_add(query.identifiers.len(), Ordering::Relaxed);
            self.0.load(query).await
        }

        async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
            self.0.commit(changes).await
        }

        async fn unchanged(&self, seen: &[Version]) -> Result<bool, Error> {
            self.0.unchanged(seen).await
        }
    }

    /// Imports people who come back and merge, in chunks of 20; tells the answers, and how many identifiers were loaded.
    async fn import(kept: usize) -> (Vec<Identified>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/contacts.db", folder.path().display());
        let store = SqliteStore::connect(&url, StoreOptions::default()).await.unwrap();
        let loaded = Arc::new(AtomicUsize::new(0));
        let engine = Engine {
            store: Arc::new(Counted(store, Arc::clone(&loaded))),
            normalizer: Normalizer::default(),
            retry: Retry::default(),
        };
        let gatherer = Gatherer::new(engine, Limits { kept, ..Limits::default() });
        let mut pipeline = Pipeline::<Identified>::new(&gatherer);
        let mut random = fastrand::Rng::with_seed(3);
        let mut answers = Vec::new();
        let chunks = (0..30).map(|_| {
            let mut request = || {
                let email = format!("{}@x.io", random.u64(0..200));
                IdentifyRequest::new().email(email).phone_number(random.u64(0..200))
            };
            let rows: Vec<_> = (0..20).map(|_| request()).collect();
            Some(Chunk::new(Normalizer::default(), &rows, OnInvalid::GoOn))
        });
        for next in chunks.chain([None]) {
            let outcome = pipeline.step(next).await.unwrap_or_default();
            answers.extend(outcome.answers.into_iter().map(Result::unwrap));
        }
        (answers, loaded.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn what_was_dropped_is_loaded_again() {
        let (answers, loaded) = import(usize::MAX).await;
        let (same, again) = import(50).await;
        assert_eq!(same, answers);
        assert!(loaded <= 400, "each identifier once: {loaded}");
        assert!(again > 2 * loaded, "{again}");
    }
}
