//! identity-core inside Node.js: the native part of the npm package `identity-core`.
//!
//! What users see is the face in `ts/`, which is compiled to JavaScript; this part is private to it. The border between the
//! two is narrow, since each crossing costs: requests go in as lines of text, many at a time; answers come back as one text of
//! JSON for all that were ready. What is a request at all is decided by the core's own reading of JSON, and neither part has
//! a rule of its own.
//!
//! | file | what |
//! |---|---|
//! | `channel.rs` | the way back: answers gather until JavaScript takes them |
//! | `resolver.rs` | the calls, as JavaScript makes them |
//! | `calls.rs` | calls that run, and how they are cancelled |
//! | `import.rs` | many requests from one source |
//! | `request.rs` | requests from lines |
//! | `person.rs` | people on their way from the library to a reply |
//! | `reply.rs` | answers and errors as JSON |
//! | `options.rs` | options from JSON |
//! | `runtime.rs` | the threads that do the work |
//!
//! Nothing here waits on JavaScript's thread, and no panic leaves: methods catch them, and calls answer them as `INTERNAL`.
#![allow(clippy::must_use_candidate, reason = "JavaScript's side heeds no such attribute")]

mod calls;
mod channel;
mod import;
mod options;
mod person;
mod reply;
mod request;
mod resolver;
mod runtime;
