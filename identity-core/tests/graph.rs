//! The rules against the naive model, with sequences that shrink.
#![allow(clippy::unwrap_used, reason = "how a test fails")]

use std::collections::{BTreeMap, BTreeSet};

use identity_core::conformance::{Model, ModelReply};
use identity_core::{Changes, ContactId, ContactRef, Graph, IdentifierPair, IdentifyRequest, Normalizer};
use proptest::prelude::*;

type Pair = (Option<String>, Option<String>);

/// Requests over few identifiers, so that they meet.
fn pairs() -> impl Strategy<Value = Vec<Pair>> {
    let email = || (0..8_u8).prop_map(|n| format!("{n}@x.io"));
    let phone = || (0..8_u8).prop_map(|n| n.to_string());
    let pair = prop_oneof![
        8 => (email(), phone()).prop_map(|(email, phone)| (Some(email), Some(phone))),
        1 => email().prop_map(|email| (Some(email), None)),
        1 => phone().prop_map(|phone| (None, Some(phone))),
    ];
    prop::collection::vec(pair, 1..60)
}

fn normalized((email, phone): &Pair) -> IdentifierPair {
    let request = IdentifyRequest { email: email.clone(), phone_number: phone.clone().map(Into::into) };
    Normalizer::new().request(&request).unwrap()
}

fn ids(changes: &Changes) -> Vec<ContactId> {
    (0..changes.created.len() as i64).map(ContactId::from).collect()
}

/// Identifies all in one graph, and gives the model's form of the replies.
fn identify_all(graph: &mut Graph, pairs: &[Pair]) -> (Vec<ModelReply>, Changes) {
    let drafts: Vec<_> = pairs
        .iter()
        .map(|pair| {
            let person = graph.identify(&normalized(pair));
            graph.describe(person)
        })
        .collect();
    let changes = graph.changes();
    let ids = ids(&changes);
    let replies = drafts.into_iter().map(|draft| {
        let reply = draft.resolve(&ids).unwrap();
        let secondaries = reply.secondary_contact_ids.iter().map(|id| id.get() as usize).collect();
        (reply.primary_contact_id.get() as usize, reply.emails, reply.phone_numbers, secondaries)
    });
    (replies.collect(), changes)
}

proptest! {
    #[test]
    fn replies_and_rows_are_the_models(pairs in pairs()) {
        let mut model = Model::default();
        let expected: Vec<_> =
            pairs.iter().map(|(email, phone)| model.identify(email.as_deref(), phone.as_deref())).collect();
        let (replies, changes) = identify_all(&mut Graph::default(), &pairs);
        prop_assert_eq!(replies, expected);
        let ids = ids(&changes);
        let rows: Vec<_> = changes.created.iter().enumerate().map(|(id, contact)| {
            let linked = contact.linked_to.map(|primary| primary.resolve(&ids).unwrap().get() as usize);
            let text = |value: &Option<Box<str>>| value.as_deref().map(str::to_owned);
            (id, text(&contact.email), text(&contact.phone_number), linked)
        }).collect();
        prop_assert_eq!(rows, model.table());
    }

    #[test]
    fn every_value_is_claimed_once_by_the_first_that_brought_it(pairs in pairs()) {
        let (_, changes) = identify_all(&mut Graph::default(), &pairs);
        let mut first = BTreeMap::new();
        for (position, contact) in changes.created.iter().enumerate() {
            for value in [&contact.email, &contact.phone_number].into_iter().flatten() {
                first.entry(value.clone()).or_insert(ContactRef::New(position as u32));
            }
        }
        let claims: BTreeMap<_, _> =
            changes.claims.iter().map(|claim| (claim.identifier.value.clone(), claim.contact)).collect();
        prop_assert_eq!(claims.len(), changes.claims.len());
        prop_assert_eq!(claims, first);
    }

    /// Replaying the evidence alone gives the people.
    #[test]
    fn evidence_is_complete(pairs in pairs()) {
        let (_, changes) = identify_all(&mut Graph::default(), &pairs);
        let mut primary_of: BTreeMap<ContactRef, ContactRef> = BTreeMap::new();
        for event in &changes.events {
            for primary in primary_of.values_mut().filter(|primary| Some(**primary) == event.previous_primary) {
                *primary = event.primary;
            }
            primary_of.insert(event.contact, event.primary);
        }
        let created: BTreeMap<_, _> = changes.created.iter().enumerate().map(|(position, contact)| {
            let itself = ContactRef::New(position as u32);
            (itself, contact.linked_to.unwrap_or(itself))
        }).collect();
        prop_assert_eq!(primary_of, created);
    }

    #[test]
    fn any_order_ends_in_the_same_people(pairs in pairs(), seed in any::<u64>()) {
        let mut shuffled = pairs.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
        prop_assert_eq!(people(&pairs), people(&shuffled));
    }

    #[test]
    fn nothing_new_changes_nothing(pairs in pairs()) {
        let mut graph = Graph::default();
        let (_, once) = identify_all(&mut graph, &pairs);
        let (_, twice) = identify_all(&mut graph, &pairs);
        prop_assert_eq!(once.created, twice.created);
        prop_assert_eq!(once.events, twice.events);
    }
}

fn people(pairs: &[Pair]) -> BTreeSet<BTreeSet<Box<str>>> {
    let (_, changes) = identify_all(&mut Graph::default(), pairs);
    let mut people: BTreeMap<ContactRef, BTreeSet<Box<str>>> = BTreeMap::new();
    for (position, contact) in changes.created.into_iter().enumerate() {
        let person = people.entry(contact.linked_to.unwrap_or(ContactRef::New(position as u32))).or_default();
        person.extend(contact.email.into_iter().chain(contact.phone_number));
    }
    people.into_values().collect()
}
