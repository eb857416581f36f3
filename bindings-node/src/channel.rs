//! The way back to JavaScript.
//!
//! Answers that are ready wait in a text until JavaScript's thread comes for them, and it is called once for all: a call into
//! JavaScript costs many times what an answer does. Where they are more than one text, it takes one a turn of its event loop.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};
use napi_derive::napi;

use crate::reply::Elements;

/// Weak: waiting for answers that nobody asked for keeps no process alive.
type Deliver = ThreadsafeFunction<(), (), FnArgs<(String, bool)>, Status, false, true>;

/// A text is not made longer than this by adding to it: parsing it takes JavaScript's thread about a millisecond.
pub(crate) const LONG: usize = 64 * 1024;

/// The answers of all resolvers of one JavaScript environment, on their way to it.
#[napi]
pub struct Channel {
    pub(crate) outbox: Arc<Outbox>,
}

#[napi]
impl Channel {
    /// `deliver` is called with a text of JSON, and whether there are more of them: an array of a call's number, its answer, the
    /// next call's number, and so on. An answer is one element, or the elements of a contact.
    #[napi(constructor, catch_unwind)]
    pub fn new(deliver: Function<'_, FnArgs<(String, bool)>, ()>) -> Result<Self> {
        let outbox = Arc::new(Outbox::default());
        let waiting = Arc::clone(&outbox);
        let deliver = deliver
            .build_threadsafe_function::<()>()
            .callee_handled::<false>()
            .weak::<true>()
            .build_callback(move |_| Ok(waiting.first().into()))?;
        outbox.state().deliver = Some(deliver);
        Ok(Self { outbox })
    }

    /// The next text, as `deliver` gets them, if there is one by now.
    #[napi(catch_unwind)]
    pub fn next(&self) -> Option<String> {
        self.outbox.next()
    }

    /// Keeps the process alive from now on: somebody waits for an answer.
    #[napi(catch_unwind)]
    pub fn hold(&self, env: Env) -> Result<()> {
        #[expect(deprecated, reason = "there is no other way to change it")]
        self.outbox.state().deliver.as_mut().map_or(Ok(()), |deliver| deliver.refer(&env))
    }

    /// Keeps it alive no longer.
    #[napi(catch_unwind)]
    pub fn release(&self, env: Env) -> Result<()> {
        #[expect(deprecated, reason = "there is no other way to change it")]
        self.outbox.state().deliver.as_mut().map_or(Ok(()), |deliver| deliver.unref(&env))
    }
}

/// Answers that wait, and how JavaScript is told.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<State>);

#[derive(Default)]
struct State {
    /// The first of them was announced.
    texts: VecDeque<Elements>,
    /// `None` where there is nobody to tell any more.
    deliver: Option<Deliver>,
}

impl Outbox {
    /// Sends calls and their answers.
    pub(crate) fn send(&self, elements: Elements) {
        if elements.is_empty() {
            return;
        }
        let mut state = self.state();
        if state.deliver.is_none() {
            return;
        }
        match state.texts.back_mut() {
            Some(text) if text.len() + elements.len() < LONG => text.extend(&elements),
            // Whoever takes the one before comes for this one.
            Some(_) => state.texts.push_back(elements),
            None => {
                state.texts.push_back(elements);
                let deliver = state.deliver.as_ref();
                let told = deliver.map(|deliver| deliver.call((), ThreadsafeFunctionCallMode::NonBlocking));
                if told != Some(Status::Ok) {
                    // The worker or the process ends. What it is told by may be gone already, and is not touched any more.
                    std::mem::forget(state.deliver.take());
                    state.texts.clear();
                }
            }
        }
    }

    /// The text that was announced, unless it was taken already, and whether there are more.
    fn first(&self) -> (String, bool) {
        let text = self.next().unwrap_or_else(|| "[]".to_owned());
        (text, !self.state().texts.is_empty())
    }

    fn next(&self) -> Option<String> {
        self.state().texts.pop_front().map(Elements::into_text)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}
