//! A model of the commit protocol, small enough that every interleaving of it can be looked at.
//!
//! The protocol is what `identity_core`'s stores do on a database: load, plan, and a transaction of a few statements whose
//! order is the argument for its correctness. Here the statements of two or three callers run one at a time, in every order,
//! with callers that die, connections that break and COMMITs whose outcome nobody learns in between. The [checker](stateright)
//! visits every state that can be reached and holds the [promises of SPEC.md](Protocol) against each. `Bug` puts known
//! mistakes back in, and the tests expect that each is found.
//!
//! | file | what |
//! |---|---|
//! | `identifiers.rs` | emails, phone numbers, requests; which are one person's |
//! | `scenario.rs` | who calls with what: all that there is within bounds, each once |
//! | `tables.rs` | the tables `Contact` and `ContactIdentifier` |
//! | `plan.rs` | from tables to a plan, by the rules of the library itself |
//! | `transaction.rs` | the statements of a commit, one step each; locks |
//! | `member.rs` | a database server, alone or one of a cluster: what it holds, what has yet to reach it |
//! | `resolver.rs` | how far a caller is |
//! | `deadlock.rs` | who waits for whom |
//! | `state.rs` | everything at one moment |
//! | `protocol.rs` | the steps there are, and what each does |
//! | `properties.rs` | the promises |
//!
//! # What is the library's and what is restated
//! The rules are not restated: a plan is made by [`identity_core::Graph`], from a snapshot of the model's tables, and taken
//! apart into statements. What is restated is the order and the meaning of the statements of `store/sql/commit.rs`
//! and `store/mysql/session.rs`, since what they do *in a database* is what is modelled. Whoever changes the order there
//! changes `transaction.rs` too.
//!
//! # What the database is taken to do
//! - A load is one SELECT and sees one committed state.
//! - READ COMMITTED: an UPDATE waits for whoever has locked or written the row, then sees the row as it was last committed.
//!   Locks are held to the end. There are no gap locks.
//! - An INSERT whose key another open transaction has inserted waits for that one's end; a key that is committed is refused.
//! - Of transactions that wait for each other in a circle one is rolled back. A transaction that waits may also be rolled back
//!   for waiting too long, which stands too for deadlocks by locks that are not modelled (those of a refused key).
//! - A connection that breaks leaves its transaction open on the server, with its locks, for any time. If COMMIT was on its way
//!   it may still be carried out, also after the caller has tried again.
//! - **Clusters**: each member sees only its own locks. A transaction is certified at COMMIT: it fails if a row that it has
//!   *changed* was also changed by a transaction that has passed and has not reached its member. An UPDATE that changes
//!   nothing, and a lock, count for nothing. What has passed reaches the other members later, in the order in which it passed,
//!   and throws out open transactions there that hold its rows. A member's own transactions are there at once, ahead of those
//!   that are under way: as in Group Replication; Galera's order is one of those that this allows.
//! - Reads on a cluster are of what has [reached the member](Reads::Local), or [wait](Reads::Current) for all that has passed
//!   (`group_replication_consistency = BEFORE`, `wsrep_sync_wait = 1`).
//!
//! # What it tells beside
//! - Without waiting reads a cluster keeps every promise but one: a reply may lack what another member's caller has been told
//!   already (`a reply lacks what was answered before`, which must be found there).
//! - Where the COMMIT of a batch of several requests got lost and was carried out all the same, the replies come from the
//!   second run: those of the first requests then know what the later ones of the batch have connected.
//!
//! # What is left out
//! Deletions and what other services write (SPEC rules 5 and 6), members that fail or are cut off, evidence (it is written in
//! the same transaction, and nothing reads it), and the import's way of keeping a graph for longer than one batch. Ids of
//! transactions that were rolled back are given again, which databases do not do; nobody has seen them.
//!
//! A state is told from another by 64 bits of hash, as `stateright` does: that two of a million share one, and the second is
//! taken for visited, has a chance of about one in 40 million.

mod deadlock;
mod identifiers;
mod member;
mod plan;
mod properties;
mod protocol;
mod resolver;
mod scenario;
mod state;
mod tables;
mod transaction;

pub use protocol::Protocol;
pub use scenario::Bounds;
pub use state::{Action, State};

/// A mistake that the protocol must not make; put in to see that the checker finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The primaries that the plan relies on are locked (`SELECT … FOR UPDATE`), compared, and not written.
    LocksRoot,
    /// Whether an identifier is claimed is asked before, instead of left to a unique key.
    ChecksClaimsBefore,
    /// The primaries that the plan relies on are written if they are still primaries, whatever their `updatedAt`.
    NoVersion,
}

/// What a load on a member of a cluster sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// What has reached the member.
    Local,
    /// Everything that has passed certification when it began.
    Current,
}
