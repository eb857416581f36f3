//! One person, contact by contact, and what makes the contacts one person.

use std::collections::HashMap;
use std::fmt;

use crate::contact::{Contact, ContactId};
use crate::identifier::{Identifier, IdentifierKind};

/// A cluster: its contacts, and the links between them, for whoever wants to see or draw why they are one person.
///
/// `Debug` shows no email and no phone number.
///
/// ```
/// # use identity_core::{IdentifyRequest, IdentityResolver, MemoryStore};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let resolver = IdentityResolver::new(MemoryStore::new());
/// let request = |email: &str, phone: &str| IdentifyRequest::new().email(email).phone_number(phone);
/// let person = resolver.identify(request("lorraine@hillvalley.edu", "123456")).await.unwrap();
/// resolver.identify(request("mcfly@hillvalley.edu", "123456")).await.unwrap();
/// let cluster = resolver.cluster(person.primary_contact_id).await.unwrap().unwrap();
/// assert_eq!(cluster.contacts.len(), 2);
/// assert_eq!(cluster.links.len(), 1, "they share the phone number");
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The primary. Where it was deleted from outside, and nobody has met the person since, it is the contact that stands in
    /// for it.
    pub primary: ContactId,
    /// The contacts: the primary, then the others by age.
    pub contacts: Vec<Contact>,
    /// What they have in common.
    pub links: Vec<Link>,
}

/// Why two contacts are one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// The older contact.
    pub from: ContactId,
    /// The other one.
    pub to: ContactId,
    /// What both carry; `None` where the two have nothing in common, and a request that named an identifier of each side
    /// has proved them to be one.
    pub shared: Option<Identifier>,
}

impl Cluster {
    /// Contacts that share an identifier are linked to the oldest that carries it: as many links as it takes, and not one
    /// for each pair. What is then still apart was merged, and is linked to the primary.
    pub(crate) fn new(primary: ContactId, contacts: Vec<Contact>) -> Self {
        let mut links = Vec::new();
        let mut sides = Sides((0..contacts.len()).collect());
        let mut oldest: HashMap<(IdentifierKind, &str), usize> = HashMap::new();
        for (position, contact) in contacts.iter().enumerate() {
            let email = contact.email.as_deref().map(|value| (IdentifierKind::Email, value));
            let phone = contact.phone_number.as_deref().map(|value| (IdentifierKind::Phone, value));
            for (kind, value) in email.into_iter().chain(phone) {
                let first = *oldest.entry((kind, value)).or_insert(position);
                if first != position {
                    let shared = Some(Identifier::new(kind, value));
                    links.push(Link { from: contacts[first].id, to: contact.id, shared });
                    sides.join(first, position);
                }
            }
        }
        for position in 1..contacts.len() {
            if sides.join(0, position) {
                links.push(Link { from: contacts[0].id, to: contacts[position].id, shared: None });
            }
        }
        Self { primary, contacts, links }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("from", &self.from)
            .field("to", &self.to)
            .field("shared", &self.shared)
            .finish()
    }
}

/// Contacts that are linked with each other, directly or not.
struct Sides(Vec<usize>);

impl Sides {
    fn of(&mut self, mut position: usize) -> usize {
        while self.0[position] != position {
            self.0[position] = self.0[self.0[position]];
            position = self.0[position];
        }
        position
    }

    /// Whether they were apart.
    fn join(&mut self, one: usize, other: usize) -> bool {
        let (one, other) = (self.of(one), self.of(other));
        self.0[one.max(other)] = one.min(other);
        one != other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::LinkPrecedence;
    use crate::timestamp::Timestamp;

    fn contact(id: i64, email: &str, phone: &str) -> Contact {
        let value = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Contact {
            id: id.into(),
            email: value(email),
            phone_number: value(phone),
            linked_id: (id > 1).then(|| 1.into()),
            link_precedence: if id > 1 { LinkPrecedence::Secondary } else { LinkPrecedence::Primary },
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }

    fn links(contacts: Vec<Contact>) -> Vec<(i64, i64, Option<IdentifierKind>)> {
        let cluster = Cluster::new(1.into(), contacts);
        let kind = |link: &Link| link.shared.as_ref().map(|identifier| identifier.kind);
        cluster.links.iter().map(|link| (link.from.get(), link.to.get(), kind(link))).collect()
    }

    #[test]
    fn contacts_are_linked_to_the_oldest_that_shares() {
        let family = vec![contact(1, "a@x.io", "1"), contact(2, "b@x.io", "1"), contact(3, "b@x.io", "2")];
        let (email, phone) = (Some(IdentifierKind::Email), Some(IdentifierKind::Phone));
        assert_eq!(links(family), [(1, 2, phone), (2, 3, email)]);
        let shared = (1..=4).map(|n| contact(n, &format!("{n}@x.io"), "1")).collect();
        assert_eq!(links(shared), [(1, 2, phone), (1, 3, phone), (1, 4, phone)]);
    }

    /// The same text as an email and as a phone number is nothing in common.
    #[test]
    fn what_was_merged_is_linked_to_the_primary() {
        let merged = vec![contact(1, "a@x.io", "1"), contact(2, "1", "2"), contact(3, "c@x.io", "2")];
        assert_eq!(links(merged), [(2, 3, Some(IdentifierKind::Phone)), (1, 2, None)]);
        assert_eq!(links(vec![contact(1, "a@x.io", "")]), []);
    }
}
