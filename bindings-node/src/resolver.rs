//! The calls, as JavaScript makes them. Each has a number, under which its answer comes through the [`Channel`].

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, OnceLock};

use futures_util::StreamExt;
use identity_core::{ConsolidatedContact, Error, IdentityResolver};
use napi::Result;
use napi_derive::napi;

use crate::calls::{Calls, Panicked, answered, caught};
use crate::channel::{Channel, LONG, Outbox};
use crate::import::Import;
use crate::options::{Options, in_camel_case};
use crate::reply::{Answer, Elements, Failure};
use crate::request;
use crate::runtime::runtime;

/// A resolver, which is connected at first or later.
#[napi]
pub struct Resolver {
    inner: Arc<Inner>,
}

struct Inner {
    outbox: Arc<Outbox>,
    calls: Arc<Calls>,
    /// Set when it is connected.
    resolver: OnceLock<IdentityResolver>,
}

#[napi]
impl Resolver {
    /// One whose answers come through `channel`.
    #[napi(constructor, catch_unwind)]
    pub fn new(channel: &Channel) -> Self {
        let outbox = Arc::clone(&channel.outbox);
        Self { inner: Arc::new(Inner { outbox, calls: Arc::default(), resolver: OnceLock::new() }) }
    }

    /// Connects. `options` is a JSON object. The answer is null.
    #[napi(catch_unwind)]
    pub fn connect(&self, call: i64, url: String, options: String) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        Calls::spawn(async move {
            let connected = async {
                let Options { builder, deadline } = Options::from_json(&options)?;
                let resolver = builder.connect(&url).await.map_err(in_camel_case)?;
                let resolver = match deadline {
                    Some(deadline) => resolver.with_deadline(deadline),
                    None => resolver,
                };
                // It is connected once, when it is made.
                let _ = inner.resolver.set(resolver);
                Ok(())
            };
            inner.answer_by(call, connected).await;
        })
    }

    /// Identifies requests, in lines. Their calls are numbered from `first` on, and each is answered by itself with
    /// a contact. A single cancellable one may be cancelled by its number.
    #[napi(catch_unwind)]
    pub fn identify(&self, first: i64, requests: String, cancellable: bool) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        let work = async move { inner.identify(first, &requests).await };
        self.spawn(first, cancellable, work)
    }

    /// Looks a request up. The answer is an array of contacts.
    #[napi(catch_unwind)]
    pub fn lookup(&self, call: i64, request: String, cancellable: bool) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        let work = async move {
            let found = async { inner.resolver()?.lookup(request::read_one(&request)?).await };
            inner.answer_by(call, found).await;
        };
        self.spawn(call, cancellable, work)
    }

    /// The contact with an id, as digits, since there are ids that a number does not hold. The answer is a contact or null.
    #[napi(catch_unwind)]
    pub fn get(&self, call: i64, contact: String, cancellable: bool) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        let work = async move {
            let found = async {
                let resolver = inner.resolver()?;
                match contact.parse::<i64>() {
                    Ok(id) => resolver.get(id.into()).await,
                    // No column holds such an id.
                    Err(_) => Ok(None),
                }
            };
            inner.answer_by(call, found).await;
        };
        self.spawn(call, cancellable, work)
    }

    /// Begins an import, which can be cancelled. Its answers come as messages of several.
    #[napi(catch_unwind)]
    pub fn import(&self, call: i64) -> Result<Import> {
        let resolver = self.inner.resolver().map_err(|error| napi::Error::from_reason(error.to_string()))?;
        let (import, work) = Import::new(resolver.clone(), Arc::clone(&self.inner.outbox), call);
        let inner = Arc::clone(&self.inner);
        self.inner.calls.spawn_cancellable(call, async move {
            if let Err(Panicked) = caught(work).await {
                inner.answer::<()>(call, Err(Failure::Panicked));
            }
        })?;
        Ok(import)
    }

    /// How many requests one transaction of an import takes at most.
    #[napi(getter, catch_unwind)]
    pub fn import_size(&self) -> i64 {
        let size = self.inner.resolver().map_or(1, IdentityResolver::import_size);
        i64::try_from(size).unwrap_or(i64::MAX)
    }

    /// Cancels a call. It is not answered any more.
    #[napi(catch_unwind)]
    pub fn cancel(&self, call: i64) {
        self.inner.calls.cancel(call);
    }

    /// Lets go of the database. The answer is null.
    #[napi(catch_unwind)]
    pub fn close(&self, call: i64) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        Calls::spawn(async move {
            let closed = async {
                inner.resolver()?.close().await;
                Ok(())
            };
            inner.answer_by(call, closed).await;
        })
    }
}

