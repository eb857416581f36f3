//! Load, plan, commit, and again on conflict: what becomes of one batch.

use std::sync::Arc;

use crate::changes::Draft;
use crate::contact::ConsolidatedContact;
use crate::error::{Error, ErrorKind};
use crate::graph::Graph;
use crate::identifier::{Identifier, IdentifierPair};
use crate::normalize::Normalizer;
use crate::retry::Retry;
use crate::snapshot::Query;
use crate::store::ContactStore;

/// The answer to one request.
pub(super) type Reply = Result<ConsolidatedContact, Error>;

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
    /// A request that the database refuses, or that meets contacts that are not sound, fails alone: the batch is halved
    /// until it stands alone, and the others go on in their order.
    pub(super) async fn run(&self, batch: &[IdentifierPair]) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(batch.len());
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            match self.retry.run(|| self.attempt(part)).await {
                Ok(done) => replies.extend(done.into_iter().map(Ok)),
                Err(error) if part.len() > 1 && concerns_one(&error) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => replies.extend(part.iter().map(|_| Err(error.clone()))),
            }
        }
        replies
    }

    /// The people that requests touch.
    pub(super) async fn load(&self, batch: &[IdentifierPair]) -> Result<Graph, Error> {
        let identifiers = identifiers(batch);
        self.retry.run(|| self.load_once(Query { identifiers: &identifiers, contacts: &[] })).await
    }

    pub(super) async fn load_once(&self, query: Query<'_>) -> Result<Graph, Error> {
        let snapshot = self.store.load(query).await?;
        Graph::from_snapshot(snapshot, query.identifiers, &self.normalizer)
    }

    /// Identifies requests whose people are in `graph` already; from the start where that did not work out.
    pub(super) async fn finish(&self, graph: Graph, batch: &[IdentifierPair]) -> Vec<Reply> {
        match self.plan_and_commit(graph, batch).await {
            Ok(Some(replies)) => replies.into_iter().map(Ok).collect(),
            Ok(None) | Err(_) => self.run(batch).await,
        }
    }

    /// One try: load, plan, commit.
    async fn attempt(&self, batch: &[IdentifierPair]) -> Result<Vec<ConsolidatedContact>, Error> {
        let mut identifiers = identifiers(batch);
        loop {
            let mut graph = self.load_once(Query { identifiers: &identifiers, contacts: &[] }).await?;
            let drafts = plan(&mut graph, batch);
            let unasked = graph.unasked();
            if unasked.is_empty() {
                return self.commit(&graph, drafts).await;
            }
            identifiers.extend(unasked);
            identifiers.sort_unstable();
            identifiers.dedup();
        }
    }

    /// `None` where the graph does not hold enough.
    async fn plan_and_commit(
        &self,
        mut graph: Graph,
        batch: &[IdentifierPair],
    ) -> Result<Option<Vec<ConsolidatedContact>>, Error> {
        let drafts = plan(&mut graph, batch);
        if !graph.unasked().is_empty() {
            return Ok(None);
        }
        self.commit(&graph, drafts).await.map(Some)
    }

    async fn commit(&self, graph: &Graph, drafts: Vec<Draft>) -> Result<Vec<ConsolidatedContact>, Error> {
        let changes = graph.changes();
        let ids = if changes.is_empty() { Vec::new() } else { self.store.commit(&changes).await? };
        let replies: Option<Vec<_>> = drafts.into_iter().map(|draft| draft.resolve(&ids)).collect();
        replies.ok_or_else(too_few_ids)
    }
}

fn plan(graph: &mut Graph, batch: &[IdentifierPair]) -> Vec<Draft> {
    let mut drafts = Vec::with_capacity(batch.len());
    for pair in batch {
        let person = graph.identify(pair);
        drafts.push(graph.describe(person));
    }
    drafts
}

/// Without repetition, ascending.
fn identifiers(batch: &[IdentifierPair]) -> Vec<Identifier> {
    let mut identifiers: Vec<Identifier> = batch.iter().flat_map(IdentifierPair::identifiers).collect();
    identifiers.sort_unstable();
    identifiers.dedup();
    identifiers
}

/// Whether an error may be due to a single request of a batch.
fn concerns_one(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused | ErrorKind::Unsound)
}

/// A store that broke its contract.
pub(super) fn too_few_ids() -> Error {
    Error::Configuration("the store returned fewer ids than it was given contacts to create".to_owned())
}
