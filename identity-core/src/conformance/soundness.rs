//! What holds of a table at any moment, whatever happened to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::contact::{Contact, ContactId, LinkPrecedence};
use crate::identifier::{Identifier, IdentifierKind};

/// Checks SPEC's promises on the live rows and the claims of a store: every secondary is linked to a live primary (flat
/// links, no chain) that is older than it; nobody is linked to a contact that is not there; no value is in two people;
/// every value is claimed once, by a contact of its own person; no row says nothing new.
///
/// Rows that someone outside left without a primary are not sound before the first call that touches them.
///
/// # Panics
/// Where one does not hold; the message names ids and no values.
pub fn assert_sound(contacts: &[Contact], claims: &[(Identifier, ContactId)]) {
    let by_id: BTreeMap<ContactId, &Contact> = contacts.iter().map(|contact| (contact.id, contact)).collect();
    assert_eq!(by_id.len(), contacts.len(), "ids repeat");
    let mut person_of: BTreeMap<Identifier, ContactId> = BTreeMap::new();
    let mut said: BTreeMap<ContactId, BTreeSet<Identifier>> = BTreeMap::new();
    let mut in_order: Vec<&Contact> = contacts.iter().collect();
    in_order.sort_by_key(|contact| (contact.created_at, contact.id));
    for contact in in_order {
        let id = contact.id;
        let person = match (contact.link_precedence, contact.linked_id) {
            (LinkPrecedence::Primary, None) => id,
            (LinkPrecedence::Secondary, Some(linked_id)) => {
                let primary = by_id
                    .get(&linked_id)
                    .unwrap_or_else(|| panic!("{id} is linked to {linked_id}: no such row"));
                assert_eq!(primary.linked_id, None, "{id} is linked to {linked_id}, a secondary");
                let (older, younger) = ((primary.created_at, linked_id), (contact.created_at, id));
                assert!(older < younger, "{id} is older than its primary {linked_id}");
                linked_id
            }
            _ => panic!("{id} has a linkPrecedence that contradicts its linkedId"),
        };
        let carried = identifiers(contact);
        assert!(!carried.is_empty(), "{id} has neither an email nor a phone number");
        for identifier in &carried {
            let other = *person_of.entry(identifier.clone()).or_insert(person);
            assert_eq!(other, person, "{id} shares a {} with the person {other}", identifier.kind);
        }
        said.entry(person).or_default().extend(carried);
    }
    let mut holders: BTreeMap<&Identifier, ContactId> = BTreeMap::new();
    for (identifier, holder) in claims {
        assert!(holders.insert(identifier, *holder).is_none(), "a {} is claimed twice", identifier.kind);
    }
    for (identifier, person) in &person_of {
        let holder = holders
            .get(identifier)
            .unwrap_or_else(|| panic!("a {} of {person} is unclaimed", identifier.kind));
        // A deleted holder is possible: its claim is taken over when somebody brings the identifier again.
        if let Some(holder) = by_id.get(holder) {
            let claimed_for = holder.linked_id.unwrap_or(holder.id);
            assert_eq!(claimed_for, *person, "a {} of {person} is claimed by {}", identifier.kind, holder.id);
        }
    }
    assert_every_row_says_something(contacts, &said);
}

/// A cluster never needs more rows than it has identifiers: each was inserted since it had something new.
fn assert_every_row_says_something(contacts: &[Contact], said: &BTreeMap<ContactId, BTreeSet<Identifier>>) {
    let mut rows: BTreeMap<ContactId, usize> = BTreeMap::new();
    for contact in contacts {
        *rows.entry(contact.linked_id.unwrap_or(contact.id)).or_default() += 1;
    }
    for (person, rows) in rows {
        let identifiers = said[&person].len();
        assert!(rows <= identifiers, "{person} has {rows} rows for {identifiers} identifiers");
    }
    let pairs: BTreeSet<_> = contacts.iter().map(|contact| (&contact.email, &contact.phone_number)).collect();
    assert_eq!(pairs.len(), contacts.len(), "two rows say the same");
}

fn identifiers(contact: &Contact) -> Vec<Identifier> {
    let email = contact.email.as_deref().map(|value| Identifier::new(IdentifierKind::Email, value));
    let phone = contact.phone_number.as_deref().map(|value| Identifier::new(IdentifierKind::Phone, value));
    email.into_iter().chain(phone).collect()
}
