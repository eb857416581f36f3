//! Many requests from one source, chunk by chunk.
//!
//! Chunks follow each other: the rules see the rows of a chunk in their order, and a chunk that was loaded before the one
//! ahead of it is committed would mostly be planned on what no longer holds.

use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};

use super::engine::Engine;
use super::gather::Gatherer;
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
    valid: Vec<IdentifierPair>,
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
        let Self { valid, refusals } = self;
        let Outcome { answers, counts } = engine.run(&valid).await;
        if valid.len() == refusals.len() {
            return Outcome { answers, counts };
        }
        let mut answers = answers.into_iter();
        let all = refusals.into_iter().map(|refusal| match refusal {
            Some(error) => Err(error),
            None => answers.next().unwrap_or_else(|| Err(Error::too_few_ids())),
        });
        Outcome { answers: all.collect(), counts }
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
    let answers = requests
        .ready_chunks(gatherer.limits.import_size)
        // The next chunk is normalised while this one is identified.
        .map(move |requests| tokio::spawn(async move { Chunk::new(normalizer, &requests) }))
        .buffered(2)
        .then(move |chunk| {
            let gatherer = Arc::clone(&gatherer);
            async move {
                match chunk {
                    Ok(chunk) => chunk.identify::<A>(&gatherer.engine).await,
                    Err(gone) => match gone.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        // The runtime ends.
                        Err(gone) => {
                            Outcome { answers: vec![Err(Error::unavailable(gone))], ..Outcome::default() }
                        }
                    },
                }
            }
        })
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
