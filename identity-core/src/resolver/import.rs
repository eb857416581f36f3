//! Many requests from one source, chunk by chunk.

use std::sync::Arc;

use futures_util::{FutureExt, Stream, StreamExt, stream};

use super::engine::{Engine, Patience};
use super::gather::Gatherer;
use super::pipeline::Pipeline;
use crate::answer::{Answer, Outcome};
use crate::error::Error;
use crate::identifier::IdentifierPair;
use crate::normalize::Normalizer;
use crate::request::IdentifyRequest;
use crate::rows::Rows;

/// How far an import is, from its begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows that were answered, with a person or with an error.
    pub rows: u64,
    /// People that were created.
    pub people: u64,
    /// Times that two people turned out to be one.
    pub merges: u64,
}

/// What becomes of an import when a row of it is no request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnInvalid {
    /// The row is answered with its error, and the others go on.
    #[default]
    GoOn,
    /// It is the last: those before it were identified, those behind it are not.
    Stop,
}

/// Requests that were normalised.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) valid: Vec<IdentifierPair>,
    /// One for each request: why it is none, if so.
    refusals: Vec<Option<Error>>,
}

impl Chunk {
    pub(super) fn new(normalizer: Normalizer, rows: &impl Rows, on_invalid: OnInvalid) -> Self {
        let mut valid = Vec::with_capacity(rows.count());
        let mut refusals = Vec::with_capacity(rows.count());
        for row in 0..rows.count() {
            match normalizer.row(rows.email(row), rows.phone_number(row)) {
                Ok(pair) => {
                    valid.push(pair);
                    refusals.push(None);
                }
                Err(invalid) => {
                    refusals.push(Some(invalid.into()));
                    if on_invalid == OnInvalid::Stop {
                        break;
                    }
                }
            }
        }
        Self { valid, refusals }
    }

    /// Whether its last row is no request.
    fn ends_refused(&self) -> bool {
        matches!(self.refusals.last(), Some(Some(_)))
    }

    /// Identifies its requests, in one transaction. What is no request is told so.
    pub(super) async fn identify<A: Answer>(self, engine: &Engine) -> Outcome<A> {
        let outcome = engine.run(&self.valid, Patience::Full).await;
        self.complete(outcome)
    }

    /// Adds the answers to what is no request.
    pub(super) fn complete<A: Answer>(self, valid: Outcome<A>) -> Outcome<A> {
        if self.valid.len() == self.refusals.len() {
            return valid;
        }
        let mut answers = valid.answers.into_iter();
        let all = self.refusals.into_iter().map(|refusal| match refusal {
            Some(error) => Err(error),
            None => answers.next().unwrap_or_else(|| Err(Error::too_few_ids())),
        });
        Outcome { answers: all.collect(), counts: valid.counts }
    }
}

/// The answers to a stream of requests, in order.
pub(super) fn stream<A: Answer, S, P>(
    gatherer: Arc<Gatherer>,
    requests: S,
    progress: P,
) -> impl Stream<Item = Result<A, Error>> + Send + Unpin + use<A, S, P>
where
    S: Stream<Item = IdentifyRequest> + Send + 'static,
    P: FnMut(Progress) + Send + 'static,
{
    let chunks = requests.ready_chunks(gatherer.limits.import_size);
    rows(gatherer, chunks, OnInvalid::GoOn, progress).map(stream::iter).flatten()
}

/// The answers to a stream of rows: those of a chunk together, in order.
pub(super) fn rows<A: Answer, S, R, P>(
    gatherer: Arc<Gatherer>,
    chunks: S,
    on_invalid: OnInvalid,
    mut progress: P,
) -> impl Stream<Item = Vec<Result<A, Error>>> + Send + Unpin + use<A, S, R, P>
where
    S: Stream<Item = R> + Send + 'static,
    R: Rows,
    P: FnMut(Progress) + Send + 'static,
{
    let mut done = Progress::default();
    let normalizer = gatherer.engine.normalizer;
    let chunks = chunks
        // The next chunk is normalised while this one is identified.
        .map(move |rows| tokio::spawn(async move { Chunk::new(normalizer, &rows, on_invalid) }))
        .buffered(2)
        .fuse();
    let pipeline = Pipeline::<A>::new(&gatherer);
    let begin = (Box::pin(chunks), pipeline, false);
    let outcomes = stream::unfold(begin, move |(mut chunks, mut pipeline, mut ended)| async move {
        loop {
            let next = match pipeline.is_idle() {
                _ if ended => None,
                true => Some(chunks.next().await?),
                // What is done is told before a slow source is waited for.
                false => chunks.next().now_or_never().flatten(),
            };
            if ended && pipeline.is_idle() {
                return None;
            }
            ended |=
                matches!(&next, Some(Ok(chunk)) if on_invalid == OnInvalid::Stop && chunk.ends_refused());
            let outcome = match next.transpose() {
                Ok(next) => pipeline.step(next).await,
                Err(gone) => match gone.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime ends.
                    Err(gone) => {
                        Some(Outcome { answers: vec![Err(Error::unavailable(gone))], ..Outcome::default() })
                    }
                },
            };
            if let Some(outcome) = outcome {
                return Some((outcome, (chunks, pipeline, ended)));
            }
        }
    });
    let answers = outcomes.map(move |outcome| {
        done.rows += outcome.answers.len() as u64;
        done.people += outcome.counts.people;
        done.merges += outcome.counts.merges;
        progress(done);
        outcome.answers
    });
    Box::pin(answers)
}
