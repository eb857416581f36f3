//! A person's contacts and what links them, as plain values; `identity_core._graph` makes classes of them.

use identity_core::{Cluster, Contact, Link};

/// Id, email, phone number, `linkedId` and `createdAt` in microseconds since 1970.
pub(crate) type RawContact = (i64, Option<String>, Option<String>, Option<i64>, i64);

/// From, to, and the kind and the value of what both carry.
pub(crate) type RawLink = (i64, i64, Option<(&'static str, String)>);

/// The primary, the contacts and the links.
pub(crate) type RawCluster = (i64, Vec<RawContact>, Vec<RawLink>);

pub(crate) fn raw(cluster: Cluster) -> RawCluster {
    let contacts = cluster.contacts.into_iter().map(contact).collect();
    (cluster.primary.get(), contacts, cluster.links.into_iter().map(link).collect())
}

fn contact(contact: Contact) -> RawContact {
    let Contact { id, email, phone_number, linked_id, created_at, .. } = contact;
    (id.get(), email, phone_number, linked_id.map(|id| id.get()), created_at.as_micros())
}

fn link(link: Link) -> RawLink {
    let shared = link.shared.map(|shared| (shared.kind.name(), shared.value.into()));
    (link.from.get(), link.to.get(), shared)
}
