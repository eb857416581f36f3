//! What the resolver relies on, asked of the store itself.

use super::{Fixture, Subject, everything, identify, request};
use crate::changes::{Changes, ContactRef, NewClaim, NewContact, Touch, Version};
use crate::contact::{Contact, ContactId};
use crate::error::ErrorKind;
use crate::identifier::{Identifier, IdentifierKind};
use crate::snapshot::{Query, Snapshot};
use crate::store::ContactStore;
use crate::timestamp::Timestamp;

async fn load(store: &dyn ContactStore, identifiers: &[Identifier]) -> Snapshot {
    store.load(Query { identifiers, contacts: &[] }).await.expect("load")
}

fn email(value: &str) -> Identifier {
    Identifier::new(IdentifierKind::Email, value)
}

fn touch(contact: &Contact) -> Touch {
    let seen = contact.version();
    // Whole seconds, for tables that keep no more.
    Touch { seen, becomes: Timestamp::from_micros(seen.updated_at.as_micros() + 1_000_000) }
}

/// A plan that adds a secondary with this email.
fn link(snapshot: &Snapshot, primary: &Contact, value: &str) -> Changes {
    Changes {
        now: snapshot.now,
        touched: vec![touch(primary)],
        created: vec![NewContact {
            email: Some(value.into()),
            phone_number: None,
            linked_to: Some(ContactRef::Known(primary.id)),
            created_at: snapshot.now,
        }],
        claims: vec![NewClaim { identifier: email(value), contact: ContactRef::New(0), taken_from: None }],
        ..Changes::default()
    }
}

/// A plan that creates a person with this email, whose claim was held by `taken_from`.
fn create(snapshot: &Snapshot, value: &str, taken_from: Option<ContactId>) -> Changes {
    let mut changes = Changes { now: snapshot.now, ..Changes::default() };
    changes.created.push(NewContact {
        email: Some(value.into()),
        phone_number: None,
        linked_to: None,
        created_at: snapshot.now,
    });
    changes.claims.push(NewClaim { identifier: email(value), contact: ContactRef::New(0), taken_from });
    changes
}

async fn assert_conflict(subject: &Subject, changes: &Changes) {
    let before = everything(subject).await;
    let result = subject.store.commit(changes).await;
    assert_eq!(result.map_err(|error| error.kind()), Err(ErrorKind::Conflict));
    assert_eq!(everything(subject).await, before, "a conflict writes nothing");
}

pub(super) async fn an_empty_query_tells_the_time(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let snapshot = subject.store.load(Query::default()).await.expect("load");
    let off = (snapshot.now.as_micros() - Timestamp::now().as_micros()).abs();
    assert!(off < 60_000_000, "the store's clock is {off} µs off");
    assert!(snapshot.contacts.is_empty() && snapshot.claims.is_empty());
}

pub(super) async fn a_commit_on_a_changed_contact_is_a_conflict(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    identify(&subject, "a@x.io", "").await;
    let snapshot = load(&*subject.store, &[email("a@x.io")]).await;
    let (one, other) =
        (link(&snapshot, &snapshot.contacts[0], "b@x.io"), link(&snapshot, &snapshot.contacts[0], "c@x.io"));
    subject.store.commit(&one).await.expect("the first of two plans on one contact");
    assert_conflict(&subject, &other).await;
}

pub(super) async fn a_commit_on_a_deleted_contact_is_a_conflict(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let id = identify(&subject, "a@x.io", "").await.primary_contact_id;
    let snapshot = load(&*subject.store, &[email("a@x.io")]).await;
    subject.rows.soft_delete(id).await;
    assert_conflict(&subject, &link(&snapshot, &snapshot.contacts[0], "b@x.io")).await;
}

pub(super) async fn a_commit_on_a_relinked_contact_is_a_conflict(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    identify(&subject, "a@x.io", "1").await;
    identify(&subject, "b@x.io", "1").await;
    let snapshot = load(&*subject.store, &[email("b@x.io")]).await;
    let of = |linked: bool| {
        snapshot.contacts.iter().find(|contact| contact.linked_id.is_some() == linked).expect("a contact")
    };
    let (primary, secondary) = (of(false), of(true));
    // All of them are as they were but for the link: `updatedAt` alone does not tell.
    for (contact, linked_id) in
        [(primary, Some(secondary.id)), (secondary, None), (secondary, Some(secondary.id))]
    {
        let mut changes = link(&snapshot, primary, "c@x.io");
        changes.touched = vec![touch(&Contact { linked_id, ..contact.clone() })];
        assert_conflict(&subject, &changes).await;
    }
    let as_seen = Changes { touched: vec![touch(secondary)], ..link(&snapshot, primary, "c@x.io") };
    subject.store.commit(&as_seen).await.expect("a contact that is linked as the plan saw it");
}

