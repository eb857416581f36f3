//! Replaying the evidence gives the clusters.

use std::collections::HashMap;

use identity_core::conformance::RecordedEvent;
use identity_core::{ContactId, EventKind};

use super::Violation;
use super::index::Index;
use crate::prove::finale::Finale;

pub(super) fn check(finale: &Finale, index: &Index) -> Vec<Violation> {
    let mut found = Vec::new();
    // Of each contact the one that it went over to; of a primary itself.
    let mut went_to: HashMap<ContactId, ContactId> = HashMap::new();
    for (position, event) in finale.events.iter().enumerate() {
        let contact = event.contact;
        if !index.rows.contains_key(&contact) {
            found.push(Violation::EvidenceOfNobody { contact });
        } else if !follows(event, &went_to, index) {
            found.push(Violation::EvidenceOutOfOrder { position, contact });
        }
        went_to.insert(contact, event.primary);
    }
    for row in index.rows.values() {
        let contact = row.id;
        match went_to.contains_key(&contact) {
            false => found.push(Violation::NoEvidence { contact }),
            true => {
                let replayed = root(contact, &went_to);
                if replayed != row.primary {
                    found.push(Violation::WrongEvidence { contact, replayed, primary: row.primary });
                }
            }
        }
    }
    found
}

/// Whether it could happen after what happened before, by a request that could do it.
fn follows(event: &RecordedEvent, went_to: &HashMap<ContactId, ContactId>, index: &Index) -> bool {
    let is_primary = |contact: ContactId| went_to.get(&contact) == Some(&contact);
    let is_new = !went_to.contains_key(&event.contact) && event.previous_primary.is_none();
    let by_both = event.by_email && event.by_phone;
    match event.kind {
        EventKind::Created => {
            let said = index.rows.get(&event.contact).map(|row| row.said);
            let by_its_own = said.is_some_and(|said| {
                (event.by_email, event.by_phone) == (said.email.is_some(), said.phone.is_some())
            });
            is_new && event.primary == event.contact && by_its_own
        }
        EventKind::Linked => is_new && event.primary != event.contact && is_primary(event.primary) && by_both,
        EventKind::Merged => {
            event.previous_primary == Some(event.contact)
                && event.primary != event.contact
                && is_primary(event.contact)
                && is_primary(event.primary)
                && by_both
        }
        // Nobody deletes or adopts anything in a run.
        EventKind::Promoted | EventKind::Adopted => false,
    }
}

/// Where a contact has gone in the end. Evidence that goes around in a circle, which is broken, ends somewhere on it.
fn root(contact: ContactId, went_to: &HashMap<ContactId, ContactId>) -> ContactId {
    let mut at = contact;
    for _ in 0..went_to.len() {
        match went_to.get(&at) {
            Some(next) if *next != at => at = *next,
            _ => break,
        }
    }
    at
}
