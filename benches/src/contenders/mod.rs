//! Who is measured.
//!
//! | file | what |
//! |---|---|
//! | `connections.rs`, `free.rs` | what the bare driver and the usual code call by, and who gets which |
//! | `limit.rs` | the driver alone: reading clusters, writing people |
//! | `usual.rs` | what shops do today |
//! | `bulk_mysql.rs`, `bulk_sqlite.rs` | the driver alone: inserting the rows of an import |
//! | `union_find.rs` | two hash maps and union-find |

pub(crate) mod bulk_mysql;
pub(crate) mod bulk_sqlite;
mod connections;
mod free;
pub(crate) mod limit;
pub(crate) mod union_find;
pub(crate) mod usual;

pub(crate) use connections::{Connections, Link, connect};
