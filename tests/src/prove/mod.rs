//! Many calls from several processes, things that go wrong meanwhile, and a check of every promise afterwards.
//!
//! One run: a *plan* says which calls there are; *worker* processes make them on one *scene*, a database or a cluster of
//! them, while *faults* strike; each worker keeps a *history* of when its calls began and what they were answered. At the end
//! the *checker* compares the histories and the *finale*, which is what the tables hold then, with what SPEC promises.
//!
//! | where | what |
//! |---|---|
//! | `options.rs` | the command line |
//! | `plan.rs`, `symbol.rs` | which calls there are, over which identifiers |
//! | `tickets.rs` | who makes which call |
//! | `worker.rs`, `workers.rs` | a process that makes calls; all of them, seen from their parent |
//! | `log.rs`, `history.rs`, `clock.rs` | what was called and answered, and when: written, and read |
//! | `schedule.rs`, `strokes.rs` | which faults are to strike, by the seed; which did, and when |
//! | `retries.rs` | how often the resolver tried a batch again |
//! | `finale.rs` | what the tables hold at the end |
//! | `checker/` | what of that breaks a promise |
//! | `scene.rs` | the database under test |
//! | `faults/` | what goes wrong |
//! | `store.rs`, `planted.rs` | the store that a worker calls; stores with known bugs, to see that the checker finds them |
//! | `run.rs`, `report.rs`, `keep.rs` | one run from start to end, the table about it, and what is kept of it |
//! | `command.rs` | the program |

pub mod checker;
mod clock;
mod command;
mod error;
mod faults;
mod finale;
mod history;
mod keep;
mod log;
mod options;
mod plan;
mod planted;
pub mod report;
mod retries;
mod run;
mod scene;
mod schedule;
mod store;
mod strokes;
mod symbol;
mod tickets;
mod worker;
mod workers;

pub use command::{Ending, command};
pub use error::ProveError;
pub use faults::{Disturb, Fault, Settings, Stage};
pub use finale::Finale;
pub use history::{Answer, Attempt, Call, History, Outcome, Reply};
pub use options::{Faults, Options, OverloadOptions, Part, WorkerOptions};
pub use plan::{Asked, Plan};
pub use planted::Planted;
pub use run::{Run, Verdict};
pub use scene::{On, Scene};
pub use strokes::Stroke;
pub use symbol::Symbol;
pub use workers::Workers;
