//! The resolver: what applications call.

mod attempt;
mod builder;

use std::sync::Arc;

use crate::changes::Draft;
use crate::contact::{ConsolidatedContact, ContactId};
use crate::error::Error;
use crate::graph::Graph;
use crate::identifier::{Identifier, IdentifierPair};
use crate::normalize::Normalizer;
use crate::request::IdentifyRequest;
use crate::retry::Retry;
use crate::snapshot::Query;
use crate::store::ContactStore;

pub use builder::ResolverBuilder;

/// Finds out who a customer is. Cheap to clone; clones share the store.
///
/// Every call may be repeated after any error: what it did already it does not do again.
///
/// ```
/// use identity_core::{IdentifyRequest, IdentityResolver};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let resolver = IdentityResolver::connect("memory:").await?;
/// resolver.identify(IdentifyRequest::new().email("lorraine@hillvalley.edu").phone_number("123456")).await?;
/// let person =
///     resolver.identify(IdentifyRequest::new().email("mcfly@hillvalley.edu").phone_number("123456")).await?;
/// assert_eq!(person.emails, ["lorraine@hillvalley.edu", "mcfly@hillvalley.edu"]);
/// assert_eq!(person.secondary_contact_ids.len(), 1);
/// # Ok::<(), identity_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct IdentityResolver {
    store: Arc<dyn ContactStore>,
    normalizer: Normalizer,
    retry: Retry,
    batch_size: usize,
}

impl IdentityResolver {
    /// A resolver over a store, with all options at their defaults.
    pub fn new(store: impl ContactStore) -> Self {
        Self::builder().build(store)
    }

    /// A resolver on the database that `url` names, with all options at their defaults. What the library needs is
    /// created there. See [`ResolverBuilder::connect`] for the URLs and the errors.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::builder().connect(url).await
    }

    /// To choose options first.
    pub fn builder() -> ResolverBuilder {
        ResolverBuilder::default()
    }

    /// Finds out who this is: creates a person, adds what is new to a known one, merges two that turn out to be
    /// one, or writes nothing where nothing is new (SPEC, "Rules").
    ///
    /// # Errors
    /// [`Error::InvalidInput`] names the field, and nothing was changed. [`Error::Conflict`] and
    /// [`Error::Unavailable`] ask for a retry, which is safe.
    pub async fn identify(&self, request: IdentifyRequest) -> Result<ConsolidatedContact, Error> {
        let pair = self.normalizer.request(&request)?;
        let mut replies = self.run_batch(&[pair]).await?;
        replies.pop().ok_or_else(attempt::too_few_ids)
    }

    /// Leaves the rows and gives the replies that calling [`identify`](Self::identify) for each request in order
    /// would, in far fewer transactions. Each request has its own result: one that is invalid changes nothing and
    /// harms no other.
    ///
    /// Requests go to the store in batches (see [`ResolverBuilder::batch_size`]), each of them one transaction.
    /// Where one fails, its requests all have that error, and the later ones are still tried.
    pub async fn identify_many(
        &self,
        requests: impl IntoIterator<Item = IdentifyRequest>,
    ) -> Vec<Result<ConsolidatedContact, Error>> {
        let mut results = Vec::new();
        let mut requests = requests.into_iter();
        loop {
            let batch: Vec<_> = requests.by_ref().take(self.batch_size).collect();
            if batch.is_empty() {
                return results;
            }
            let pairs: Vec<_> = batch.iter().map(|request| self.normalizer.request(request)).collect();
            let valid: Vec<_> = pairs.iter().filter_map(|pair| pair.as_ref().ok().cloned()).collect();
            let mut replies = self.run_batch(&valid).await.map(Vec::into_iter);
            results.extend(pairs.into_iter().map(|pair| {
                pair?;
                let replies = replies.as_mut().map_err(|error| error.clone())?;
                replies.next().ok_or_else(attempt::too_few_ids)
            }));
        }
    }

    /// Every person that the identifiers lead to, oldest first: none, one, or two that nothing has proved to be
    /// one yet. Reads only.
    ///
    /// # Errors
    /// As for [`identify`](Self::identify), without conflicts.
    pub async fn lookup(&self, request: IdentifyRequest) -> Result<Vec<ConsolidatedContact>, Error> {
        let pair = self.normalizer.request(&request)?;
        let identifiers: Vec<Identifier> = pair.identifiers().collect();
        let graph = self.load(Query { identifiers: &identifiers, contacts: &[] }).await?;
        graph.lookup(&pair).into_iter().map(|primary| settled(graph.describe(primary))).collect()
    }

    /// The person that a contact, of any precedence, belongs to now: the id of a primary that was merged away still
    /// leads to its person. `None` where there is no such live contact. Reads only.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what else the store answers.
    pub async fn get(&self, contact: ContactId) -> Result<Option<ConsolidatedContact>, Error> {
        let graph = self.load(Query { identifiers: &[], contacts: &[contact] }).await?;
        graph.get(contact).map(|primary| settled(graph.describe(primary))).transpose()
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it gives none.
    pub async fn ping(&self) -> Result<(), Error> {
        self.store.load(Query::default()).await.map(drop)
    }

    /// Lets go of the store's connections and files. Calls that come later fail.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// One batch, as one transaction. Everything that identifies goes through here: it is where concurrent callers
    /// can be gathered.
    async fn run_batch(&self, batch: &[IdentifierPair]) -> Result<Vec<ConsolidatedContact>, Error> {
        self.retry.run(|| attempt::attempt(&*self.store, &self.normalizer, batch)).await
    }

    async fn load(&self, query: Query<'_>) -> Result<Graph, Error> {
        let snapshot = self.retry.run(|| self.store.load(query)).await?;
        Graph::from_snapshot(snapshot, query.identifiers, &self.normalizer)
    }
}

/// A reply that names stored contacts only.
fn settled(draft: Draft) -> Result<ConsolidatedContact, Error> {
    draft.resolve(&[]).ok_or_else(attempt::too_few_ids)
}
