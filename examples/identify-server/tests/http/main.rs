//! What the server answers over real connections, on the memory store.

// Failing is what a test does with what it did not expect, in its helpers too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bodies;
mod failures;
mod health;
mod problems;
mod replies;
mod shutdown;
mod support;
