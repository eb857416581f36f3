//! The rules against the naive model, with sequences that shrink.
#![allow(clippy::unwrap_used, reason = "how a test fails")]

use std::collections::{BTreeMap, BTreeSet};

use identity_core::conformance::{Model, ModelReply};
use identity_core::{
    Changes, Claim, Contact, ContactId, ContactRef, Graph, Identifier, IdentifierPair, IdentifyRequest,
    LinkPrecedence, Normalizer, Relink, Snapshot, Timestamp, Touch,
};
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

/// A stored primary. Its version is not its age.
fn stored(id: i64, email: &str, phone: &str, created_at: i64) -> Contact {
    Contact {
        id: id.into(),
        email: Some(email.to_owned()),
        phone_number: Some(phone.to_owned()),
        linked_id: None,
        link_precedence: LinkPrecedence::Primary,
        created_at: Timestamp::from_micros(created_at),
        updated_at: Timestamp::from_micros(created_at + 7),
    }
}

/// A stored secondary.
fn linked(to: i64, contact: Contact) -> Contact {
    Contact { linked_id: Some(to.into()), link_precedence: LinkPrecedence::Secondary, ..contact }
}

/// Identifies in the graph of what is stored; each contact holds the claims on its values.
fn changes_of(contacts: &[Contact], now: i64, pairs: &[(&str, &str)]) -> Changes {
    let pair = |email: &str, phone: &str| {
        let some = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        normalized(&(some(email), some(phone)))
    };
    let claims = contacts.iter().flat_map(|contact| {
        let carried =
            pair(contact.email.as_deref().unwrap_or(""), contact.phone_number.as_deref().unwrap_or(""));
        let claim = |identifier| Claim {
            identifier,
            contact: contact.id,
            cluster: contact.linked_id.unwrap_or(contact.id),
        };
        carried.identifiers().map(claim).collect::<Vec<_>>()
    });
    let pairs: Vec<_> = pairs.iter().map(|(email, phone)| pair(email, phone)).collect();
    let asked: BTreeSet<Identifier> = pairs.iter().flat_map(IdentifierPair::identifiers).collect();
    let asked: Vec<_> = asked.into_iter().collect();
    let claims = claims.filter(|claim| asked.contains(&claim.identifier)).collect();
    let snapshot = Snapshot {
        now: Timestamp::from_micros(now),
        contacts: contacts.to_vec(),
        claims,
        ..Snapshot::default()
    };
    let mut graph = Graph::from_snapshot(&snapshot, &asked, &Normalizer::new()).unwrap();
    for pair in &pairs {
        graph.identify(pair);
    }
    graph.changes()
}

/// A plan is drawn up at 100 in these tests.
fn as_seen(contact: &Contact) -> Touch {
    Touch { seen: contact.version(), becomes: Timestamp::from_micros(100) }
}

#[test]
fn a_plan_relies_on_the_primaries_that_it_links_to_or_merges() {
    let a = stored(1, "a@x.io", "1", 10);
    let b = stored(2, "b@x.io", "2", 20);
    let of_b = linked(2, stored(3, "c@x.io", "3", 30));
    let people = [b.clone(), of_b, a.clone()];
    let touched = |pairs: &[(&str, &str)]| changes_of(&people, 100, pairs).touched;
    assert_eq!(touched(&[("new@x.io", "1")]), [as_seen(&a)], "a link");
    assert_eq!(touched(&[("c@x.io", "9")]), [as_seen(&b)], "a link by way of a secondary");
    assert_eq!(touched(&[("new@x.io", "1"), ("new@x.io", "9")]), [as_seen(&a)], "two links");
    assert_eq!(touched(&[("c@x.io", "1")]), [as_seen(&a), as_seen(&b)], "a merge");
    assert_eq!(touched(&[("new@x.io", "9"), ("new@x.io", "2")]), [as_seen(&b)], "a merge with a new person");
    assert_eq!(touched(&[("new@x.io", "9")]), [], "a new person");
}

#[test]
fn nothing_new_relies_on_nothing() {
    let people = [stored(1, "a@x.io", "1", 10), linked(1, stored(2, "b@x.io", "2", 20))];
    let changes = changes_of(&people, 100, &[("a@x.io", "1"), ("b@x.io", "1"), ("", "2"), ("a@x.io", "")]);
    assert!(changes.is_empty());
    assert!(changes.touched.is_empty() && changes.created.is_empty() && changes.claims.is_empty());
    assert!(changes.promoted.is_empty() && changes.relinked.is_empty() && changes.events.is_empty());
}

#[test]
fn no_secondary_is_older_than_its_primary_whatever_the_clocks_say() {
    let primary = [stored(1, "a@x.io", "1", 100)];
    let created_at = |now, pair| changes_of(&primary, now, &[pair]).created[0].created_at.as_micros();
    assert_eq!(created_at(40, ("new@x.io", "1")), 100, "the clock that made the primary was ahead");
    assert_eq!(created_at(100, ("new@x.io", "1")), 100);
    assert_eq!(created_at(160, ("new@x.io", "1")), 160);
    assert_eq!(created_at(40, ("new@x.io", "9")), 40, "a new person has no primary to wait for");
}

#[test]
fn the_older_by_creation_then_by_id_stays_in_whatever_order_they_are_met() {
    let relinked = |people: &[Contact], pair| changes_of(people, 100, &[pair]).relinked;
    for (id_of_a, created_at_of_a, survivor, loser) in [(9, 10, 9, 5), (9, 20, 5, 9), (9, 30, 5, 9)] {
        let a = stored(id_of_a, "a@x.io", "1", created_at_of_a);
        let b = stored(5, "b@x.io", "2", 20);
        let expected = [Relink { from: loser.into(), to: ContactRef::Known(survivor.into()) }];
        for people in [[a.clone(), b.clone()], [b, a]] {
            assert_eq!(relinked(&people, ("a@x.io", "2")), expected);
            assert_eq!(relinked(&people, ("b@x.io", "1")), expected);
        }
    }
}

#[test]
fn a_stored_person_is_older_than_one_of_the_same_moment_that_is_new() {
    let people = [stored(1, "a@x.io", "1", 100)];
    for pairs in [[("new@x.io", ""), ("new@x.io", "1")], [("", "9"), ("a@x.io", "9")]] {
        let changes = changes_of(&people, 100, &pairs);
        assert_eq!(changes.created[0].linked_to, Some(ContactRef::Known(1.into())));
        assert_eq!(changes.relinked, []);
    }
}
