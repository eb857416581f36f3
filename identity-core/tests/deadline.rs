//! What has a deadline, and what has none.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use async_trait::async_trait;
use identity_core::{
    Changes, ContactId, ContactStore, Error, ErrorKind, IdentifyRequest, IdentityResolver, MemoryStore,
    Query, Snapshot,
};

/// Takes a second for every question.
#[derive(Debug, Default)]
struct Slow(MemoryStore);

#[async_trait]
impl ContactStore for Slow {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.0.load(query).await
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        self.0.commit(changes).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_import_has_none_and_neither_has_its_last_question() {
    let resolver = IdentityResolver::new(Slow::default());
    let hasty = resolver.with_deadline(Duration::from_millis(50));
    let request = IdentifyRequest::new().email("doc@hillvalley.edu");
    let person = hasty.identify_many([request]).await.remove(0).unwrap();
    let primary = person.primary_contact_id;
    assert_eq!(hasty.primaries(&[primary]).await.unwrap(), [Some(primary)]);
    assert_eq!(hasty.get(primary).await.unwrap_err().kind(), ErrorKind::Timeout);
}
