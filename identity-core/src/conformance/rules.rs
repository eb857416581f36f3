//! SPEC's rules and replies, case by case.

use super::{Fixture, assert_sound, everything, identify, request};
use crate::changes::EventKind;
use crate::contact::{ConsolidatedContact, ContactId, LinkPrecedence};
use crate::error::{Error, ErrorKind, Field};
use crate::request::IdentifyRequest;

fn person(
    primary: ContactId,
    emails: &[&str],
    phone_numbers: &[&str],
    secondaries: &[ContactId],
) -> ConsolidatedContact {
    ConsolidatedContact {
        primary_contact_id: primary,
        emails: emails.iter().map(ToString::to_string).collect(),
        phone_numbers: phone_numbers.iter().map(ToString::to_string).collect(),
        secondary_contact_ids: secondaries.to_vec(),
    }
}

pub(super) async fn a_new_person_becomes_a_primary(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    for (email, phone) in [("mcfly@hillvalley.edu", "123456"), ("doc@hillvalley.edu", ""), ("", "555")] {
        let reply = identify(&subject, email, phone).await;
        let id = reply.primary_contact_id;
        let some = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        let row = subject.rows.contacts().await.pop().expect("a row");
        assert_eq!((row.id, row.link_precedence, row.linked_id), (id, LinkPrecedence::Primary, None));
        assert_eq!((&row.email, &row.phone_number), (&some(email), &some(phone)));
        assert_eq!(row.created_at, row.updated_at);
        let emails: Vec<_> = some(email).into_iter().collect();
        let phone_numbers: Vec<_> = some(phone).into_iter().collect();
        assert_eq!(
            (reply.emails, reply.phone_numbers, reply.secondary_contact_ids),
            (emails, phone_numbers, vec![])
        );
    }
    assert_eq!(subject.rows.contacts().await.len(), 3);
}

pub(super) async fn something_new_becomes_a_secondary(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let first = identify(&subject, "lorraine@hillvalley.edu", "123456").await.primary_contact_id;
    identify(&subject, "mcfly@hillvalley.edu", "123456").await;
    let rows = subject.rows.contacts().await;
    assert_eq!(rows.len(), 2);
    let second = &rows[1];
    assert_eq!((second.link_precedence, second.linked_id), (LinkPrecedence::Secondary, Some(first)));
    assert_eq!(second.email.as_deref(), Some("mcfly@hillvalley.edu"));
    assert_eq!(second.phone_number.as_deref(), Some("123456"), "a secondary carries the whole request");
    let by_email = identify(&subject, "mcfly@hillvalley.edu", "777").await;
    let third = subject.rows.contacts().await[2].clone();
    assert_eq!(third.linked_id, Some(first), "linked to the primary, not to the secondary that it met");
    let emails = ["lorraine@hillvalley.edu", "mcfly@hillvalley.edu"];
    assert_eq!(by_email, person(first, &emails, &["123456", "777"], &[second.id, third.id]));
}

pub(super) async fn nothing_new_writes_nothing(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    identify(&subject, "a@x.io", "1").await;
    let full = identify(&subject, "b@x.io", "1").await;
    let before = everything(&subject).await;
    for (email, phone) in
        [("a@x.io", "1"), ("b@x.io", "1"), ("a@x.io", ""), ("b@x.io", ""), ("", "1"), (" A@X.io ", "(1)")]
    {
        assert_eq!(identify(&subject, email, phone).await, full, "{email} {phone}");
    }
    identify(&subject, "b@x.io", "2").await;
    let both_known = everything(&subject).await;
    identify(&subject, "a@x.io", "2").await;
    assert_eq!(everything(&subject).await, both_known, "each is known, if from different rows");
    assert_ne!(before, both_known);
}

pub(super) async fn two_people_are_merged_into_the_older(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let older = identify(&subject, "george@hillvalley.edu", "919191").await.primary_contact_id;
    let younger = identify(&subject, "biffsucks@hillvalley.edu", "717171").await.primary_contact_id;
    let emails = ["george@hillvalley.edu", "biffsucks@hillvalley.edu"];
    let merged = person(older, &emails, &["919191", "717171"], &[younger]);
    assert_eq!(identify(&subject, "george@hillvalley.edu", "717171").await, merged);
    let rows = subject.rows.contacts().await;
    assert_eq!(rows.len(), 2, "nothing is new, so no row is inserted");
    assert_eq!((rows[1].link_precedence, rows[1].linked_id), (LinkPrecedence::Secondary, Some(older)));
    assert!(rows[1].updated_at > rows[1].created_at);
}

