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

/// Identifies a chunk, in one transaction. Each request has its own answer: what is invalid is told so and left out.
pub(super) async fn chunk<A: Answer>(engine: &Engine, requests: Vec<IdentifyRequest>) -> Outcome<A> {
    let mut valid = Vec::with_capacity(requests.len());
    let mut refusals = Vec::with_capacity(requests.len());
    for request in &requests {
        match engine.normalizer.request(request) {
            Ok(pair) => {
                valid.push(pair);
                refusals.push(None);
            }
            Err(error) => refusals.push(Some(error)),
        }
    }
    let Outcome { answers, counts } = engine.run(&valid).await;
    if valid.len() == requests.len() {
        return Outcome { answers, counts };
    }
    let mut answers = answers.into_iter();
    let all = refusals.into_iter().map(|refusal| match refusal {
        Some(error) => Err(error),
        None => answers.next().unwrap_or_else(|| Err(Error::too_few_ids())),
    });
    Outcome { answers: all.collect(), counts }
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
    let answers = requests
        .ready_chunks(gatherer.limits.import_size)
        .then(move |requests| {
            let gatherer = Arc::clone(&gatherer);
            async move { chunk::<A>(&gatherer.engine, requests).await }
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
