//! In what is stored: contacts, claims, evidence.

use identity_core::conformance::{RecordedEvent, Unsound};
use identity_core::{EventKind, Identifier, IdentifierKind};
use identity_tests::prove::checker::Violation;
use identity_tests::prove::{Attempt, Outcome, Symbol};

use super::{assert_found, story};
use crate::story::{asked, link, unlink};

#[tokio::test]
async fn a_lost_merge() {
    let mut ended = story().await;
    unlink(ended.contact(1));
    let (one, other) = (ended.id(0), ended.id(1));
    assert_found(&ended, Violation::LostMerge { call: 2, one, other });
    // It went through, as the evidence tells, and was undone.
    assert_found(&ended, Violation::WrongEvidence { contact: other, replayed: one, primary: other });
    assert_found(&ended, Violation::ReplyApart { call: 4 });
}

#[tokio::test]
async fn a_merge_that_never_was() {
    let mut ended = story().await;
    unlink(ended.contact(1));
    ended.finale.events.retain(|event| event.kind != EventKind::Merged);
    let (one, other) = (ended.id(0), ended.id(1));
    assert_found(&ended, Violation::LostMerge { call: 2, one, other });
}

#[tokio::test]
async fn a_duplicate_primary() {
    let mut ended = story().await;
    let other = ended.id(0);
    let copy = ended.copy(0);
    copy.phone_number = None;
    let contact = copy.id;
    let kind = IdentifierKind::Email;
    assert_found(&ended, Violation::Unsound(Unsound::Shared { contact, other, kind }));
}

#[tokio::test]
async fn the_wrong_one_is_the_oldest() {
    let mut ended = story().await;
    let (oldest, younger) = (ended.id(0), ended.id(1));
    unlink(ended.contact(1));
    link(ended.contact(0), younger);
    link(ended.contact(2), younger);
    let expected = Unsound::OlderThanPrimary { contact: oldest, primary: younger };
    assert_found(&ended, Violation::Unsound(expected));
}

#[tokio::test]
async fn a_chain() {
    let mut ended = story().await;
    let (contact, linked_id) = (ended.id(2), ended.id(1));
    link(ended.contact(2), linked_id);
    assert_found(&ended, Violation::Unsound(Unsound::Chain { contact, linked_id }));
}

#[tokio::test]
async fn a_claim_twice() {
    let mut ended = story().await;
    let (identifier, _) = ended.claim_of(0).clone();
    let (kind, holder) = (identifier.kind, ended.id(3));
    ended.finale.claims.push((identifier, holder));
    assert_found(&ended, Violation::Unsound(Unsound::ClaimedTwice { kind, holder }));
    assert_found(&ended, Violation::IdleClaim { holder, kind });
}

#[tokio::test]
async fn a_claim_of_another_person_and_none() {
    let mut ended = story().await;
    let (holder, person) = (ended.id(3), ended.id(0));
    let kind = ended.claim_of(0).0.kind;
    let (identifier, of) = ended.claim_of(0);
    *of = holder;
    let identifier = identifier.clone();
    assert_found(&ended, Violation::Unsound(Unsound::ClaimedByAnother { kind, person, holder }));
    ended.finale.claims.retain(|(claimed, _)| *claimed != identifier);
    assert_found(&ended, Violation::Unsound(Unsound::Unclaimed { kind, person }));
}

#[tokio::test]
async fn a_row_twice() {
    let mut ended = story().await;
    let one = ended.id(2);
    let other = ended.copy(2).id;
    assert_found(&ended, Violation::Unsound(Unsound::RepeatedRow { one, other }));
}

#[tokio::test]
async fn a_lost_row() {
    let mut ended = story().await;
    ended.finale.contacts.remove(3);
    assert_found(&ended, Violation::LostCall { call: 5 });
    assert_found(&ended, Violation::ReplyNotOfRows { call: 5 });
}

#[tokio::test]
async fn a_row_that_nobody_asked_for() {
    let mut ended = story().await;
    let copy = ended.copy(0);
    (copy.email, copy.phone_number) = (Some("someone@else.io".to_owned()), None);
    let contact = copy.id;
    assert_found(&ended, Violation::RowOfNoCall { contact });
}

