//! The resolver: what applications call.

mod builder;
mod engine;
mod gather;
mod import;
mod pipeline;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt, stream};

use crate::answer::Identified;
use crate::changes::Draft;
use crate::cluster::Cluster;
use crate::contact::{ConsolidatedContact, ContactId};
use crate::error::Error;
use crate::graph::Graph;
use crate::identifier::Identifier;
use crate::person::FromPerson;
use crate::request::IdentifyRequest;
use crate::rows::Rows;
use crate::snapshot::Query;
use crate::store::ContactStore;

use engine::Engine;
use gather::Gatherer;
use import::Chunk;
use pipeline::Pipeline;

pub use builder::ResolverBuilder;
pub use import::{OnInvalid, Progress};

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
///
/// # Many callers at once
/// What concurrent callers ask while a batch is in flight becomes the next batch, one transaction for all of them; a lone
/// caller waits for nobody. A call may be dropped at any time (`tokio::select!`, a time-out, a client that hangs up): the
/// others of its batch do not notice, and it happened or did not. Calls run on the tokio runtime that they are made in.
#[derive(Clone, Debug)]
pub struct IdentityResolver {
    gatherer: Arc<Gatherer>,
    deadline: Option<Duration>,
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
        self.open()?;
        let pair = self.engine().normalizer.request(&request)?;
        self.within_deadline(self.gatherer.identify(pair)).await
    }

    /// What as many callers of [`identify`](Self::identify) at once would be answered, with the positions of their requests:
    /// those that are ready are told together, and as soon as they are. For who has gathered calls already, as a binding of
    /// another language does, since it is cheaper than so many calls.
    pub fn identify_each(
        &self,
        requests: Vec<IdentifyRequest>,
    ) -> impl Stream<Item = Vec<(usize, Result<ConsolidatedContact, Error>)>> + Send {
        /// While the first of them are passed on, the others are worked on.
        const TOGETHER: usize = 16;

        #[cfg(feature = "memory")]
        if self.engine().store.resident().is_some() {
            let chunks = stream::iter(requests).chunks(TOGETHER).enumerate();
            let answers = chunks.then(async |(before, chunk)| {
                let answers = self.identify_together(chunk).await;
                (before * TOGETHER..).zip(answers).collect()
            });
            return answers.boxed();
        }
        let calls = requests
            .into_iter()
            .enumerate()
            .map(async |(position, request)| (position, self.identify(request).await));
        calls.collect::<FuturesUnordered<_>>().ready_chunks(TOGETHER).boxed()
    }

    #[cfg(feature = "memory")]
    async fn identify_together(
        &self,
        requests: Vec<IdentifyRequest>,
    ) -> Vec<Result<ConsolidatedContact, Error>> {
        let Engine { normalizer, .. } = *self.engine();
        match self.open() {
            Ok(()) => {
                Chunk::new(normalizer, &requests, OnInvalid::GoOn).identify(self.engine()).await.answers
            }
            Err(closed) => requests.iter().map(|_| Err(closed.clone())).collect(),
        }
    }

    /// Leaves the rows and gives the replies that calling [`identify`](Self::identify) for each request in order
    /// would, in far fewer transactions. Each request has its own result: one that is invalid changes nothing and
    /// harms no other.
    ///
    /// Requests go to the store in chunks (see [`ResolverBuilder::import_size`]), each of them one transaction; one that
    /// loses a race against other writers is tried again in smaller ones. What a chunk needs is loaded while the one before
    /// is committed, and what was learned of people is kept: some 140 MB at most.
    /// Where a transaction fails, its requests all have that error, and the later ones are still tried; one that the database
    /// itself refuses fails alone. Where a connection is lost at the very end of a batch that was committed all the same,
    /// the batch is answered from the state after it.
    pub async fn identify_many(
        &self,
        requests: impl IntoIterator<Item = IdentifyRequest>,
    ) -> Vec<Result<ConsolidatedContact, Error>> {
        let mut answers = Vec::new();
        let mut requests = requests.into_iter();
        if let Err(closed) = self.open() {
            answers.extend(requests.map(|_| Err(closed.clone())));
            return answers;
        }
        let mut pipeline = Pipeline::new(&self.gatherer);
        loop {
            let chunk: Vec<_> = requests.by_ref().take(self.gatherer.limits.import_size).collect();
            if chunk.is_empty() && pipeline.is_idle() {
                return answers;
            }
            let next =
                (!chunk.is_empty()).then(|| Chunk::new(self.engine().normalizer, &chunk, OnInvalid::GoOn));
            answers.extend(pipeline.step(next).await.unwrap_or_default().answers);
            // Others have their turn on this thread, even where a store answers at once.
            tokio::task::yield_now().await;
        }
    }

    /// [`identify_many`](Self::identify_many) for sources that do not fit into memory: the requests come from a stream, and
    /// the results go into one, in the same order. No more than four chunks of them are held at a time (see
    /// [`ResolverBuilder::import_size`]); the source is read as fast as the results are taken. What is ready forms a chunk,
    /// so a slow source is not waited for. `progress` is called after each chunk.
    ///
    /// The results have to be taken, or nothing happens. A result that is waited for is to be waited for to its end, or the
    /// stream to be dropped: its transaction may be under way, and nobody else gets the rows that it has locked. Dropping the
    /// stream ends the import after what is committed; it may be started again from the beginning, since what happened already
    /// does not happen again. Where the resolver is closed meanwhile, [`Error::Closed`] is the last result.
    ///
    /// ```
    /// # use identity_core::{IdentifyRequest, IdentityResolver};
    /// use futures_util::{StreamExt, stream};
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let resolver = IdentityResolver::connect("memory:").await?;
    /// let rows = stream::iter((0..10_000).map(|n| IdentifyRequest::new().phone_number(n % 5_000_u64)));
    /// let mut people = resolver.identify_stream(rows, |done| println!("{} rows, {} people", done.rows, done.people));
    /// while let Some(person) = people.next().await {
    ///     person?;
    /// }
    /// # Ok::<(), identity_core::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn identify_stream<S, P>(
        &self,
        requests: S,
        progress: P,
    ) -> impl Stream<Item = Result<ConsolidatedContact, Error>> + Send + Unpin + use<S, P>
    where
        S: Stream<Item = IdentifyRequest> + Send + 'static,
        P: FnMut(Progress) + Send + 'static,
    {
        self.until_closed(import::stream(Arc::clone(&self.gatherer), requests, progress), Err)
    }

    /// The same, with ids only: what imports of many rows want. Drawing up whole people would cost more than finding them
    /// out.
    pub fn identify_stream_ids<S, P>(
        &self,
        requests: S,
        progress: P,
    ) -> impl Stream<Item = Result<Identified, Error>> + Send + Unpin + use<S, P>
    where
        S: Stream<Item = IdentifyRequest> + Send + 'static,
        P: FnMut(Progress) + Send + 'static,
    {
        self.until_closed(import::stream(Arc::clone(&self.gatherer), requests, progress), Err)
    }

    /// The same for sources that have their rows in columns: what comes from the stream is one transaction each, and is
    /// answered together. Nothing is copied but what is new. See [`ResolverBuilder::import_size`] for how many rows one
    /// should have.
    pub fn identify_rows<S, R, P>(
        &self,
        chunks: S,
        on_invalid: OnInvalid,
        progress: P,
    ) -> impl Stream<Item = Vec<Result<ConsolidatedContact, Error>>> + Send + Unpin + use<S, R, P>
    where
        S: Stream<Item = R> + Send + 'static,
        R: Rows,
        P: FnMut(Progress) + Send + 'static,
    {
        self.identify_rows_as(chunks, on_invalid, progress)
    }

    /// The same, with answers that the caller makes: where a [`ConsolidatedContact`] would only be made into something else.
    pub fn identify_rows_as<A, S, R, P>(
        &self,
        chunks: S,
        on_invalid: OnInvalid,
        progress: P,
    ) -> impl Stream<Item = Vec<Result<A, Error>>> + Send + Unpin + use<A, S, R, P>
    where
        A: FromPerson,
        S: Stream<Item = R> + Send + 'static,
        R: Rows,
        P: FnMut(Progress) + Send + 'static,
    {
        let answers = import::rows(Arc::clone(&self.gatherer), chunks, on_invalid, progress);
        self.until_closed(answers, |closed| vec![Err(closed)])
    }

    /// The same, with ids only.
    ///
    /// An answer names the primary of that moment. Where rows may be merged later in the same import, ask
    /// [`primaries`](Self::primaries) at its end.
    pub fn identify_rows_ids<S, R, P>(
        &self,
        chunks: S,
        on_invalid: OnInvalid,
        progress: P,
    ) -> impl Stream<Item = Vec<Result<Identified, Error>>> + Send + Unpin + use<S, R, P>
    where
        S: Stream<Item = R> + Send + 'static,
        R: Rows,
        P: FnMut(Progress) + Send + 'static,
    {
        let answers = import::rows(Arc::clone(&self.gatherer), chunks, on_invalid, progress);
        self.until_closed(answers, |closed| vec![Err(closed)])
    }

    /// The primaries that contacts belong to now, in the order of `contacts`; `None` where one is not live. Reads only, and
    /// far less than [`get`](Self::get) would: an import asks for thousands at a time to learn who its rows are at its end. Like
    /// the import itself it has no [deadline](Self::with_deadline).
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what else the store answers.
    pub async fn primaries(&self, contacts: &[ContactId]) -> Result<Vec<Option<ContactId>>, Error> {
        self.open()?;
        let Engine { store, retry, .. } = self.engine();
        self.unless_closed(retry.run(|| store.primaries(contacts)).await)
    }

    /// The person that a contact belongs to now, with every contact and what they have in common. `None` where there is no
    /// such live contact. Reads only.
    ///
    /// # Errors
    /// [`Error::Unavailable`] and what else the store answers.
    pub async fn cluster(&self, contact: ContactId) -> Result<Option<Cluster>, Error> {
        let graph = self.load(Query { identifiers: &[], contacts: &[contact] }).await?;
        graph.get(contact).map(|primary| graph.cluster(primary).ok_or_else(Error::too_few_ids)).transpose()
    }

    /// Every person that the identifiers lead to, oldest first: none, one, or two that nothing has proved to be
    /// one yet. Reads only.
    ///
    /// # Errors
    /// As for [`identify`](Self::identify), without conflicts.
    pub async fn lookup(&self, request: IdentifyRequest) -> Result<Vec<ConsolidatedContact>, Error> {
        self.open()?;
        let pair = self.engine().normalizer.request(&request)?;
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

    /// The same resolver with a deadline: a call through it that takes longer is given up with [`Error::Timeout`].
    /// Others are not affected, and the call may have happened or not.
    ///
    /// It is for calls about one person. Imports take as long as they are, so [`identify_many`](Self::identify_many), the
    /// streams and [`primaries`](Self::primaries) have none: dropping them ends them after what is committed.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use identity_core::{IdentifyRequest, IdentityResolver, MemoryStore};
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let resolver = IdentityResolver::new(MemoryStore::new());
    /// let patient = Duration::from_secs(2);
    /// resolver.with_deadline(patient).identify(IdentifyRequest::new().email("doc@hillvalley.edu")).await.unwrap();
    /// # });
    /// ```
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self { gatherer: Arc::clone(&self.gatherer), deadline: Some(deadline) }
    }

    /// How many requests one transaction of an import takes at most, see [`ResolverBuilder::import_size`].
    pub fn import_size(&self) -> usize {
        self.gatherer.limits.import_size
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it gives none.
    pub async fn ping(&self) -> Result<(), Error> {
        self.open()?;
        self.within_deadline(async { self.engine().store.load(Query::default()).await.map(drop) }).await
    }

    /// Lets go of the store's connections and files. Calls that come later, through any clone, get [`Error::Closed`]; so
    /// do those that are on their way and still need a connection.
    pub async fn close(&self) {
        self.gatherer.closed.store(true, Ordering::Release);
        self.engine().store.close().await;
    }

    fn engine(&self) -> &Engine {
        &self.gatherer.engine
    }

    fn open(&self) -> Result<(), Error> {
        self.gatherer.open()
    }

    /// The results of an import, as long as the resolver is open.
    fn until_closed<T, S>(
        &self,
        results: S,
        closed: fn(Error) -> T,
    ) -> impl Stream<Item = T> + Send + Unpin + use<T, S>
    where
        T: Send + 'static,
        S: Stream<Item = T> + Send + Unpin,
    {
        let gatherer = Arc::clone(&self.gatherer);
        Box::pin(stream::unfold(Some(results), move |results| {
            let gatherer = Arc::clone(&gatherer);
            async move {
                let mut results = results?;
                let result = results.next().await?;
                Some(match gatherer.open() {
                    Ok(()) => (result, Some(results)),
                    Err(error) => (closed(error), None),
                })
            }
        }))
    }

    async fn load(&self, query: Query<'_>) -> Result<Graph, Error> {
        self.open()?;
        self.within_deadline(self.engine().retry.run(|| self.engine().load_once(query))).await
    }

    async fn within_deadline<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let outcome = match self.deadline {
            Some(deadline) => {
                tokio::time::timeout(deadline, call).await.unwrap_or(Err(Error::Timeout { deadline }))
            }
            None => call.await,
        };
        self.unless_closed(outcome)
    }

    /// A store that was closed has no connection to give.
    fn unless_closed<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Err(Error::Unavailable { .. }) if self.open().is_err() => Err(Error::Closed),
            outcome => outcome,
        }
    }
}

/// A reply that names stored contacts only.
fn settled(draft: Draft) -> Result<ConsolidatedContact, Error> {
    draft.resolve(&[]).ok_or_else(Error::too_few_ids)
}
