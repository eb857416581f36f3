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

/// Requests that were normalised.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) valid: Vec<IdentifierPair>,
    /// One for each request: why it is none, if so.
    refusals: Vec<Option<Error>>,
}

impl Chunk {
    pub(super) fn new(normalizer: Normalizer, requests: &[IdentifyRequest]) -> Self {
        let mut valid = Vec::with_capacity(requests.len());
        let mut refusals = Vec::with_capacity(requests.len());
        for request in requests {
            match normalizer.request(request) {
                Ok(pair) => {
                    valid.push(pair);
                    refusals.push(None);
                }
                Err(error) => refusals.push(Some(error)),
            }
        }
        Self { valid, refusals }
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
    mut progress: P,
) -> impl Stream<Item = Result<A, Error>> + Send + Unpin + use<A, S, P>
where
    S: Stream<Item = IdentifyRequest> + Send + 'static,
    P: FnMut(Progress) + Send + 'static,
{
    let mut done = Progress::default();
    let normalizer = gatherer.engine.normalizer;
    let chunks = requests
        .ready_chunks(gatherer.limits.import_size)
        // The next chunk is normalised while this one is identified.
        .map(move |requests| tokio::spawn(async move { Chunk::new(normalizer, &requests) }))
        .buffered(2)
        .fuse();
    let pipeline = Pipeline::<A>::new(&gatherer);
    let outcomes = stream::unfold((Box::pin(chunks), pipeline), |(mut chunks, mut pipeline)| async {
        loop {
            let next = match pipeline.is_idle() {
                true => Some(chunks.next().await?),
                // What is done is told before a slow source is waited for.
                false => chunks.next().now_or_never().flatten(),
            };
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
                return Some((outcome, (chunks, pipeline)));
            }
        }
    });
    let answers = outcomes
        .map(move |outcome| {
            done.rows += outcome.answers.len() as u64;
            done.people += outcome.counts.people;
            done.merges += outcome.counts.merges;
            progress(done);
            stream::iter(outcome.answers)
        })
        .flatten();
    Box::pin(answers)
}
