//! The HTTP face of [`identity_core`]: a shop's services post what they know of a customer, and learn who it is.
//!
//! It holds no rule of its own. It reads requests, asks an [`IdentityResolver`](identity_core::IdentityResolver),
//! and turns what comes back into HTTP.
//!
//! # What it answers
//!
//! | request | answer |
//! |---|---|
//! | `POST /identify` with `{ "email": string\|null, "phoneNumber": string\|number\|null }` | 200 `{ "contact": { "primaryContactId", "emails", "phoneNumbers", "secondaryContactIds" } }` |
//! | `GET /healthz` | 200 `{ "status": "ok" }`: the process lives |
//! | `GET /readyz` | 200 `{ "status": "ready" }`: the database answers; 503 where it does not |
//!
//! Everything else is a problem (RFC 9457, `application/problem+json`) with `type`, `title`, `status` and `detail`,
//! and with `field` where one field of the request is at fault. `type` is always `about:blank`: the status says it all.
//!
//! | status | when |
//! |---|---|
//! | 400 | the body is no JSON, no valid input, or ends early |
//! | 404 | no such path |
//! | 405 | the path knows other methods, which `Allow` lists |
//! | 408 | the body took longer than 30 seconds |
//! | 413 | the body is larger than 64 KiB |
//! | 415 | the body is neither `application/json` nor `application/*+json`, or does not say what it is |
//! | 500 | somebody has to look; the log says at what |
//! | 503 | the database is away or busy; `Retry-After` says when to come back, and asking again is always safe |
//!
//! Requests that are no HTTP are answered 400 or 431 without a body before they come here.
//!
//! # What it does not do
//! It knows no TLS and no users, and sets no bound on connections, on idle ones, or on the time that the head of a
//! request takes: that is the work of a proxy before it, and why it listens on the loopback address unless told
//! otherwise.
//!
//! # Where things are
//!
//! | file | holds |
//! |---|---|
//! | `main.rs` | the process: arguments, log, exit code |
//! | `options.rs`, `database_url.rs` | what can be configured, and a URL that keeps its password to itself |
//! | `start.rs` | from options to a server that answers, and back |
//! | `server.rs`, `shutdown.rs` | serving until told to stop; who tells |
//! | `routes/` | one file per concern of the API |
//! | `body.rs`, `media_type.rs` | reading a request's body, with bounds |
//! | `problem.rs` | every answer that is not 200 |
//! | `chain.rs` | an error with its causes, as text |

mod body;
mod chain;
mod database_url;
mod media_type;
mod options;
mod problem;
mod routes;
mod server;
mod shutdown;
mod start;

pub use chain::Chain;
pub use database_url::DatabaseUrl;
pub use options::Options;
pub use server::run;
pub use start::{StartError, start};
