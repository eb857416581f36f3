//! One person with all contacts.

use super::{ContactSlot, Graph};
use crate::cluster::Cluster;
use crate::contact::{Contact, ContactId, LinkPrecedence};

impl Graph {
    /// The person with this primary; `None` where one of the contacts has no id yet.
    pub(crate) fn cluster(&self, primary: ContactSlot) -> Option<Cluster> {
        let contacts: Option<Vec<_>> =
            self.members_in_order(primary).into_iter().map(|member| self.row(member)).collect();
        Some(Cluster::new(self.id(primary)?, contacts?))
    }

    /// The stored contacts of a cluster.
    #[cfg(feature = "memory")]
    pub(super) fn rows(&self, primary: ContactSlot) -> impl Iterator<Item = Contact> + '_ {
        self.ring(primary).filter_map(|member| self.row(member))
    }

    fn row(&self, member: ContactSlot) -> Option<Contact> {
        let node = self.node(member);
        let linked_id: Option<ContactId> = self.linked_id(member);
        Some(Contact {
            id: self.id(member)?,
            email: node.email.map(|slot| self.identifiers.value(slot).to_owned()),
            phone_number: node.phone.map(|slot| self.identifiers.value(slot).to_owned()),
            linked_id,
            link_precedence: linked_id.map_or(LinkPrecedence::Primary, |_| LinkPrecedence::Secondary),
            created_at: node.created_at,
            updated_at: node.updated_at,
        })
    }
}
