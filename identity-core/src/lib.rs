#![doc = include_str!("../docs/crate.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(clippy::needless_doctest_main, reason = "the examples are whole programs, to be copied")]

mod answer;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
mod audit;
mod changes;
mod cluster;
mod contact;
mod error;
mod graph;
mod identifier;
mod interner;
mod normalize;
mod person;
mod redact;
mod request;
mod resolver;
mod retry;
mod rows;
mod snapshot;
mod soundness;
mod store;
mod timestamp;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use answer::Identified;
pub use changes::{
    Changes, ContactRef, Draft, Event, EventKind, NewClaim, NewContact, Relink, Touch, Version,
};
pub use cluster::{Cluster, Link};
pub use contact::{ConsolidatedContact, Contact, ContactId, LinkPrecedence};
pub use error::{Cause, Error, ErrorKind, Field, InvalidInput, InvalidReason};
pub use graph::{ContactSlot, Graph};
#[cfg(feature = "memory")]
pub use graph::{People, people_of};
pub use identifier::{Identifier, IdentifierKind, IdentifierPair};
pub use normalize::Normalizer;
#[cfg(feature = "phone-region")]
pub use normalize::Region;
pub use person::{FromPerson, Person};
pub use request::{IdentifyRequest, PhoneNumber};
pub use resolver::{IdentityResolver, OnInvalid, Progress, ResolverBuilder};
pub use rows::{PhoneRef, Rows};
pub use snapshot::{Claim, Query, Snapshot};
pub use soundness::Defects;
pub use store::ContactStore;
#[cfg(feature = "memory")]
pub use store::MemoryStore;
#[cfg(feature = "mysql")]
pub use store::MySqlStore;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub use store::StoreOptions;
pub use timestamp::Timestamp;
