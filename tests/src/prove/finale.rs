use identity_core::conformance::{Inspect, RecordedEvent};
use identity_core::{Contact, ContactId, Identifier};

/// What the tables hold when all is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finale {
    /// The live contacts.
    pub contacts: Vec<Contact>,
    /// The claims.
    pub claims: Vec<(Identifier, ContactId)>,
    /// The evidence, in its order.
    pub events: Vec<RecordedEvent>,
}

impl Finale {
    /// Reads them.
    pub async fn read(store: &dyn Inspect) -> Self {
        Self { contacts: store.contacts().await, claims: store.claims().await, events: store.events().await }
    }
}
