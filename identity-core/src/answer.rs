//! What a caller gets for a request: the whole person, or what is made of it, or ids only.

use serde::{Deserialize, Serialize};

use crate::changes::{ContactRef, Draft, EventKind};
use crate::contact::ContactId;
use crate::error::Error;
#[cfg(feature = "memory")]
use crate::graph::Found;
use crate::graph::{Graph, Met};
use crate::person::FromPerson;

/// Whom a request turned out to be, as ids: what imports of many rows ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identified {
    /// The primary of the person at that moment. A later request may merge the person into another;
    /// [`get`](crate::IdentityResolver::get) follows.
    pub primary_contact_id: ContactId,
    /// The contact that the request created; where it created none, the one that its email belongs to, or else its
    /// phone number.
    pub contact_id: ContactId,
}

/// A kind of answer. It is drafted from the graph right after its request, and gets its ids once they are known; or it is made
/// at once where they are known already.
pub(crate) trait Answer: Sized + Send + Sync + 'static {
    type Draft: Send + Sync;

    fn draft(graph: &Graph, met: Met) -> Self::Draft;

    /// `None` only where the store gave too few ids.
    fn settle(draft: Self::Draft, ids: &[ContactId]) -> Option<Self>;

    /// Both in one, with room that is used again.
    #[cfg(feature = "memory")]
    fn at_once(graph: &Graph, met: Met, room: &mut Found) -> Option<Self>;
}

impl<P: FromPerson> Answer for P {
    type Draft = Draft;

    fn draft(graph: &Graph, met: Met) -> Draft {
        graph.describe(met.primary)
    }

    fn settle(draft: Draft, ids: &[ContactId]) -> Option<Self> {
        draft.resolve(ids).map(Self::from_contact)
    }

    #[cfg(feature = "memory")]
    fn at_once(graph: &Graph, met: Met, room: &mut Found) -> Option<Self> {
        graph.person(met.primary, room).map(Self::from_person)
    }
}

impl Answer for Identified {
    type Draft = [ContactRef; 2];

    fn draft(graph: &Graph, met: Met) -> [ContactRef; 2] {
        [graph.key(met.primary), graph.key(met.contact)]
    }

    fn settle([primary, contact]: [ContactRef; 2], ids: &[ContactId]) -> Option<Self> {
        Some(Self { primary_contact_id: primary.resolve(ids)?, contact_id: contact.resolve(ids)? })
    }

    #[cfg(feature = "memory")]
    fn at_once(graph: &Graph, met: Met, _: &mut Found) -> Option<Self> {
        Self::settle(Self::draft(graph, met), &[])
    }
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Outcome<A> {
    /// One for each request, in order.
    pub(crate) answers: Vec<Result<A, Error>>,
    pub(crate) counts: Counts,
}

impl<A> Default for Outcome<A> {
    fn default() -> Self {
        Self { answers: Vec::new(), counts: Counts::default() }
    }
}

/// What a batch did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// People it created.
    pub(crate) people: u64,
    /// Times that it found two to be one.
    pub(crate) merges: u64,
}

impl Counts {
    pub(crate) fn of(events: impl Iterator<Item = EventKind>) -> Self {
        let mut counts = Self::default();
        for kind in events {
            counts.people += u64::from(kind == EventKind::Created);
            counts.merges += u64::from(kind == EventKind::Merged);
        }
        counts
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.people += other.people;
        self.merges += other.merges;
    }
}