pub(super) async fn a_merge_relinks_all_secondaries(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let older = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    identify(&subject, "b@x.io", "2").await;
    identify(&subject, "c@x.io", "2").await;
    identify(&subject, "d@x.io", "2").await;
    identify(&subject, "e@x.io", "1").await;
    let merged = identify(&subject, "d@x.io", "1").await;
    let rows = subject.rows.contacts().await;
    assert_eq!(rows.len(), 5);
    assert!(rows[1..].iter().all(|row| row.linked_id == Some(older)), "{rows:?}");
    let ids: Vec<_> = rows[1..].iter().map(|row| row.id).collect();
    assert_eq!(merged, person(older, &["a@x.io", "b@x.io", "c@x.io", "d@x.io", "e@x.io"], &["1", "2"], &ids));
}

pub(super) async fn the_older_is_who_was_created_first(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let ids = [
        identify(&subject, "a@x.io", "1").await.primary_contact_id,
        identify(&subject, "b@x.io", "2").await.primary_contact_id,
        identify(&subject, "c@x.io", "3").await.primary_contact_id,
    ];
    assert_eq!(identify(&subject, "c@x.io", "2").await.primary_contact_id, ids[1]);
    assert_eq!(identify(&subject, "c@x.io", "1").await.primary_contact_id, ids[0]);
    let rows = subject.rows.contacts().await;
    assert!(rows[1..].iter().all(|row| row.linked_id == Some(ids[0])), "no chain: {rows:?}");
}

pub(super) async fn replies_are_ordered_and_distinct(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let primary = identify(&subject, "", "1").await.primary_contact_id;
    identify(&subject, "z@x.io", "1").await;
    identify(&subject, "y@x.io", "1").await;
    identify(&subject, "z@x.io", "0").await;
    let reply = identify(&subject, "", "0").await;
    let ids: Vec<_> = subject.rows.contacts().await[1..].iter().map(|row| row.id).collect();
    assert_eq!(reply, person(primary, &["z@x.io", "y@x.io"], &["1", "0"], &ids));
}

pub(super) async fn values_are_normalised(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let reply = identify(&subject, " Jos\u{65}\u{301}@X.IO ", "+49 (30) 123-45/6.7").await;
    assert_eq!((&*reply.emails[0], &*reply.phone_numbers[0]), ("jos\u{e9}@x.io", "+49301234567"));
    let row = subject.rows.contacts().await.pop().expect("a row");
    assert_eq!(row.email.as_deref(), Some("jos\u{e9}@x.io"));
    assert_eq!(row.phone_number.as_deref(), Some("+49301234567"));
    let numeric = IdentifyRequest::new().phone_number(49_301_234_567_u64);
    let other = subject.resolver().identify(numeric).await.expect("identify");
    assert_ne!(other.primary_contact_id, reply.primary_contact_id, "a plus makes another number");
    assert_eq!(identify(&subject, "", "４９３０１２３４５６７").await, other);
}

pub(super) async fn invalid_input_changes_nothing(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let resolver = subject.resolver();
    identify(&subject, "a@x.io", "1").await;
    let before = everything(&subject).await;
    for (email, phone, field) in [
        ("", "", None),
        (" ", "\t", None),
        ("nobody", "1", Some(Field::Email)),
        ("a@x.io", "call me", Some(Field::PhoneNumber)),
        ("a@x.io", "123456789012345678901", Some(Field::PhoneNumber)),
    ] {
        match resolver.identify(request(email, phone)).await {
            Err(Error::InvalidInput(invalid)) => assert_eq!(invalid.field(), field, "{email} {phone}"),
            other => panic!("{email} {phone} gave {other:?}"),
        }
    }
    let batch = [request("a@x.io", "1"), request("nobody", "7"), request("", "1")];
    let results = resolver.identify_many(batch).await;
    assert!(results[0].is_ok() && results[2].is_ok());
    assert_eq!(results[1].as_ref().map_err(Error::kind), Err(ErrorKind::InvalidInput));
    assert_eq!(everything(&subject).await, before);
}

pub(super) async fn values_are_compared_byte_for_byte(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let emails = [
        "jose@x.io",
        "jos\u{e9}@x.io",
        "strasse@x.io",
        "stra\u{df}e@x.io",
        "i@x.io",
        "\u{131}@x.io",
        "\u{1f600}@x.io",
    ];
    for (phone, email) in emails.into_iter().enumerate() {
        identify(&subject, email, &format!("0{phone}")).await;
        identify(&subject, "", &phone.to_string()).await;
    }
    let rows = subject.rows.contacts().await;
    assert_eq!(rows.len(), 2 * emails.len());
    assert!(rows.iter().all(|row| row.linked_id.is_none()), "everyone is somebody else");
    for email in emails {
        assert_eq!(identify(&subject, email, "").await.emails, [email]);
    }
}

