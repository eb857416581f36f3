//! The rows of the shop's table `Contact`, and what a caller is told of a person.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::changes::Version;
use crate::redact::Redacted;
use crate::timestamp::Timestamp;

/// The id of a row of `Contact`, as the database gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContactId(i64);

impl ContactId {
    /// The id as a number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl From<i64> for ContactId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

impl From<ContactId> for i64 {
    fn from(id: ContactId) -> Self {
        id.0
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The column `linkPrecedence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkPrecedence {
    /// The contact stands for a person; its `linkedId` is NULL.
    Primary,
    /// The contact belongs to the primary that its `linkedId` names.
    Secondary,
}

impl LinkPrecedence {
    /// The value as the table keeps it: `primary` or `secondary`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }

    /// The precedence with this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "primary" => Some(Self::Primary),
            "secondary" => Some(Self::Secondary),
            _ => None,
        }
    }
}

/// One live row of `Contact` (its `deletedAt` is NULL). `Debug` shows no email and no phone number.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Column `id`.
    pub id: ContactId,
    /// Column `email`, as stored.
    pub email: Option<String>,
    /// Column `phoneNumber`, as stored.
    pub phone_number: Option<String>,
    /// Column `linkedId`: the primary of a secondary; `None` for a primary.
    pub linked_id: Option<ContactId>,
    /// Column `linkPrecedence`.
    pub link_precedence: LinkPrecedence,
    /// Column `createdAt`.
    pub created_at: Timestamp,
    /// Column `updatedAt`. It grows with every change of the contact, and with every change of a primary's
    /// cluster: it is the version that [`ContactStore::commit`](crate::ContactStore::commit) checks.
    pub updated_at: Timestamp,
}

impl Contact {
    /// What [`ContactStore::commit`](crate::ContactStore::commit) checks of it.
    pub fn version(&self) -> Version {
        Version { contact: self.id, linked_id: self.linked_id, updated_at: self.updated_at }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact")
            .field("id", &self.id)
            .field("email", &Redacted::option(&self.email))
            .field("phone_number", &Redacted::option(&self.phone_number))
            .field("linked_id", &self.linked_id)
            .field("link_precedence", &self.link_precedence)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish()
    }
}

/// One person: a cluster of contacts as callers see it, and as `POST /identify` answers it.
///
/// `Debug` shows ids and counts, and no email and no phone number.
///
/// ```
/// # use identity_core::{IdentifyRequest, IdentityResolver, MemoryStore};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let resolver = IdentityResolver::new(MemoryStore::new());
/// let person = resolver.identify(IdentifyRequest::new().email("mcfly@hillvalley.edu")).await.unwrap();
/// assert_eq!(
///     serde_json::to_string(&person).unwrap(),
///     r#"{"primaryContactId":1,"emails":["mcfly@hillvalley.edu"],"phoneNumbers":[],"secondaryContactIds":[]}"#
/// );
/// # });
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsolidatedContact {
    /// The primary contact: the oldest of the cluster.
    pub primary_contact_id: ContactId,
    /// The cluster's emails without repetition: the primary's own first, then those of the secondaries in
    /// their order.
    pub emails: Vec<String>,
    /// The cluster's phone numbers, in the order of `emails`.
    pub phone_numbers: Vec<String>,
    /// The secondaries in order of `createdAt`, then `id`.
    pub secondary_contact_ids: Vec<ContactId>,
}

impl fmt::Debug for ConsolidatedContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsolidatedContact")
            .field("primary_contact_id", &self.primary_contact_id)
            .field("emails", &format_args!("[{} redacted]", self.emails.len()))
            .field("phone_numbers", &format_args!("[{} redacted]", self.phone_numbers.len()))
            .field("secondary_contact_ids", &self.secondary_contact_ids)
            .finish()
    }
}
