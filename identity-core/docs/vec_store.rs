use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use identity_core::{
    Changes, Claim, Contact, ContactId, ContactStore, Error, Identifier, IdentifyRequest, IdentityResolver,
    LinkPrecedence, Query, Snapshot, Timestamp,
};

/// Contacts in a list, id 1 first. Nobody outside deletes from it.
#[derive(Debug, Default)]
struct VecStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    contacts: Vec<Contact>,
    claims: BTreeMap<Identifier, ContactId>,
}

impl Tables {
    fn contact(&mut self, id: ContactId) -> &mut Contact {
        &mut self.contacts[id.get() as usize - 1]
    }

    fn cluster(&mut self, id: ContactId) -> ContactId {
        self.contact(id).linked_id.unwrap_or(id)
    }
}

#[async_trait]
impl ContactStore for VecStore {
    async fn load(&self, query: Query<'_>) -> Result<Snapshot, Error> {
        // The lock makes it one moment.
        let mut tables = self.0.lock().expect("no panic while locked");
        let mut snapshot = Snapshot { now: Timestamp::now(), ..Snapshot::default() };
        let mut clusters = Vec::new();
        for identifier in query.identifiers {
            if let Some(&contact) = tables.claims.get(identifier) {
                let cluster = tables.cluster(contact);
                snapshot.claims.push(Claim { identifier: identifier.clone(), contact, cluster });
                clusters.push(cluster);
            }
        }
        let last = tables.contacts.len() as i64;
        for &id in query.contacts.iter().filter(|id| (1..=last).contains(&id.get())) {
            clusters.push(tables.cluster(id));
        }
        let touched = |contact: &&Contact| clusters.contains(&contact.linked_id.unwrap_or(contact.id));
        snapshot.contacts = tables.contacts.iter().filter(touched).cloned().collect();
        Ok(snapshot)
    }

    async fn commit(&self, changes: &Changes) -> Result<Vec<ContactId>, Error> {
        let mut tables = self.0.lock().expect("no panic while locked");
        // First check everything, so that a conflict writes nothing.
        for touch in &changes.touched {
            if tables.contact(touch.seen.contact).version() != touch.seen {
                return Err(Error::conflict());
            }
        }
        if changes
            .claims
            .iter()
            .any(|claim| tables.claims.get(&claim.identifier).copied() != claim.taken_from)
        {
            return Err(Error::conflict());
        }
        // Then write it: what is touched gets its next version,
        for touch in &changes.touched {
            tables.contact(touch.seen.contact).updated_at = touch.becomes;
        }
        // new contacts get the next ids, in order,
        let first = tables.contacts.len() as i64 + 1;
        let ids: Vec<_> = (first..).take(changes.created.len()).map(ContactId::from).collect();
        for (new, id) in changes.created.iter().zip(&ids) {
            let linked_id = new.linked_to.and_then(|primary| primary.resolve(&ids));
            tables.contacts.push(Contact {
                id: *id,
                email: new.email.as_deref().map(str::to_owned),
                phone_number: new.phone_number.as_deref().map(str::to_owned),
                linked_id,
                link_precedence: linked_id.map_or(LinkPrecedence::Primary, |_| LinkPrecedence::Secondary),
                created_at: new.created_at,
                updated_at: new.created_at,
            });
        }
        // identifiers get their holders,
        for claim in &changes.claims {
            let holder = claim.contact.resolve(&ids).expect("an id for each new contact");
            tables.claims.insert(claim.identifier.clone(), holder);
        }
        // and merged clusters their new primary.
        for relink in &changes.relinked {
            let to = relink.to.resolve(&ids);
            for contact in &mut tables.contacts {
                if contact.id == relink.from || contact.linked_id == Some(relink.from) {
                    contact.linked_id = to;
                    contact.link_precedence = LinkPrecedence::Secondary;
                }
            }
        }
        // A real store keeps `changes.events` too, and heeds `changes.promoted`, which is empty here.
        Ok(ids)
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let resolver = IdentityResolver::new(VecStore::default());
    resolver.identify(IdentifyRequest::new().email("george@hillvalley.edu").phone_number("919191")).await?;
    resolver.identify(IdentifyRequest::new().email("biff@hillvalley.edu").phone_number("717171")).await?;
    let merged = resolver
        .identify(IdentifyRequest::new().email("george@hillvalley.edu").phone_number("717171"))
        .await?;
    assert_eq!(merged.phone_numbers, ["919191", "717171"]);
    Ok(())
}