pub(super) async fn lookup_finds_every_person_and_writes_nothing(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let resolver = subject.resolver();
    let first = identify(&subject, "a@x.io", "1").await;
    let second = identify(&subject, "b@x.io", "2").await;
    let before = everything(&subject).await;
    let lookup = async |email, phone| resolver.lookup(request(email, phone)).await.expect("lookup");
    assert_eq!(lookup("b@x.io", "1").await, [first.clone(), second.clone()], "the oldest first");
    assert_eq!(lookup("a@x.io", "1").await, std::slice::from_ref(&first));
    assert_eq!(lookup("b@x.io", "404").await, [second]);
    assert_eq!(lookup("", "404").await, []);
    let invalid = resolver.lookup(request("nobody", "")).await;
    assert_eq!(invalid.map_err(|error| error.kind()), Err(ErrorKind::InvalidInput));
    assert_eq!(everything(&subject).await, before);
}

pub(super) async fn get_follows_merged_contacts(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let resolver = subject.resolver();
    let older = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    let younger = identify(&subject, "b@x.io", "2").await.primary_contact_id;
    identify(&subject, "c@x.io", "2").await;
    let merged = identify(&subject, "a@x.io", "2").await;
    for contact in subject.rows.contacts().await {
        let found = resolver.get(contact.id).await.expect("get");
        assert_eq!(found.as_ref(), Some(&merged), "{}", contact.id);
    }
    assert!(merged.secondary_contact_ids.contains(&younger) && merged.primary_contact_id == older);
    let nobody = ContactId::from(i64::from(i32::MAX));
    let mut ids: Vec<_> = subject.rows.contacts().await.iter().map(|contact| contact.id).collect();
    let mut expected = vec![Some(older); ids.len()];
    ids.push(nobody);
    expected.push(None);
    assert_eq!(resolver.primaries(&ids).await.expect("primaries"), expected);
    assert_eq!(resolver.primaries(&ids.repeat(100)).await.expect("primaries"), expected.repeat(100));
    assert_eq!(resolver.primaries(&[]).await.expect("primaries"), []);
    let cluster = resolver.cluster(younger).await.expect("cluster").expect("a person");
    assert_eq!((cluster.primary, cluster.contacts.len(), cluster.links.len()), (older, 3, 2));
    assert_eq!(resolver.cluster(nobody).await.expect("cluster"), None);
    assert_eq!(resolver.get(ContactId::from(i64::from(i32::MAX))).await.expect("get"), None);
}

pub(super) async fn evidence_tells_what_happened(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let older = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    let younger = identify(&subject, "b@x.io", "").await.primary_contact_id;
    let third = identify(&subject, "c@x.io", "1").await.secondary_contact_ids[0];
    identify(&subject, "c@x.io", "1").await;
    identify(&subject, "b@x.io", "1").await;
    let events = subject.rows.events().await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let by: Vec<&str> = event.by.iter().map(|identifier| &*identifier.value).collect();
            (event.kind, event.contact, event.primary, event.previous_primary, by)
        })
        .collect();
    assert_eq!(
        told,
        [
            (EventKind::Created, older, older, None, vec!["a@x.io", "1"]),
            (EventKind::Created, younger, younger, None, vec!["b@x.io"]),
            (EventKind::Linked, third, older, None, vec!["c@x.io", "1"]),
            (EventKind::Merged, younger, older, Some(younger), vec!["b@x.io", "1"]),
        ]
    );
}

/// So much evidence that a database may get it in several statements.
pub(super) async fn evidence_of_many_merges_tells_of_a_new_person(fixture: &dyn Fixture) {
    const PAIRS: usize = 200;
    let subject = fixture.fresh().await;
    let resolver = subject.resolver();
    // A merge is evidence without a contact: from here on their ids differ.
    for (email, phone) in [("a@x.io", "1001"), ("b@x.io", "1002"), ("a@x.io", "1002")] {
        identify(&subject, email, phone).await;
    }
    let email = |n: usize| format!("{n}@x.io");
    let known = (0..2 * PAIRS).map(|n| request(&email(n), &n.to_string()));
    for reply in resolver.identify_many(known).await {
        reply.expect("identify");
    }
    let merging = (0..PAIRS).map(|pair| request(&email(2 * pair), &(2 * pair + 1).to_string()));
    let replies = resolver.identify_many(merging.chain([request("new@x.io", "1000")])).await;
    let new = replies.last().expect("replies").as_ref().expect("identify").primary_contact_id;

    let events = subject.rows.events().await;
    assert_eq!(events.len(), 3 + 3 * PAIRS + 1);
    let of_new: Vec<_> = events.iter().filter(|event| event.primary == new).collect();
    assert_eq!(of_new.len(), 1);
    assert_eq!((of_new[0].kind, of_new[0].contact), (EventKind::Created, new));
    let contacts = subject.rows.contacts().await;
    let row = contacts.iter().find(|contact| contact.id == new).expect("the new contact");
    assert_eq!(row.email.as_deref(), Some("new@x.io"));
    assert_sound(&contacts, &subject.rows.claims().await);
}
