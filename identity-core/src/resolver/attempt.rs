//! Load, plan, commit: one try at a batch.

use crate::contact::ConsolidatedContact;
use crate::error::Error;
use crate::graph::Graph;
use crate::identifier::{Identifier, IdentifierPair};
use crate::normalize::Normalizer;
use crate::snapshot::Query;
use crate::store::ContactStore;

/// Identifies a batch of requests in one transaction, or in none where nothing is new.
///
/// # Errors
/// What the store answers; [`Error::Conflict`] where another try may succeed.
pub(super) async fn attempt(
    store: &dyn ContactStore,
    normalizer: &Normalizer,
    batch: &[IdentifierPair],
) -> Result<Vec<ConsolidatedContact>, Error> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let mut identifiers: Vec<Identifier> = batch.iter().flat_map(IdentifierPair::identifiers).collect();
    loop {
        identifiers.sort_unstable();
        identifiers.dedup();
        let snapshot = store.load(Query { identifiers: &identifiers, contacts: &[] }).await?;
        let mut graph = Graph::from_snapshot(snapshot, &identifiers, normalizer)?;
        let mut drafts = Vec::with_capacity(batch.len());
        for pair in batch {
            let person = graph.identify(pair);
            drafts.push(graph.describe(person));
        }
        let unasked = graph.unasked();
        if !unasked.is_empty() {
            identifiers.extend(unasked);
            continue;
        }
        let changes = graph.changes();
        let ids = if changes.is_empty() { Vec::new() } else { store.commit(&changes).await? };
        let replies: Option<Vec<_>> = drafts.into_iter().map(|draft| draft.resolve(&ids)).collect();
        return replies.ok_or_else(too_few_ids);
    }
}

/// A store that broke its contract.
pub(super) fn too_few_ids() -> Error {
    Error::Configuration("the store returned fewer ids than it was given contacts to create".to_owned())
}
