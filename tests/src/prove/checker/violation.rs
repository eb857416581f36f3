use std::fmt;
use std::time::Duration;

use identity_core::conformance::Unsound;
use identity_core::{ContactId, ErrorKind, IdentifierKind};

use crate::prove::Fault;

/// A promise of SPEC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// The final clusters are the connected components of the calls.
    OrderNeutrality,
    /// One live primary per cluster, the oldest; one claim per identifier; no duplicate rows; no chain; no row lost.
    OnePrimary,
    /// Calls see what was answered before they began, and no reply mixes two states.
    Linearizable,
    /// A call happened or did not.
    AllOrNothing,
    /// Every creation, link and merge has its record.
    Evidence,
    /// What is said of a reply's contents and their order.
    Reply,
    /// Whoever calls again after an error is answered, soon after what was in the way is gone.
    Answer,
    /// Errors that reach a caller have a reason outside the library.
    NoError,
    /// No promise of the library: the run itself went as it has to, or else it shows nothing.
    Run,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OrderNeutrality => "order neutrality",
            Self::OnePrimary => "one person, one primary",
            Self::Linearizable => "linearizable",
            Self::AllOrNothing => "all or nothing",
            Self::Evidence => "evidence",
            Self::Reply => "reply",
            Self::Answer => "every call is answered",
            Self::NoError => "no error without a reason",
            Self::Run => "the run went as it has to",
        })
    }
}

/// How a promise was broken. It names calls and contacts by number, and no email and no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A row that was answered for is not there.
    #[error("call {call} was answered, and what it asked is in no row")]
    LostCall {
        /// The call.
        call: u64,
    },
    /// A merge that was answered for did not happen, or was undone.
    #[error("call {call} was answered, and what it asked is in two clusters: of {one} and of {other}")]
    LostMerge {
        /// The call.
        call: u64,
        /// The primary of its email.
        one: ContactId,
        /// The primary of its phone number.
        other: ContactId,
    },
    /// People who are one without a reason.
    #[error("the cluster of {primary} holds {one} and {other}, and no calls connect them")]
    Unproven {
        /// The cluster.
        primary: ContactId,
        /// A contact of one part.
        one: ContactId,
        /// A contact of another.
        other: ContactId,
    },
    /// A row that holds a part of what a call asked.
    #[error("contact {contact} holds only a part of what call {call} asked")]
    HalfApplied {
        /// The call, whose outcome is not known.
        call: u64,
        /// The row.
        contact: ContactId,
    },
    /// A row that nobody asked for.
    #[error("contact {contact} holds what no call asked")]
    RowOfNoCall {
        /// The row.
        contact: ContactId,
    },
    /// The tables contradict the rules.
    #[error("{0}")]
    Unsound(Unsound),
    /// A claim that nobody needs.
    #[error("contact {holder} claims a {kind} that it does not carry")]
    IdleClaim {
        /// Whoever claims it.
        holder: ContactId,
        /// Of what kind it is.
        kind: IdentifierKind,
    },
    /// A row without evidence.
    #[error("no evidence tells of the creation of contact {contact}")]
    NoEvidence {
        /// The row.
        contact: ContactId,
    },
    /// Evidence of what is not there.
    #[error("evidence tells of contact {contact}, which is in no row")]
    EvidenceOfNobody {
        /// Whom it tells of.
        contact: ContactId,
    },
    /// Evidence that does not follow from what came before it.
    #[error("event {position} on contact {contact} does not follow from the evidence before it")]
    EvidenceOutOfOrder {
        /// The position in the evidence, from 0.
        position: usize,
        /// Whom it tells of.
        contact: ContactId,
    },
    /// Evidence of what nobody asked.
    #[error("event {position} on contact {contact} says that it was proved by what no call asked")]
    EvidenceOfNoCall {
        /// The position in the evidence, from 0.
        position: usize,
        /// Whom it tells of.
        contact: ContactId,
    },
    /// A contact that came about more than once.
    #[error("the evidence tells of the creation of contact {contact} more than once")]
    EvidenceTwice {
        /// The contact.
        contact: ContactId,
    },
    /// A merge in the wrong direction.
    #[error("by event {position} contact {contact} went over to a younger one")]
    MergedIntoYounger {
        /// The position in the evidence, from 0.
        position: usize,
        /// The contact.
        contact: ContactId,
    },
    /// Evidence that leads elsewhere than the rows.
    #[error("evidence leads from contact {contact} to {replayed}, and the rows lead to {primary}")]
    WrongEvidence {
        /// The contact.
        contact: ContactId,
        /// Its primary by the evidence.
        replayed: ContactId,
        /// Its primary by the rows.
        primary: ContactId,
    },
    /// A reply that does not show what was answered before its call began.
    #[error("call {call} began after call {earlier} was answered, and its reply misses what that one knew")]
    StaleReply {
        /// The call.
        call: u64,
        /// A call that was answered before.
        earlier: u64,
    },
    /// A reply without what its own call asked.
    #[error("the reply to call {call} misses what it asked itself")]
    ReplyWithoutItself {
        /// The call.
        call: u64,
    },
    /// A reply with what no call before its end connects.
    #[error("the reply to call {call} holds what no call that began before its end connects with it")]
    FutureReply {
        /// The call.
        call: u64,
    },
    /// Two replies that overlap, and neither holds the other: no order of calls explains both.
    #[error("the replies to calls {call} and {other} overlap, and neither holds the other")]
    MixedStates {
        /// One call.
        call: u64,
        /// The other.
        other: u64,
    },
    /// A reply that no final cluster holds.
    #[error("the reply to call {call} is in no single cluster of the tables")]
    ReplyApart {
        /// The call.
        call: u64,
    },
    /// The same person in two forms.
    #[error("the replies to calls {call} and {other} hold the same identifiers, and differ")]
    ReplyDiffers {
        /// One call.
        call: u64,
        /// The other.
        other: u64,
    },
    /// A person that grew, and lost contacts or got a younger primary by it.
    #[error(
        "the person in the reply to call {call} grew, and in that to call {other} is younger or lacks a contact"
    )]
    ShrunkReply {
        /// The call that came first.
        call: u64,
        /// The other.
        other: u64,
    },
    /// A reply that is not what the rows of its contacts say, in the order of SPEC.
    #[error("the reply to call {call} is not what the rows of its contacts say")]
    ReplyNotOfRows {
        /// The call.
        call: u64,
    },
    /// A call that came to no answer, though it was made again and again.
    #[error("call {call} was never answered")]
    NeverAnswered {
        /// The call.
        call: u64,
    },
    /// A call that was answered, and much later than whatever went wrong can explain.
    #[error("call {call} was not answered for longer than anything that went wrong explains")]
    LateAnswer {
        /// The call.
        call: u64,
    },
    /// Workers that went on and came to no end.
    #[error("no call began within {after:?} in which nothing went wrong, and the workers were not done")]
    Stuck {
        /// How long that was looked at.
        after: Duration,
    },
    /// A worker that panicked, or could not go on.
    #[error("worker {worker} ended before its calls were made")]
    WorkerFailed {
        /// Its number.
        worker: usize,
    },
    /// A server, or a member of a cluster, that did not come back, or tables that could not be read or are not the same everywhere.
    #[error("the database did not come through what was done to it, or cannot be read")]
    BrokeDown,
    /// Calls that no worker made, though all ended well.
    #[error("{missing} of the calls were never made")]
    CallsMissing {
        /// How many.
        missing: u64,
    },
    /// A fault that had no time to strike before the calls were over.
    #[error("the run was too short: {fault} did not strike")]
    NeverStruck {
        /// The fault.
        fault: Fault,
    },
    /// Times that are no database's.
    #[error("contacts are {span:?} apart, as the workers' clocks are, and not the database's")]
    WorkersTimes {
        /// Between the first one and the last one.
        span: Duration,
    },
    /// Workers' clocks that were to be apart, and no contact shows it, so that the run shows nothing about them.
    #[error("contacts are only {span:?} apart, so the workers' clocks were not")]
    ClocksTogether {
        /// Between the first one and the last one.
        span: Duration,
    },
    /// A fault that never hit anything, so that the run shows nothing about it.
    #[error("{fault} struck {strokes} times and never hit anything")]
    NoHit {
        /// The fault.
        fault: Fault,
        /// How often it struck.
        strokes: u64,
    },
    /// An error that nothing explains.
    #[error("call {call} ended in the error {kind:?}, for which the run gave no reason at that time")]
    ForbiddenError {
        /// The call.
        call: u64,
        /// The error.
        kind: ErrorKind,
    },
}

