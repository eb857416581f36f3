//! Looking into the memory store.

use async_trait::async_trait;

use super::{Inspect, RecordedEvent};
use crate::contact::{Contact, ContactId};
use crate::identifier::{Identifier, IdentifierPair};
use crate::store::MemoryStore;

#[async_trait]
impl Inspect for MemoryStore {
    async fn contacts(&self) -> Vec<Contact> {
        self.all_contacts()
    }

    async fn claims(&self) -> Vec<(Identifier, ContactId)> {
        self.all_claims()
    }

    async fn events(&self) -> Vec<RecordedEvent> {
        let id =
            |contact: crate::ContactRef| contact.resolve(&[]).expect("stored events name stored contacts");
        self.all_events()
            .iter()
            .map(|event| RecordedEvent {
                kind: event.kind,
                contact: id(event.contact),
                primary: id(event.primary),
                previous_primary: event.previous_primary.map(id),
                by: IdentifierPair::new(event.email.clone(), event.phone_number.clone())
                    .iter()
                    .flat_map(IdentifierPair::identifiers)
                    .collect(),
            })
            .collect()
    }

    async fn soft_delete(&self, contact: ContactId) {
        assert!(Self::soft_delete(self, contact), "a live contact to delete");
    }
}
