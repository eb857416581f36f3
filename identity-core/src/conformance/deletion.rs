//! Contacts that someone outside deleted: SPEC, rules 5 and 6.

use super::{Fixture, everything, identify, request};
use crate::changes::EventKind;
use crate::contact::LinkPrecedence;

pub(super) async fn a_deleted_contact_does_not_exist(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let first = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    let second = identify(&subject, "b@x.io", "1").await.secondary_contact_ids[0];
    subject.rows.soft_delete(second).await;
    let reply = identify(&subject, "a@x.io", "").await;
    assert_eq!((reply.emails, reply.secondary_contact_ids), (vec!["a@x.io".to_owned()], vec![]));
    let resolver = subject.resolver();
    assert_eq!(resolver.get(second).await.expect("get"), None);
    subject.rows.soft_delete(first).await;
    assert_eq!(resolver.lookup(request("a@x.io", "1")).await.expect("lookup"), []);
}

pub(super) async fn an_identifier_of_a_deleted_contact_is_free(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let first = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    subject.rows.soft_delete(first).await;
    let again = identify(&subject, "a@x.io", "1").await;
    assert_ne!(again.primary_contact_id, first);
    assert_eq!(again.secondary_contact_ids, []);
    let claims = subject.rows.claims().await;
    assert!(claims.iter().all(|(_, holder)| *holder == again.primary_contact_id), "{claims:?}");
    let other = identify(&subject, "b@x.io", "2").await.primary_contact_id;
    let secondary = identify(&subject, "c@x.io", "2").await.secondary_contact_ids[0];
    subject.rows.soft_delete(secondary).await;
    assert_eq!(identify(&subject, "c@x.io", "1").await.primary_contact_id, again.primary_contact_id);
    assert_eq!(identify(&subject, "", "2").await.primary_contact_id, other);
}

pub(super) async fn an_identifier_that_another_still_carries_is_not_free(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let first = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    let introduces = identify(&subject, "b@x.io", "1").await.secondary_contact_ids[0];
    let carries = identify(&subject, "b@x.io", "2").await.secondary_contact_ids[1];
    subject.rows.soft_delete(introduces).await;
    let before = everything(&subject).await.0;
    let reply = identify(&subject, "b@x.io", "").await;
    assert_eq!((reply.primary_contact_id, reply.secondary_contact_ids), (first, vec![carries]));
    assert_eq!(everything(&subject).await.0, before, "nothing new");
}

pub(super) async fn the_oldest_orphan_becomes_primary(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let deleted = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    let oldest = identify(&subject, "b@x.io", "1").await.secondary_contact_ids[0];
    let other = identify(&subject, "c@x.io", "1").await.secondary_contact_ids[1];
    subject.rows.soft_delete(deleted).await;
    let reply = identify(&subject, "c@x.io", "").await;
    assert_eq!((reply.primary_contact_id, &*reply.secondary_contact_ids), (oldest, &[other][..]));
    assert_eq!(
        (reply.emails, reply.phone_numbers),
        (vec!["b@x.io".into(), "c@x.io".into()], vec!["1".into()])
    );
    let rows = subject.rows.contacts().await;
    assert_eq!((rows[0].link_precedence, rows[0].linked_id), (LinkPrecedence::Primary, None));
    assert_eq!((rows[1].link_precedence, rows[1].linked_id), (LinkPrecedence::Secondary, Some(oldest)));
    let event = subject.rows.events().await.pop().expect("evidence");
    assert_eq!((event.kind, event.contact, event.primary), (EventKind::Promoted, oldest, oldest));
    assert_eq!(event.previous_primary, Some(deleted));
    let after = everything(&subject).await;
    let by_what_the_deleted_one_claimed = identify(&subject, "", "1").await;
    assert_eq!(by_what_the_deleted_one_claimed.primary_contact_id, oldest);
    assert_eq!(everything(&subject).await, after, "once is enough");
    let free = identify(&subject, "a@x.io", "").await;
    assert_ne!(free.primary_contact_id, oldest, "nobody live carries it");
}

pub(super) async fn orphans_that_nobody_touches_stay(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let deleted = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    identify(&subject, "b@x.io", "1").await;
    subject.rows.soft_delete(deleted).await;
    let orphans = subject.rows.contacts().await;
    let reply = subject.resolver().identify(request("a@x.io", "")).await.expect("identify");
    assert_eq!(reply.secondary_contact_ids, [], "the email is free and leads to nobody");
    assert_eq!(subject.rows.contacts().await[..1], orphans[..1]);
}

pub(super) async fn orphans_are_merged(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let older = identify(&subject, "z@x.io", "9").await.primary_contact_id;
    let deleted = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    let orphan = identify(&subject, "b@x.io", "1").await.secondary_contact_ids[0];
    let other = identify(&subject, "c@x.io", "1").await.secondary_contact_ids[1];
    subject.rows.soft_delete(deleted).await;
    let merged = identify(&subject, "b@x.io", "9").await;
    assert_eq!((merged.primary_contact_id, &*merged.secondary_contact_ids), (older, &[orphan, other][..]));
    let rows = subject.rows.contacts().await;
    assert!(rows[1..].iter().all(|row| row.linked_id == Some(older)), "{rows:?}");
    let kinds: Vec<_> = subject.rows.events().await.iter().map(|event| event.kind).collect();
    assert_eq!(kinds[4..], [EventKind::Promoted, EventKind::Merged]);
    assert_eq!(identify(&subject, "", "1").await.primary_contact_id, older);
}

pub(super) async fn orphans_are_shown_before_they_are_promoted(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let deleted = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    let oldest = identify(&subject, "b@x.io", "1").await.secondary_contact_ids[0];
    let other = identify(&subject, "c@x.io", "1").await.secondary_contact_ids[1];
    subject.rows.soft_delete(deleted).await;
    let before = everything(&subject).await;
    let resolver = subject.resolver();
    let found = resolver.lookup(request("c@x.io", "1")).await.expect("lookup");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].primary_contact_id, &*found[0].secondary_contact_ids), (oldest, &[other][..]));
    assert_eq!(resolver.get(other).await.expect("get").as_ref(), Some(&found[0]));
    assert_eq!(everything(&subject).await, before, "reading writes nothing");
}

pub(super) async fn a_deleted_secondary_of_a_merged_person_is_free(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let older = identify(&subject, "a@x.io", "1").await.primary_contact_id;
    identify(&subject, "b@x.io", "2").await;
    let secondary = identify(&subject, "c@x.io", "2").await.secondary_contact_ids[0];
    identify(&subject, "c@x.io", "3").await;
    subject.rows.soft_delete(secondary).await;
    identify(&subject, "a@x.io", "2").await;
    let reply = identify(&subject, "c@x.io", "").await;
    assert_eq!(reply.primary_contact_id, older, "another contact of the merged person carries it");
    let carrier = reply.secondary_contact_ids[1];
    subject.rows.soft_delete(carrier).await;
    let free = identify(&subject, "c@x.io", "").await;
    assert_ne!(free.primary_contact_id, older);
    assert_eq!(free.secondary_contact_ids, []);
}
