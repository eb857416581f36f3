//! Every statement finds its rows by an index: no plan reads a whole table, or sorts one.
//!
//! The statements are not listed here. A [workload](workload) makes the library send every statement that it has, the
//! database tells which those were, and each is explained on a table that is large enough for a plan to matter. So a
//! statement that is new or was rewritten is explained too.
//!
//! | file | what |
//! |---|---|
//! | `workload.rs` | calls that reach every statement |
//! | `plan.rs` | what a plan may be like |
//! | `text.rs` | statements apart, their kinds, and their text without values |
//! | `mysql.rs` | the general log of MySQL and MariaDB, and what EXPLAIN says |
//! | `sqlite.rs` | the driver's log, and what EXPLAIN QUERY PLAN says |
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

mod mysql;
mod plan;
mod sqlite;
mod text;
mod workload;
