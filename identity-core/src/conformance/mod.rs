//! The tests that every store passes, for whoever writes one.
//!
//! Each case of [`CASES`] is a plain async function over a [`Fixture`], which makes fresh stores and shows what is in
//! them; it panics where the contract of [`ContactStore`] is broken. The cases look at the table's rows, claims and
//! evidence, not at replies alone. [`conformance_tests!`](crate::conformance_tests) makes a test of each.
//!
//! | file | cases |
//! |---|---|
//! | `rules.rs` | SPEC's rules and replies |
//! | `deletion.rs` | contacts that someone outside deleted |
//! | `contract.rs` | what the resolver relies on, asked of the store itself |
//! | `model.rs` | random requests against a naive model; batches against single calls |
//! | `concurrency.rs` | many callers at once |
//! | `imports.rs` | imports beside others |
//! | `soundness.rs` | what holds of a table at any moment |
//!
//! ```
//! use std::sync::Arc;
//! use identity_core::conformance::{self, Fixture, Subject};
//! use identity_core::MemoryStore;
//!
//! #[derive(Debug)]
//! struct InMemory;
//!
//! #[async_trait::async_trait]
//! impl Fixture for InMemory {
//!     async fn fresh(&self) -> Subject {
//!         let store = Arc::new(MemoryStore::new());
//!         Subject::new(store.clone(), store)
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! conformance::run("a_new_person_becomes_a_primary", &InMemory).await;
//! # });
//! ```
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken contract is a panic here"
)]

mod concurrency;
mod contract;
mod deletion;
mod imports;
#[cfg(feature = "memory")]
mod memory;
mod model;
mod rules;
mod soundness;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(crate) mod sql;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use crate::changes::EventKind;
use crate::contact::{ConsolidatedContact, Contact, ContactId};
use crate::identifier::Identifier;
use crate::request::IdentifyRequest;
use crate::resolver::IdentityResolver;
use crate::store::ContactStore;

pub use concurrency::{RandomCalls, assert_outcome};
pub use model::{Model, ModelContact, ModelReply};
pub use soundness::{Unsound, assert_sound, unsound};

/// Makes stores to test.
#[async_trait]
pub trait Fixture: Debug + Send + Sync {
    /// A store without any contact, that nobody else uses.
    async fn fresh(&self) -> Subject;
}

/// Looks behind a store's back.
#[async_trait]
pub trait Inspect: Send + Sync {
    /// The live rows of `Contact`, by id.
    async fn contacts(&self) -> Vec<Contact>;

    /// All claims: identifier and contact.
    async fn claims(&self) -> Vec<(Identifier, ContactId)>;

    /// All evidence, in its order.
    async fn events(&self) -> Vec<RecordedEvent>;

    /// Deletes a live contact as an application does: `deletedAt` is set, and nothing else changes.
    async fn soft_delete(&self, contact: ContactId);
}

/// A row of evidence. `Debug` shows no email and no phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// What happened.
    pub kind: EventKind,
    /// The contact it happened to.
    pub contact: ContactId,
    /// Its primary from then on.
    pub primary: ContactId,
    /// Its primary until then.
    pub previous_primary: Option<ContactId>,
    /// What the request that proved it asked, the email first.
    pub by: Vec<Identifier>,
}

/// A store under test, and the way to look into it.
pub struct Subject {
    /// The store.
    pub store: Arc<dyn ContactStore>,
    /// The rows behind it.
    pub rows: Arc<dyn Inspect>,
    /// Whatever has to live as long as the store, such as its folder.
    pub keep: Option<Box<dyn std::any::Any + Send + Sync>>,
}

impl Subject {
    /// A store and its inspector.
    pub fn new(store: Arc<dyn ContactStore>, rows: Arc<dyn Inspect>) -> Self {
        Self { store, rows, keep: None }
    }

    /// A resolver over the store.
    pub fn resolver(&self) -> IdentityResolver {
        IdentityResolver::new(self.store.clone())
    }
}

impl Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject").field("store", &self.store).finish_non_exhaustive()
    }
}