#[tokio::test]
async fn a_merge_that_nothing_proves() {
    let mut ended = story().await;
    let (one, other) = (ended.id(0), ended.id(3));
    link(ended.contact(3), one);
    assert_found(&ended, Violation::Unproven { primary: one, one, other });
}

#[tokio::test]
async fn missing_evidence() {
    for missing in 0..5 {
        let mut ended = story().await;
        let event = ended.finale.events.remove(missing);
        let (contact, primary) = (event.contact, event.primary);
        let expected = match event.kind {
            EventKind::Merged => Violation::WrongEvidence { contact, replayed: contact, primary },
            _ => Violation::NoEvidence { contact },
        };
        assert_found(&ended, expected);
    }
}

#[tokio::test]
async fn a_creation_that_is_told_twice() {
    for (position, contact) in [(0, 0), (4, 3)] {
        let mut ended = story().await;
        let contact = ended.id(contact);
        let event = ended.finale.events[position].clone();
        assert_eq!((event.contact, event.kind), (contact, EventKind::Created));
        ended.finale.events.push(event);
        assert_found(&ended, Violation::EvidenceTwice { contact });
    }
}

#[tokio::test]
async fn a_merge_that_nobody_asked_for() {
    let mut ended = story().await;
    let merge = ended.finale.events.iter().position(|event| event.kind == EventKind::Merged).unwrap();
    // It names one identifier of each of the two, and no call asked for just these.
    let pair = asked(2, 1);
    let symbols = || pair.symbols();
    ended.finale.events[merge].by =
        symbols().map(|symbol| Identifier::new(symbol.kind(), symbol.value())).collect();
    let contact = ended.id(1);
    assert_eq!(ended.violations(), [Violation::EvidenceOfNoCall { position: merge, contact }]);
}

#[tokio::test]
async fn a_merge_into_the_younger_one() {
    let mut ended = story().await;
    let merge = ended.finale.events.iter().position(|event| event.kind == EventKind::Merged).unwrap();
    let (older, younger) = (ended.id(0), ended.id(1));
    let event = &mut ended.finale.events[merge];
    (event.contact, event.primary, event.previous_primary) = (older, younger, Some(older));
    assert_found(&ended, Violation::MergedIntoYounger { position: merge, contact: older });
}

#[tokio::test]
async fn evidence_that_cannot_be() {
    let base = story().await;
    let merge = base.finale.events.iter().position(|event| event.kind == EventKind::Merged).unwrap();
    let changed = |change: &dyn Fn(&mut RecordedEvent)| {
        let mut ended = base.clone();
        change(&mut ended.finale.events[merge]);
        ended
    };
    let contact = base.id(1);
    let out_of_order = Violation::EvidenceOutOfOrder { position: merge, contact };
    assert_found(&changed(&|event| event.previous_primary = None), out_of_order);
    assert_found(&changed(&|event| event.by.truncate(1)), out_of_order);
    let other_proof = base.finale.events.last().unwrap().by.clone();
    assert_found(&changed(&|event| event.by = other_proof.clone()), out_of_order);
    assert_found(&changed(&|event| event.kind = EventKind::Promoted), out_of_order);
    assert_found(&changed(&|event| event.kind = EventKind::Linked), out_of_order);
    let nobody = changed(&|event| event.contact = 77.into());
    assert_found(&nobody, Violation::EvidenceOfNobody { contact: 77.into() });
    let mut twice = base.clone();
    twice.finale.events.push(base.finale.events[merge].clone());
    let position = base.finale.events.len();
    assert_found(&twice, Violation::EvidenceOutOfOrder { position, contact });
}

#[tokio::test]
async fn a_half_of_a_call() {
    let mut ended = story().await;
    // Its worker was killed, and its row has the email only.
    let mut lost = ended.history.calls[5].clone();
    (lost.number, lost.asked) = (6, asked(8, 8));
    lost.attempts = vec![Attempt { begin: 50, outcome: Outcome::Lost }];
    ended.history.calls.push(lost);
    let copy = ended.copy(3);
    copy.email = asked(8, 0).email.map(Symbol::value);
    copy.phone_number = None;
    let contact = copy.id;
    assert_found(&ended, Violation::HalfApplied { call: 6, contact });
    // The whole of it may be there, and may be missing.
    ended.finale.contacts.pop();
    assert_eq!(ended.violations(), [Violation::NeverAnswered { call: 6 }]);
}