pub(super) async fn a_second_claim_is_a_conflict(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let snapshot = load(&*subject.store, &[email("a@x.io")]).await;
    let changes = create(&snapshot, "a@x.io", None);
    subject.store.commit(&changes).await.expect("the first claim");
    assert_conflict(&subject, &changes).await;
}

pub(super) async fn a_conflict_writes_nothing(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    identify(&subject, "a@x.io", "").await;
    identify(&subject, "taken@x.io", "").await;
    let snapshot = load(&*subject.store, &[email("a@x.io")]).await;
    // The touch succeeds, the insert succeeds, the last claim does not.
    let mut changes = link(&snapshot, &snapshot.contacts[0], "b@x.io");
    changes.claims.push(NewClaim {
        identifier: email("taken@x.io"),
        contact: ContactRef::New(0),
        taken_from: None,
    });
    assert_conflict(&subject, &changes).await;
    let reply = identify(&subject, "b@x.io", "").await;
    assert_eq!(reply.secondary_contact_ids, []);
}

pub(super) async fn a_taken_over_claim_has_one_winner(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let deleted = identify(&subject, "a@x.io", "").await.primary_contact_id;
    subject.rows.soft_delete(deleted).await;
    let snapshot = load(&*subject.store, &[email("a@x.io")]).await;
    assert_eq!(snapshot.contacts, [], "a deleted contact is in no snapshot");
    let holder = snapshot.claims.first().map(|claim| claim.contact);
    let changes = create(&snapshot, "a@x.io", holder);
    subject.store.commit(&changes).await.expect("the first to take it over");
    assert_conflict(&subject, &changes).await;
}

pub(super) async fn large_queries_are_whole(fixture: &dyn Fixture) {
    const PEOPLE: usize = 600;
    let subject = fixture.fresh().await;
    let requests = (0..2 * PEOPLE).map(|n| request(&format!("{n}@x.io"), &(n % PEOPLE).to_string()));
    for reply in subject.resolver().identify_many(requests).await {
        reply.expect("identify_many");
    }
    let mut identifiers: Vec<_> = (0..PEOPLE).map(|n| email(&format!("{n}@x.io"))).collect();
    identifiers.sort();
    let snapshot = load(&*subject.store, &identifiers).await;
    assert_eq!(snapshot.claims.len(), PEOPLE);
    let mut ids: Vec<_> = snapshot.contacts.iter().map(|contact| contact.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2 * PEOPLE);
}

pub(super) async fn a_contact_that_changed_is_told(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    identify(&subject, "a@x.io", "1").await;
    identify(&subject, "b@x.io", "1").await;
    let other = identify(&subject, "c@x.io", "").await.primary_contact_id;
    let identifiers = [email("b@x.io"), email("c@x.io")];
    let seen: Vec<_> =
        load(&*subject.store, &identifiers).await.contacts.iter().map(Contact::version).collect();
    let unchanged = |seen: Vec<Version>| {
        let store = subject.store.clone();
        async move { store.unchanged(&seen).await.expect("unchanged") }
    };
    assert_eq!(seen.len(), 3);
    assert!(unchanged(Vec::new()).await, "nothing");
    assert!(unchanged(seen.clone()).await, "as they were");
    let with = |change: fn(&mut Version)| {
        let mut seen = seen.clone();
        change(&mut seen[1]);
        seen
    };
    assert!(!unchanged(with(|one| one.contact = ContactId::from(1_000_000))).await, "there is none");
    assert!(
        !unchanged(with(|one| one.linked_id = Some(ContactId::from(1_000_000)))).await,
        "linked otherwise"
    );
    let later =
        |one: &mut Version| one.updated_at = Timestamp::from_micros(one.updated_at.as_micros() + 1_000_000);
    assert!(!unchanged(with(later)).await, "another version");
    subject.rows.soft_delete(other).await;
    assert!(!unchanged(seen).await, "one is deleted");
}
