use std::collections::{BTreeMap, HashMap};

use identity_core::{Contact, ContactId, IdentifierKind, Timestamp};

use crate::prove::finale::Finale;
use crate::prove::plan::Asked;
use crate::prove::symbol::Symbol;

/// The final rows by id, and whose each identifier is.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) rows: BTreeMap<ContactId, Row>,
    person_of: HashMap<Symbol, ContactId>,
}

/// A row of `Contact`, in symbols.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: ContactId,
    /// Its identifiers, as a call asked them.
    pub(super) said: Asked,
    /// What `linkedId` says, and its own id where that is NULL.
    pub(super) primary: ContactId,
    created_at: Timestamp,
}

impl Row {
    fn of(contact: &Contact) -> Self {
        let symbol = |kind, value: &Option<String>| value.as_deref().map(|value| Symbol::of(kind, value));
        Self {
            id: contact.id,
            said: Asked {
                email: symbol(IdentifierKind::Email, &contact.email),
                phone: symbol(IdentifierKind::Phone, &contact.phone_number),
            },
            primary: contact.linked_id.unwrap_or(contact.id),
            created_at: contact.created_at,
        }
    }

    /// What the older one of two is told by (SPEC, rule 3).
    pub(super) fn age(&self) -> (Timestamp, ContactId) {
        (self.created_at, self.id)
    }
}

impl Index {
    pub(super) fn new(finale: &Finale) -> Self {
        let rows: BTreeMap<_, _> =
            finale.contacts.iter().map(|contact| (contact.id, Row::of(contact))).collect();
        let mut person_of = HashMap::new();
        for row in rows.values() {
            for symbol in row.said.symbols() {
                // Of several people it is the oldest's; that there are several is found elsewhere.
                person_of.entry(symbol).or_insert(row.primary);
            }
        }
        Self { rows, person_of }
    }

    /// The primary of the cluster that carries an identifier.
    pub(super) fn person(&self, symbol: Symbol) -> Option<ContactId> {
        self.person_of.get(&symbol).copied()
    }

    /// The rows of each cluster, by its primary.
    pub(super) fn clusters(&self) -> BTreeMap<ContactId, Vec<&Row>> {
        let mut clusters = BTreeMap::<_, Vec<_>>::new();
        for row in self.rows.values() {
            clusters.entry(row.primary).or_default().push(row);
        }
        clusters
    }
}
