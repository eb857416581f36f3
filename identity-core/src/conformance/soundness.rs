//! What holds of a table at any moment, whatever happened to it.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::contact::{Contact, ContactId, LinkPrecedence};
use crate::identifier::{Identifier, IdentifierKind};

/// What is wrong with a table. It names ids and no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unsound {
    /// Two rows have one id.
    #[error("{0} is there twice")]
    RepeatedId(ContactId),
    /// A secondary without its primary.
    #[error("{contact} is linked to {linked_id}: no such row")]
    Orphan {
        /// The secondary.
        contact: ContactId,
        /// What it is linked to.
        linked_id: ContactId,
    },
    /// A secondary of a secondary.
    #[error("{contact} is linked to {linked_id}, a secondary")]
    Chain {
        /// The secondary.
        contact: ContactId,
        /// What it is linked to.
        linked_id: ContactId,
    },
    /// A secondary that ought to be the primary.
    #[error("{contact} is older than its primary {primary}")]
    OlderThanPrimary {
        /// The secondary.
        contact: ContactId,
        /// Its primary.
        primary: ContactId,
    },
    /// A row that says two things about itself.
    #[error("{0} has a linkPrecedence that contradicts its linkedId")]
    Precedence(ContactId),
    /// A row that identifies nobody.
    #[error("{0} has neither an email nor a phone number")]
    Empty(ContactId),
    /// One person that is two.
    #[error("{contact} shares a {kind} with the person {other}")]
    Shared {
        /// A contact of one.
        contact: ContactId,
        /// The other.
        other: ContactId,
        /// What they share.
        kind: IdentifierKind,
    },
    /// Two claims on one identifier.
    #[error("a {kind} is claimed twice, the second time by {holder}")]
    ClaimedTwice {
        /// Of what kind it is.
        kind: IdentifierKind,
        /// Whoever claims it the second time.
        holder: ContactId,
    },
    /// A value that somebody carries and nobody claims.
    #[error("a {kind} of {person} is unclaimed")]
    Unclaimed {
        /// Of what kind it is.
        kind: IdentifierKind,
        /// Whose it is.
        person: ContactId,
    },
    /// A claim in the hand of another person.
    #[error("a {kind} of {person} is claimed by {holder}")]
    ClaimedByAnother {
        /// Of what kind it is.
        kind: IdentifierKind,
        /// Whose it is.
        person: ContactId,
        /// Whoever claims it.
        holder: ContactId,
    },
    /// More rows than there was something new to say.
    #[error("{person} has {rows} rows for {identifiers} identifiers")]
    IdleRow {
        /// The person.
        person: ContactId,
        /// How many rows it has.
        rows: usize,
        /// How many identifiers they hold.
        identifiers: usize,
    },
    /// Two rows with the same email and phone number.
    #[error("{one} and {other} say the same")]
    RepeatedRow {
        /// One of them.
        one: ContactId,
        /// The other.
        other: ContactId,
    },
}

/// Checks SPEC's promises on the live rows and the claims of a store: every secondary is linked to a live primary (flat
/// links, no chain) that is older than it; nobody is linked to a contact that is not there; no value is in two people;
/// every value is claimed once, by a contact of its own person; no row says nothing new.
///
/// Rows that someone outside left without a primary are not sound before the first call that touches them.
pub fn unsound(contacts: &[Contact], claims: &[(Identifier, ContactId)]) -> Vec<Unsound> {
    let mut found = Vec::new();
    let mut by_id: BTreeMap<ContactId, &Contact> = BTreeMap::new();
    for contact in contacts {
        if by_id.insert(contact.id, contact).is_some() {
            found.push(Unsound::RepeatedId(contact.id));
        }
    }
    let mut in_order: Vec<&Contact> = by_id.values().copied().collect();
    in_order.sort_by_key(|contact| age(contact));
    let mut person_of: BTreeMap<Identifier, ContactId> = BTreeMap::new();
    for contact in &in_order {
        found.extend(unsound_link(contact, &by_id));
        let (id, person) = (contact.id, contact.linked_id.unwrap_or(contact.id));
        let carried = identifiers(contact);
        if carried.is_empty() {
            found.push(Unsound::Empty(id));
        }
        for identifier in carried {
            let kind = identifier.kind;
            let other = *person_of.entry(identifier).or_insert(person);
            if other != person {
                found.push(Unsound::Shared { contact: id, other, kind });
            }
        }
    }
    found.extend(unsound_claims(&by_id, &person_of, claims));
    found.extend(idle_rows(&in_order));
    found
}