impl Resolver {
    fn spawn(
        &self,
        call: i64,
        cancellable: bool,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        if cancellable { self.inner.calls.spawn_cancellable(call, work) } else { Calls::spawn(work) }
    }
}

impl Inner {
    fn resolver(&self) -> std::result::Result<&IdentityResolver, Error> {
        self.resolver.get().ok_or_else(|| Error::Configuration("the resolver is not connected".to_owned()))
    }

    fn answer<T: Answer>(&self, call: i64, answer: std::result::Result<T, Failure>) {
        self.outbox.send(Elements::of(call, answer));
    }

    /// Answers a call with what work comes to.
    async fn answer_by<T: Answer>(
        &self,
        call: i64,
        work: impl Future<Output = std::result::Result<T, Error>>,
    ) {
        let panicked = |failure| self.answer::<()>(call, Err(failure));
        answered(work, |outcome| self.answer(call, outcome), panicked).await;
    }

    /// All at once, as many callers would; each is answered when it is ready, along with those that are too.
    async fn identify(&self, first: i64, requests: &str) {
        let mut left = vec![true; request::count(requests)];
        let identified = caught(self.identify_all(first, requests, &mut left)).await;
        if let Err(Panicked) = identified {
            let left = (first..).zip(left).filter(|(_, left)| *left);
            left.for_each(|(call, _)| self.answer::<()>(call, Err(Failure::Panicked)));
        }
    }

    /// Keeps in `left` which are not answered yet.
    async fn identify_all(&self, first: i64, requests: &str, left: &mut [bool]) {
        // The places of those that are requests, and their calls.
        let mut asked = Vec::with_capacity(left.len());
        let mut valid = Vec::with_capacity(left.len());
        let mut refused = Elements::default();
        for ((place, call), request) in (first..).enumerate().zip(request::read(requests)) {
            match request {
                Ok(request) => {
                    asked.push((place, call));
                    valid.push(request);
                }
                Err(error) => refused.call::<ConsolidatedContact>(call, Err(error.into())),
            }
        }
        self.outbox.send(refused);
        left.fill(false);
        asked.iter().for_each(|&(place, _)| left[place] = true);
        let resolver = match self.resolver() {
            Ok(resolver) => resolver,
            Err(error) => {
                for (place, call) in asked {
                    self.answer::<()>(call, Err(error.clone().into()));
                    left[place] = false;
                }
                return;
            }
        };
        let mut ready = pin!(resolver.identify_each(valid));
        while let Some(answers) = ready.next().await {
            let mut answers = answers.into_iter().peekable();
            while answers.peek().is_some() {
                let mut elements = Elements::default();
                let mut written = Vec::with_capacity(answers.len());
                for (position, answer) in answers.by_ref() {
                    let (place, call) = asked[position];
                    elements.call(call, answer.map_err(Failure::from));
                    written.push(place);
                    if elements.len() >= LONG {
                        break;
                    }
                }
                self.outbox.send(elements);
                written.into_iter().for_each(|place| left[place] = false);
            }
        }
    }
}

impl Drop for Resolver {
    /// A resolver that nobody holds any more, and that was not closed. Its connections need the runtime to go.
    fn drop(&mut self) {
        let inner = Arc::clone(&self.inner);
        if let (Some(resolver), Ok(runtime)) = (inner.resolver.get().cloned(), runtime()) {
            runtime.spawn(async move { resolver.close().await });
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}
