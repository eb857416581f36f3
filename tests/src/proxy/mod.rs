//! A proxy before a database server that does to connections what networks do: it delays them, cuts them, and cuts them
//! exactly around COMMIT. It also counts round trips.
//!
//! | where | what |
//! |---|---|
//! | `listener.rs` | [`Proxy`]: takes connections in, and is told what to do to them |
//! | `rules.rs` | what is to be done now, shared by all connections |
//! | `connection.rs` | one connection: passes both directions on, by the rules |
//! | `wire.rs` | as much of MySQL's protocol as finds COMMIT and its reply, and counts commands |
//!
//! To find COMMIT it has to read along, so clients connect without TLS (`?ssl-mode=disabled`). A connection that turns to
//! TLS is passed on, delayed and cut all the same.
//!
//! ```no_run
//! # async fn example(server: &identity_tests::databases::ServerAddress) -> Result<(), Box<dyn std::error::Error>> {
//! use identity_tests::proxy::{AtCommit, Proxy};
//!
//! let proxy = Proxy::start(server.socket()).await?;
//! let url = proxy.url_of(&server.url("shop")); // the same, by way of the proxy
//! proxy.cut_commits(AtCommit::ReplyLost, 0.01, u64::MAX);
//! # Ok(())
//! # }
//! ```

mod connection;
mod listener;
mod rules;
mod wire;

pub use listener::Proxy;
pub use rules::{AtCommit, Toward};