/// [`unsound`], for tests.
///
/// # Panics
/// Where something is.
pub fn assert_sound(contacts: &[Contact], claims: &[(Identifier, ContactId)]) {
    if let Some(first) = unsound(contacts, claims).first() {
        panic!("{first}");
    }
}

fn unsound_link(contact: &Contact, by_id: &BTreeMap<ContactId, &Contact>) -> Option<Unsound> {
    let id = contact.id;
    match (contact.link_precedence, contact.linked_id) {
        (LinkPrecedence::Primary, None) => None,
        (LinkPrecedence::Secondary, Some(linked_id)) => match by_id.get(&linked_id) {
            None => Some(Unsound::Orphan { contact: id, linked_id }),
            Some(primary) if primary.linked_id.is_some() => Some(Unsound::Chain { contact: id, linked_id }),
            Some(primary) if age(contact) < age(primary) => {
                Some(Unsound::OlderThanPrimary { contact: id, primary: linked_id })
            }
            Some(_) => None,
        },
        _ => Some(Unsound::Precedence(id)),
    }
}

fn unsound_claims(
    by_id: &BTreeMap<ContactId, &Contact>,
    person_of: &BTreeMap<Identifier, ContactId>,
    claims: &[(Identifier, ContactId)],
) -> Vec<Unsound> {
    let mut found = Vec::new();
    let mut holders: BTreeMap<&Identifier, ContactId> = BTreeMap::new();
    for (identifier, holder) in claims {
        if holders.insert(identifier, *holder).is_some() {
            found.push(Unsound::ClaimedTwice { kind: identifier.kind, holder: *holder });
        }
    }
    for (identifier, person) in person_of {
        let (kind, person) = (identifier.kind, *person);
        match holders.get(identifier) {
            None => found.push(Unsound::Unclaimed { kind, person }),
            // A deleted holder is possible: its claim is taken over when somebody brings the identifier again.
            Some(holder) => match by_id.get(holder) {
                Some(contact) if contact.linked_id.unwrap_or(contact.id) != person => {
                    found.push(Unsound::ClaimedByAnother { kind, person, holder: *holder });
                }
                _ => {}
            },
        }
    }
    found
}

/// A cluster never needs more rows than it has identifiers: each was inserted since it had something new.
fn idle_rows(contacts: &[&Contact]) -> Vec<Unsound> {
    let mut found = Vec::new();
    let mut people: BTreeMap<ContactId, (usize, BTreeSet<Identifier>)> = BTreeMap::new();
    let mut said: BTreeMap<_, ContactId> = BTreeMap::new();
    for contact in contacts {
        let (rows, identifiers_of) = people.entry(contact.linked_id.unwrap_or(contact.id)).or_default();
        *rows += 1;
        identifiers_of.extend(identifiers(contact));
        if let Some(one) = said.insert((&contact.email, &contact.phone_number), contact.id) {
            found.push(Unsound::RepeatedRow { one, other: contact.id });
        }
    }
    for (person, (rows, identifiers)) in people {
        let identifiers = identifiers.len();
        if rows > identifiers {
            found.push(Unsound::IdleRow { person, rows, identifiers });
        }
    }
    found
}

/// What the older one of two is told by (SPEC, rule 3).
fn age(contact: &Contact) -> impl Ord + use<> {
    (contact.created_at, contact.id)
}

fn identifiers(contact: &Contact) -> Vec<Identifier> {
    let email = contact.email.as_deref().map(|value| Identifier::new(IdentifierKind::Email, value));
    let phone = contact.phone_number.as_deref().map(|value| Identifier::new(IdentifierKind::Phone, value));
    email.into_iter().chain(phone).collect()
}
