//! What a batch changes: the output of the rules, and all that a store has to write.

use std::fmt;

use crate::contact::{ConsolidatedContact, ContactId};
use crate::identifier::Identifier;
use crate::redact::Redacted;
use crate::timestamp::Timestamp;

/// A contact in a plan: one that is stored, or one that the plan creates, which has no id yet.
///
/// The order is that of ids: a new contact gets a higher id than all that are known, and than the new ones
/// before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContactRef {
    /// A stored contact.
    Known(ContactId),
    /// The contact at this position of [`Changes::created`].
    New(u32),
}

impl ContactRef {
    /// The id, once the store has told the `ids` of the contacts it created. `None` only where it told too few.
    pub fn resolve(self, ids: &[ContactId]) -> Option<ContactId> {
        match self {
            Self::Known(id) => Some(id),
            Self::New(position) => ids.get(position as usize).copied(),
        }
    }
}

/// Everything that one batch changes, to be written all or not at all.
///
/// It is the sum of the batch: a contact that the batch creates and merges away is created as the secondary it
/// ends as. How it came about is in [`events`](Self::events).
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The snapshot's clock; what is updated gets it.
    pub now: Timestamp,
    /// The contacts that the plan relies on, in ascending order of id.
    pub touched: Vec<Touch>,
    /// The new contacts, in the order in which they get their ids.
    pub created: Vec<NewContact>,
    /// The new claims, in ascending order of identifier.
    pub claims: Vec<NewClaim>,
    /// Secondaries that become primary, since their primary is gone (SPEC, rule 6): `linkedId` becomes NULL.
    /// To be written before [`relinked`](Self::relinked).
    pub promoted: Vec<ContactId>,
    /// Clusters that belong to another primary from now on, in ascending order of `from`.
    pub relinked: Vec<Relink>,
    /// The evidence, in the order in which it came about.
    pub events: Vec<Event>,
}

impl Changes {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.touched.is_empty() && self.created.is_empty()
    }
}

/// A contact as a snapshot saw it. Whatever the library changes about a person gives its primary a greater `updatedAt`, so
/// a primary that is as it was stands for a whole cluster that is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The contact, which was live.
    pub contact: ContactId,
    /// The `linkedId` it had.
    pub linked_id: Option<ContactId>,
    /// The `updatedAt` it had.
    pub updated_at: Timestamp,
}

/// A contact that must still be as the snapshot saw it, or else the commit is a conflict. It gets another `updatedAt`, so
/// that no other plan that relies on it can be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// What it must still be.
    pub seen: Version,
    /// The `updatedAt` it gets, greater than it was.
    pub becomes: Timestamp,
}

/// A contact to insert. `Debug` shows no email and no phone number.
#[derive(Clone, PartialEq, Eq)]
pub struct NewContact {
    /// Column `email`, normalised.
    pub email: Option<Box<str>>,
    /// Column `phoneNumber`, normalised.
    pub phone_number: Option<Box<str>>,
    /// The primary of a secondary; `None` makes it a primary.
    pub linked_to: Option<ContactRef>,
    /// Columns `createdAt` and `updatedAt`.
    pub created_at: Timestamp,
}

impl fmt::Debug for NewContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewContact")
            .field("email", &Redacted::option(&self.email))
            .field("phone_number", &Redacted::option(&self.phone_number))
            .field("linked_to", &self.linked_to)
            .field("created_at", &self.created_at)
            .finish()
    }
}

/// An identifier that a contact claims. Where somebody else holds the claim, the commit is a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClaim {
    /// The identifier.
    pub identifier: Identifier,
    /// The contact that claims it.
    pub contact: ContactRef,
    /// The contact that the snapshot saw as its holder, and that must still be: one that was deleted, or that no longer
    /// carries the value. `None` where nobody held the claim.
    pub taken_from: Option<ContactId>,
}

/// A cluster that goes over to another primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relink {
    /// The primary it had. This contact, where it is live, and every contact with this `linkedId`, deleted ones
    /// too (so that restoring one cannot make a chain), become secondaries of `to`.
    pub from: ContactId,
    /// The primary it has from now on.
    pub to: ContactRef,
}

/// What happened to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A new person: the contact is a primary (SPEC, rule 1).
    Created,
    /// A new secondary of a known person (rule 2).
    Linked,
    /// Two people turned out to be one: the contact, until then a primary, and all its secondaries went over to
    /// another primary (rule 3).
    Merged,
    /// The contact became primary of what a deleted primary had left (rule 6).
    Promoted,
    /// The contact was there before this library, and was adopted as it stood.
    Adopted,
}

impl EventKind {
    /// The name under which tables keep it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Linked => "linked",
            Self::Merged => "merged",
            Self::Promoted => "promoted",
            Self::Adopted => "adopted",
        }
    }

    /// The kind with this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Created, Self::Linked, Self::Merged, Self::Promoted, Self::Adopted]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// One piece of evidence. Replaying all of them in order gives every cluster. `Debug` shows no email and no phone
/// number.
///
/// One event stands for a whole merge: which secondaries moved along follows from the events before it. So
/// evidence costs the same however large the clusters are.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The contact it happened to.
    pub contact: ContactRef,
    /// Its primary from then on: itself, if it is one.
    pub primary: ContactRef,
    /// Its primary until then: itself, if it was one; `None` for a new contact.
    pub previous_primary: Option<ContactRef>,
    /// The email of the request that proved it.
    pub email: Option<Box<str>>,
    /// The phone number of the request that proved it.
    pub phone_number: Option<Box<str>>,
}

impl Event {
    /// The event with the `ids` that the store gave to [`Changes::created`]. `None` only where it gave too few.
    pub fn settle(&self, ids: &[ContactId]) -> Option<Self> {
        let settle = |contact: ContactRef| contact.resolve(ids).map(ContactRef::Known);
        let previous_primary = match self.previous_primary {
            Some(previous) => Some(settle(previous)?),
            None => None,
        };
        let (contact, primary) = (settle(self.contact)?, settle(self.primary)?);
        Some(Self { contact, primary, previous_primary, ..self.clone() })
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind)
            .field("contact", &self.contact)
            .field("primary", &self.primary)
            .field("previous_primary", &self.previous_primary)
            .field("email", &Redacted::option(&self.email))
            .field("phone_number", &Redacted::option(&self.phone_number))
            .finish()
    }
}

/// A reply in which contacts of the same plan have no id yet.
#[derive(Clone)]
pub struct Draft {
    pub(crate) primary: ContactRef,
    pub(crate) emails: Vec<String>,
    pub(crate) phone_numbers: Vec<String>,
    pub(crate) secondaries: Vec<ContactRef>,
}

impl Draft {
    /// The reply, with the `ids` that the store gave to [`Changes::created`]. `None` only where it gave too few.
    pub fn resolve(self, ids: &[ContactId]) -> Option<ConsolidatedContact> {
        Some(ConsolidatedContact {
            primary_contact_id: self.primary.resolve(ids)?,
            emails: self.emails,
            phone_numbers: self.phone_numbers,
            secondary_contact_ids: self
                .secondaries
                .into_iter()
                .map(|contact| contact.resolve(ids))
                .collect::<Option<_>>()?,
        })
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("primary", &self.primary)
            .field("emails", &format_args!("[{} redacted]", self.emails.len()))
            .field("phone_numbers", &format_args!("[{} redacted]", self.phone_numbers.len()))
            .field("secondaries", &self.secondaries)
            .finish()
    }
}
