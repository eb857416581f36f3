//! From snapshots.

use std::collections::HashMap;

use hashbrown::HashSet;

use super::{ContactSlot, Graph, Node, StoredClaim};
use crate::changes::ContactRef;
use crate::contact::{Contact, ContactId, LinkPrecedence};
use crate::error::Error;
use crate::identifier::{Identifier, IdentifierKind};
use crate::interner::IdentifierSlot;
use crate::normalize::Normalizer;
use crate::snapshot::Snapshot;

impl Graph {
    /// The people of a snapshot that was asked for these identifiers.
    ///
    /// A stored value that is not normalised, since someone outside wrote it, is normalised here; one that cannot
    /// be is no identifier of anyone. Where the holder of a claim is deleted, or someone outside gave it another value,
    /// the identifier belongs to the oldest contact of its cluster that carries it, and else to nobody (SPEC, rule 5).
    ///
    /// # Errors
    /// [`Error::Unsound`] where a contact is linked in a way that the rules exclude.
    pub fn from_snapshot(
        snapshot: &Snapshot,
        asked: &[Identifier],
        normalizer: &Normalizer,
    ) -> Result<Self, Error> {
        let mut graph = Self::default();
        graph.absorb(snapshot, asked, normalizer)?;
        Ok(graph)
    }

    /// Adds the people of another snapshot, taken at another moment. Of a person that the graph knows already it keeps what
    /// it knows; what relies on that is checked by versions when it is committed.
    ///
    /// # Errors
    /// [`Error::Conflict`] where somebody else has added to a person that the graph knows: it is no longer of use. And as
    /// for [`from_snapshot`](Self::from_snapshot).
    pub(crate) fn absorb(
        &mut self,
        snapshot: &Snapshot,
        asked: &[Identifier],
        normalizer: &Normalizer,
    ) -> Result<(), Error> {
        (self.now, self.tick) = (self.now.max(snapshot.now), snapshot.tick);
        self.load_contacts(&snapshot.contacts, normalizer)?;
        for identifier in asked {
            let slot = self.identifiers.intern(identifier.kind, &identifier.value);
            if self.claims.get(slot) == StoredClaim::Unknown {
                self.claims.set(slot, StoredClaim::Free);
            }
        }
        for claim in &snapshot.claims {
            let slot = self.identifiers.intern(claim.identifier.kind, &claim.identifier.value);
            if matches!(self.claims.get(slot), StoredClaim::HeldBy(_)) {
                continue;
            }
            let carries = |holder: &ContactSlot| {
                let node = self.node(*holder);
                node.email == Some(slot) || node.phone == Some(slot)
            };
            let holder = self.by_id.get(claim.contact).filter(carries);
            self.claims.set(slot, StoredClaim::HeldBy(claim.contact));
            if holder.is_some() {
                *self.identifiers.about_mut(slot) = holder;
            }
        }
        Ok(())
    }

    fn load_contacts(&mut self, contacts: &[Contact], normalizer: &Normalizer) -> Result<(), Error> {
        let cluster = |contact: &Contact| contact.linked_id.unwrap_or(contact.id);
        let known: HashSet<ContactId> = match self.by_id.is_empty() {
            true => HashSet::new(),
            false => {
                let is_known = |contact: &&Contact| {
                    [contact.id, cluster(contact)].iter().any(|id| self.by_id.contains(*id))
                };
                contacts.iter().filter(is_known).map(cluster).collect()
            }
        };
        let first = self.contacts.len();
        let mut links = Vec::with_capacity(contacts.len());
        for contact in contacts {
            let is_here = self.by_id.contains(contact.id);
            if known.contains(&cluster(contact)) {
                if !is_here {
                    return Err(Error::conflict());
                }
            } else if !is_here {
                check_precedence(contact)?;
                let link = contact.linked_id;
                links.push((self.load_contact(contact, normalizer), link));
            }
        }
        self.load_links(first, &links)
    }

    fn load_contact(&mut self, contact: &Contact, normalizer: &Normalizer) -> ContactSlot {
        let email = contact.email.as_deref().and_then(|text| normalizer.email(text).ok().flatten());
        let phone = contact.phone_number.as_deref().and_then(|text| normalizer.phone(text).ok().flatten());
        let email = email.map(|value| self.identifiers.intern(IdentifierKind::Email, &value));
        let phone = phone.map(|value| self.identifiers.intern(IdentifierKind::Phone, &value));
        let slot = self.add(|slot| Node {
            key: ContactRef::Known(contact.id),
            email,
            phone,
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            next: slot,
        });
        for identifier in email.into_iter().chain(phone) {
            self.carries(slot, identifier);
        }
        slot
    }

    /// Notes that a contact carries an identifier: it is its holder unless a claim or an older one says otherwise.
    fn carries(&mut self, contact: ContactSlot, identifier: IdentifierSlot) {
        let holder = match self.held_by(identifier) {
            Some(other) if self.age(other) <= self.age(contact) => other,
            _ => contact,
        };
        *self.identifiers.about_mut(identifier) = Some(holder);
    }

    /// Links the contacts from slot `first` on.
    fn load_links(&mut self, first: usize, links: &[(ContactSlot, Option<ContactId>)]) -> Result<(), Error> {
        let mut orphans: HashMap<ContactId, Vec<ContactSlot>> = HashMap::new();
        let secondary = |slot: ContactSlot| links[slot.position() - first].1.is_some();
        for &(slot, link) in links {
            let Some(link) = link else { continue };
            match self.by_id.get(link) {
                Some(primary) if secondary(primary) => {
                    return Err(Error::Unsound {
                        contact: link,
                        problem: "it is a secondary and has secondaries",
                    });
                }
                Some(primary) => self.join(slot, primary),
                None => orphans.entry(link).or_default().push(slot),
            }
        }
        for (deleted, mut family) in orphans {
            family.sort_by_key(|slot| self.age(*slot));
            for slot in &family[1..] {
                self.join(*slot, family[0]);
            }
            self.orphaned.insert(family[0], deleted);
        }
        Ok(())
    }
}

fn check_precedence(contact: &Contact) -> Result<(), Error> {
    let problem = match (contact.link_precedence, contact.linked_id) {
        (LinkPrecedence::Primary, None) | (LinkPrecedence::Secondary, Some(_)) => return Ok(()),
        (LinkPrecedence::Primary, Some(_)) => "it is a primary with a linkedId",
        (LinkPrecedence::Secondary, None) => "it is a secondary without a linkedId",
    };
    Err(Error::Unsound { contact: contact.id, problem })
}
