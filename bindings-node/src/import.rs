//! Many requests from one source.
//!
//! JavaScript pushes lines of requests, and bounds how many of them are not answered yet; so the queue needs no bound here.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{Stream, StreamExt, stream};
use identity_core::{IdentityResolver, OnInvalid, Progress};
use napi_derive::napi;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::channel::{LONG, Outbox};
use crate::person::Packed;
use crate::reply::{Elements, Failure};
use crate::request::Requests;

/// Answers of one delivery, at most; fewer of them where they are long.
const TOGETHER: usize = 1_000;

/// What a contact takes of it, in bytes: room for so many is there at once.
const USUAL: usize = 64;

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
    let under_way = Arc::<UnderWay>::default();
    let progress = Arc::<Mutex<Progress>>::default();
    let writing = Arc::clone(&progress);
    let chunks = Box::pin(chunks(lines, resolver.import_size(), Arc::clone(&under_way)));
    let mut answers = resolver.identify_rows_as::<Packed, _, _, _>(chunks, OnInvalid::GoOn, move |now| {
        *writing.lock().unwrap_or_else(PoisonError::into_inner) = now;
    });
    while let Some(answers) = answers.next().await {
        let requests = under_way.next();
        let Progress { rows, people, merges, .. } = *progress.lock().unwrap_or_else(PoisonError::into_inner);
        let done = json!({ "rows": rows, "people": people, "merges": merges });
        let mut answers = answers.into_iter().enumerate().peekable();
        while answers.peek().is_some() {
            let mut elements = Elements::with_room(LONG.min(answers.len() * USUAL));
            elements.number(call);
            elements.begin_contacts(&done);
            for (row, answer) in answers.by_ref().take(TOGETHER) {
                elements.outcome(requests.answer(row, answer).map_err(Failure::from));
                if elements.len() >= LONG {
                    break;
                }
            }
            elements.end_contacts();
            outbox.send(elements);
        }
    }
    outbox.send(Elements::message(call, &Value::from("end")));
}

/// The requests of lines, `most` for one transaction, or those that are there.
fn chunks(
    lines: UnboundedReceiver<String>,
    most: usize,
    under_way: Arc<UnderWay>,
) -> impl Stream<Item = Arc<Requests>> + Send + 'static {
    let texts = stream::unfold(lines, |mut lines| async { Some((lines.recv().await?, lines)) });
    // Each text has a request at least.
    let begin = (Box::pin(texts.ready_chunks(most)), String::new());
    stream::unfold(begin, move |(mut texts, mut rest)| {
        let under_way = Arc::clone(&under_way);
        async move {
            if rest.is_empty() {
                rest = texts.next().await?.concat();
            }
            let requests = Arc::new(Requests::take(&mut rest, most));
            under_way.add(Arc::clone(&requests));
            Some((requests, (texts, rest)))
        }
    })
}

/// The requests of which no answer has come yet, as they came.
#[derive(Debug, Default)]
struct UnderWay(Mutex<VecDeque<Arc<Requests>>>);

impl UnderWay {
    fn add(&self, requests: Arc<Requests>) {
        self.requests().push_back(requests);
    }

    /// Those whose answers have come.
    fn next(&self) -> Arc<Requests> {
        self.requests().pop_front().unwrap_or_default()
    }

    fn requests(&self) -> MutexGuard<'_, VecDeque<Arc<Requests>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").finish_non_exhaustive()
    }
}
