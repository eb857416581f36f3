//! The tables `Contact` and `ContactIdentifier`.

use identity_core::{Claim, Contact, ContactId, LinkPrecedence, Snapshot, Timestamp};

use super::identifiers::{Request, Value, Values};

/// A row of `Contact`. Times are small numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Row {
    pub(super) id: u8,
    pub(super) carries: Request,
    /// `None`: a primary.
    pub(super) linked_id: Option<u8>,
    pub(super) created_at: u8,
    /// Its version.
    pub(super) updated_at: u8,
}

impl Row {
    pub(super) fn cluster(&self) -> u8 {
        self.linked_id.unwrap_or(self.id)
    }

    pub(super) fn age(&self) -> (u8, u8) {
        (self.created_at, self.id)
    }

    fn contact(&self) -> Contact {
        let text = |value: Value| value.identifier().value.into_string();
        Contact {
            id: id(self.id),
            email: self.carries.email.map(Value::Email).map(text),
            phone_number: self.carries.phone.map(Value::Phone).map(text),
            linked_id: self.linked_id.map(id),
            link_precedence: match self.linked_id {
                Some(_) => LinkPrecedence::Secondary,
                None => LinkPrecedence::Primary,
            },
            created_at: Timestamp::from_micros(self.created_at.into()),
            updated_at: Timestamp::from_micros(self.updated_at.into()),
        }
    }
}

fn id(number: u8) -> ContactId {
    ContactId::from(i64::from(number))
}

/// What a server has stored. Also what a transaction writes: rows as they become.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Tables {
    /// By id.
    pub(super) contacts: Vec<Row>,
    /// Which contact claims an identifier, sorted.
    pub(super) claims: Vec<(Value, u8)>,
}

impl Tables {
    pub(super) fn contact(&self, id: u8) -> Option<&Row> {
        self.contacts.binary_search_by_key(&id, |row| row.id).ok().map(|at| &self.contacts[at])
    }

    pub(super) fn set_contact(&mut self, row: Row) {
        match self.contacts.binary_search_by_key(&row.id, |row| row.id) {
            Ok(at) => self.contacts[at] = row,
            Err(at) => self.contacts.insert(at, row),
        }
    }

    /// Without a look at the key: a mistaken protocol has none.
    pub(super) fn add_claim(&mut self, value: Value, contact: u8) {
        let at = self.claims.partition_point(|claim| *claim <= (value, contact));
        self.claims.insert(at, (value, contact));
    }

    pub(super) fn is_claimed(&self, value: Value) -> bool {
        self.claims.iter().any(|(claimed, _)| *claimed == value)
    }

    pub(super) fn is_linked_to(&self, primary: u8) -> impl Iterator<Item = &Row> {
        self.contacts.iter().filter(move |row| row.id == primary || row.linked_id == Some(primary))
    }

    pub(super) fn last_id(&self) -> u8 {
        self.contacts.last().map_or(0, |row| row.id)
    }

    /// Writes what a transaction wrote.
    pub(super) fn apply(&mut self, written: &Self) {
        for row in &written.contacts {
            self.set_contact(*row);
        }
        for (value, contact) in &written.claims {
            self.add_claim(*value, *contact);
        }
    }

    /// Whether both have written the row of one contact, or of one claim where those have a key.
    pub(super) fn collides(&self, other: &Self, claims_have_key: bool) -> bool {
        self.contacts.iter().any(|row| other.contact(row.id).is_some())
            || claims_have_key && self.claims.iter().any(|(value, _)| other.is_claimed(*value))
    }

    /// What a load of these identifiers sees: their claims, and the whole clusters that these lead to.
    pub(super) fn load(&self, asked: Values) -> Self {
        let is_asked = |(value, _): &&(Value, u8)| asked.contains(Values::from_iter([*value]));
        let claims: Vec<_> = self.claims.iter().filter(is_asked).copied().collect();
        let clusters: Vec<_> = claims.iter().map(|(_, holder)| self.cluster(*holder)).collect();
        let is_touched = |row: &&Row| clusters.contains(&row.cluster());
        Self { contacts: self.contacts.iter().filter(is_touched).copied().collect(), claims }
    }

    fn cluster(&self, contact: u8) -> u8 {
        self.contact(contact).map_or(contact, Row::cluster)
    }

    /// As the library is told of it.
    pub(super) fn snapshot(&self, now: u8) -> Snapshot {
        let claim = |(value, holder): &(Value, u8)| Claim {
            identifier: value.identifier(),
            contact: id(*holder),
            cluster: id(self.cluster(*holder)),
        };
        Snapshot {
            now: Timestamp::from_micros(now.into()),
            tick: 1,
            contacts: self.contacts.iter().map(Row::contact).collect(),
            claims: self.claims.iter().map(claim).collect(),
        }
    }

    /// The identifiers of each person, sorted.
    pub(super) fn people(&self) -> Vec<Values> {
        let primaries = self.contacts.iter().filter(|row| row.linked_id.is_none());
        let mut people: Vec<_> = primaries
            .map(|primary| {
                let members = self.is_linked_to(primary.id);
                members.fold(Values::default(), |all, member| all.union(member.carries.values()))
            })
            .collect();
        people.sort_unstable();
        people
    }
}
