//! A caller, with its resolver: how far it is.

use super::identifiers::Values;
use super::plan::Reply;
use super::transaction::{Held, Transaction};

/// How far a caller is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Resolver {
    /// It has not called yet.
    Idle,
    /// It is about to load once more.
    Again(Attempt),
    /// It has planned, and commits.
    Commits(Attempt, Transaction),
    /// It has its replies.
    Answered(Answer),
    /// It has an error, or is dead: what it asked has happened, or will, or not.
    Unknown,
}

/// What a call is held to, and what befell it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Attempt {
    /// Loads that it may still try.
    pub(super) left: u8,
    pub(super) trouble: Trouble,
    /// For each request of the batch, what its reply has to hold: what calls that were answered before this one began, and
    /// the batch so far, have connected.
    pub(super) owed: Vec<Values>,
}

/// What made a call load again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Trouble {
    pub(super) conflict: bool,
    pub(super) lost_at_commit: bool,
}

/// What a call was told, and how that compares with what others had been told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Answer {
    pub(super) replies: Vec<Reply>,
    pub(super) trouble: Trouble,
    /// Each reply held what it had to.
    pub(super) holds_what_was_answered: bool,
    /// Each reply held only what calls that had begun have connected.
    pub(super) holds_only_what_was_asked: bool,
}

impl Attempt {
    /// The server has rolled back.
    pub(super) fn after_conflict(mut self) -> Resolver {
        self.trouble.conflict = true;
        self.again()
    }

    /// What becomes of the call: it loads again, or gives up.
    pub(super) fn again(self) -> Resolver {
        if self.left == 0 { Resolver::Unknown } else { Resolver::Again(self) }
    }
}

impl Resolver {
    pub(super) fn transaction(&self) -> Option<&Transaction> {
        match self {
            Self::Commits(_, transaction) => Some(transaction),
            _ => None,
        }
    }

    pub(super) fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Answered(answer) => Some(answer),
            _ => None,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self, Self::Answered(_) | Self::Unknown)
    }
}

/// A transaction whose caller is gone, or has given up on the connection; the server does not know yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Orphan {
    pub(super) on: u8,
    pub(super) held: Held,
    /// COMMIT may have been sent.
    pub(super) may_commit: bool,
}