impl Violation {
    /// Which promise is broken.
    pub fn promise(&self) -> Promise {
        match self {
            Self::LostMerge { .. } | Self::Unproven { .. } => Promise::OrderNeutrality,
            // Which one is the oldest hangs on the times.
            Self::LostCall { .. } | Self::Unsound(_) | Self::IdleClaim { .. } | Self::WorkersTimes { .. } => {
                Promise::OnePrimary
            }
            Self::HalfApplied { .. } | Self::RowOfNoCall { .. } => Promise::AllOrNothing,
            Self::NoEvidence { .. }
            | Self::EvidenceOfNobody { .. }
            | Self::EvidenceOutOfOrder { .. }
            | Self::EvidenceOfNoCall { .. }
            | Self::EvidenceTwice { .. }
            | Self::MergedIntoYounger { .. }
            | Self::WrongEvidence { .. } => Promise::Evidence,
            Self::StaleReply { .. }
            | Self::FutureReply { .. }
            | Self::MixedStates { .. }
            | Self::ReplyApart { .. }
            | Self::ReplyDiffers { .. }
            | Self::ShrunkReply { .. } => Promise::Linearizable,
            Self::ReplyNotOfRows { .. } | Self::ReplyWithoutItself { .. } => Promise::Reply,
            Self::NeverAnswered { .. } | Self::LateAnswer { .. } => Promise::Answer,
            Self::ForbiddenError { .. } => Promise::NoError,
            Self::Stuck { .. } => Promise::Answer,
            Self::WorkerFailed { .. }
            | Self::BrokeDown
            | Self::CallsMissing { .. }
            | Self::NeverStruck { .. }
            | Self::ClocksTogether { .. }
            | Self::NoHit { .. } => Promise::Run,
        }
    }
}