/// A case: its name and its function.
pub type Case = (&'static str, for<'f> fn(&'f dyn Fixture) -> Pin<Box<dyn Future<Output = ()> + Send + 'f>>);

/// Names each case once: as an entry of [`CASES`], and as a test of `conformance_tests!`.
macro_rules! cases {
    ($($module:ident :: $case:ident),* $(,)?) => {
        /// All cases.
        pub const CASES: &[Case] = &[$((stringify!($case), |fixture| Box::pin($module::$case(fixture)))),*];

        /// Makes a `#[tokio::test]` of each conformance case, over a fixture.
        ///
        /// ```text
        /// identity_core::conformance_tests!(MyFixture::new());
        /// ```
        #[macro_export]
        macro_rules! conformance_tests {
            ($fixture:expr) => {
                $(
                    #[tokio::test(flavor = "multi_thread")]
                    async fn $case() {
                        $crate::conformance::run(stringify!($case), &$fixture).await;
                    }
                )*
            };
        }
    };
}

cases![
    rules::a_new_person_becomes_a_primary,
    rules::something_new_becomes_a_secondary,
    rules::nothing_new_writes_nothing,
    rules::two_people_are_merged_into_the_older,
    rules::a_merge_relinks_all_secondaries,
    rules::the_older_is_who_was_created_first,
    rules::replies_are_ordered_and_distinct,
    rules::values_are_normalised,
    rules::invalid_input_changes_nothing,
    rules::values_are_compared_byte_for_byte,
    rules::lookup_finds_every_person_and_writes_nothing,
    rules::get_follows_merged_contacts,
    rules::evidence_tells_what_happened,
    rules::evidence_of_many_merges_tells_of_a_new_person,
    deletion::a_deleted_contact_does_not_exist,
    deletion::an_identifier_of_a_deleted_contact_is_free,
    deletion::an_identifier_that_another_still_carries_is_not_free,
    deletion::the_oldest_orphan_becomes_primary,
    deletion::orphans_that_nobody_touches_stay,
    deletion::orphans_are_merged,
    deletion::orphans_are_shown_before_they_are_promoted,
    deletion::a_deleted_secondary_of_a_merged_person_is_free,
    contract::an_empty_query_tells_the_time,
    contract::a_commit_on_a_changed_contact_is_a_conflict,
    contract::a_commit_on_a_deleted_contact_is_a_conflict,
    contract::a_commit_on_a_relinked_contact_is_a_conflict,
    contract::a_second_claim_is_a_conflict,
    contract::a_conflict_writes_nothing,
    contract::a_taken_over_claim_has_one_winner,
    contract::large_queries_are_whole,
    contract::a_contact_that_changed_is_told,
    model::random_calls_are_as_in_the_model,
    model::a_batch_is_a_sequence,
    model::any_order_ends_in_the_same_people,
    concurrency::many_callers_leave_one_person_each,
    concurrency::calls_that_are_given_up_leave_nothing_half,
    concurrency::the_same_new_person_at_once_is_one,
    concurrency::a_chain_of_merges_at_once_is_one_person,
    concurrency::links_while_people_are_merged,
    imports::an_import_beside_other_callers,
    imports::an_import_sees_what_others_did,
    imports::answers_of_the_callers_own,
    imports::an_import_goes_on_where_others_were_quicker,
];

/// Runs the case with this name.
///
/// # Panics
/// Where the store breaks the contract, or there is no such case.
pub async fn run(case: &str, fixture: &dyn Fixture) {
    let (_, function) = CASES.iter().find(|(name, _)| *name == case).expect("a case of this name");
    function(fixture).await;
}

/// A request, `""` for what is absent.
fn request(email: &str, phone_number: &str) -> IdentifyRequest {
    IdentifyRequest {
        email: (!email.is_empty()).then(|| email.to_owned()),
        phone_number: (!phone_number.is_empty()).then(|| phone_number.into()),
    }
}

/// Identifies, and checks that the table is sound.
async fn identify(subject: &Subject, email: &str, phone_number: &str) -> ConsolidatedContact {
    let reply = subject.resolver().identify(request(email, phone_number)).await.expect("identify");
    assert_sound(&subject.rows.contacts().await, &subject.rows.claims().await);
    reply
}

/// Everything in the tables, to see whether something changed.
async fn everything(subject: &Subject) -> (Vec<Contact>, Vec<(Identifier, ContactId)>, usize) {
    (subject.rows.contacts().await, subject.rows.claims().await, subject.rows.events().await.len())
}
