//! Many requests from one source.
//!
//! JavaScript pushes lines of requests, and bounds how many of them are not answered yet; so the queue needs no bound here.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{Stream, StreamExt, stream};
use identity_core::{Error, IdentityResolver, OnInvalid, Progress, Rows};
use napi_derive::napi;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::channel::{LONG, Outbox};
use crate::reply::{Elements, Failure};
use crate::request::Requests;

/// Answers of one delivery, at most; fewer of them where they are long.
const TOGETHER: usize = 1_000;

/// An import on its way.
#[napi]
pub struct Import {
    lines: Mutex<Option<UnboundedSender<String>>>,
}

#[napi]
impl Import {
    /// Adds requests, in lines.
    #[napi(catch_unwind)]
    pub fn push(&self, requests: String) {
        if let Some(lines) = &*self.lines() {
            // It has ended where nobody listens, and JavaScript was told.
            let _ = lines.send(requests);
        }
    }

    /// There are no more.
    #[napi(catch_unwind)]
    pub fn end(&self) {
        *self.lines() = None;
    }
}

impl Import {
    /// An import, and what it does: it answers every request in order, then tells that this was the last.
    pub(crate) fn new(
        resolver: IdentityResolver,
        outbox: Arc<Outbox>,
        call: i64,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (sender, lines) = unbounded_channel();
        (Self { lines: Mutex::new(Some(sender)) }, run(resolver, outbox, call, lines))
    }

    fn lines(&self) -> MutexGuard<'_, Option<UnboundedSender<String>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(resolver: IdentityResolver, outbox: Arc<Outbox>, call: i64, lines: UnboundedReceiver<String>) {
    let refused = Arc::<Refused>::default();
    let progress = Arc::<Mutex<Progress>>::default();
    let writing = Arc::clone(&progress);
    let chunks = Box::pin(chunks(lines, resolver.import_size(), Arc::clone(&refused)));
    let mut answers = resolver.identify_rows(chunks, OnInvalid::GoOn, move |now| {
        *writing.lock().unwrap_or_else(PoisonError::into_inner) = now;
    });
    let mut row = 0;
    while let Some(answers) = answers.next().await {
        let mut answers = answers.into_iter().peekable();
        while answers.peek().is_some() {
            let mut elements = Elements::default();
            for answer in answers.by_ref().take(TOGETHER) {
                elements.outcome(refused.instead_of(row, answer).map_err(Failure::from));
                row += 1;
                if elements.as_str().len() >= LONG {
                    break;
                }
            }
            let Progress { rows, people, merges, .. } =
                *progress.lock().unwrap_or_else(PoisonError::into_inner);
            let done = json!({ "rows": rows, "people": people, "merges": merges });
            let mut delivery = Elements::default();
            delivery.number(call);
            delivery.object_with("contacts", &elements, &done);
            outbox.send(delivery.as_str());
        }
    }
    outbox.send(Elements::message(call, &Value::from("end")).as_str());
}

/// The requests of lines, `most` for one transaction, or those that are there. One that cannot be read goes on as an empty
/// request, so that it has its place among the answers, and what is wrong with it is kept.
fn chunks(
    lines: UnboundedReceiver<String>,
    most: usize,
    refused: Arc<Refused>,
) -> impl Stream<Item = Requests> + Send + 'static {
    let texts = stream::unfold(lines, |mut lines| async { Some((lines.recv().await?, lines)) });
    // Each text has a request at least.
    let begin = (Box::pin(texts.ready_chunks(most)), String::new(), 0);
    stream::unfold(begin, move |(mut texts, mut rest, row)| {
        let refused = Arc::clone(&refused);
        async move {
            if rest.is_empty() {
                rest = texts.next().await?.concat();
            }
            let requests =
                Requests::take(&mut rest, most, |place, error| refused.add(row + place as u64, error));
            let next = row + requests.count() as u64;
            Some((requests, (texts, rest, next)))
        }
    })
}

/// Rows that cannot be read, in order.
#[derive(Debug, Default)]
struct Refused(Mutex<VecDeque<(u64, Error)>>);

impl Refused {
    fn add(&self, row: u64, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back((row, error));
    }

    fn instead_of<T>(&self, row: u64, answer: Result<T, Error>) -> Result<T, Error> {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match refused.pop_front_if(|(refused, _)| *refused == row) {
            Some((_, error)) => Err(error),
            None => answer,
        }
    }
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").finish_non_exhaustive()
    }
}
