//! Ten times the calls that a database can serve: memory stays flat, callers who are refused are told at once, and when it is
//! over all is as before.
//!
//! | where | what |
//! |---|---|
//! | `run.rs` | the load: how much can be served, ten times that, and the time after it |
//! | `delays.rs` | how long refusals took, in memory that does not grow |
//! | `outcome.rs` | what it came to, and a line of a table about it |
//!
//! What is measured is the process that calls, so nothing else should run in it.

mod delays;
mod outcome;
mod run;

pub use outcome::{HEAD, Outcome};
pub use run::overload;
