//! One person as callers see it: the primary's identifiers first, then those of the secondaries by age, each once.

use std::collections::HashSet;

use super::{ContactSlot, Graph};
use crate::changes::Draft;
#[cfg(feature = "memory")]
use crate::contact::ContactId;
use crate::interner::IdentifierSlot;
#[cfg(feature = "memory")]
use crate::person::Person;

/// What was found of a person. The room is used again for the next.
#[derive(Default)]
pub(crate) struct Found {
    /// The primary, then the others by age.
    members: Vec<ContactSlot>,
    emails: Distinct,
    phones: Distinct,
    #[cfg(feature = "memory")]
    secondaries: Vec<ContactId>,
}

impl Graph {
    /// What a caller is told of the person with this primary.
    pub fn describe(&self, primary: ContactSlot) -> Draft {
        let mut found = Found::default();
        self.look_at(primary, &mut found);
        let values = |of: &Distinct| of.slots.iter().map(|slot| self.value(*slot).to_owned()).collect();
        Draft {
            primary: self.key(primary),
            emails: values(&found.emails),
            phone_numbers: values(&found.phones),
            secondaries: found.members[1..].iter().map(|member| self.key(*member)).collect(),
        }
    }

    /// The same in place. `None` where a contact has no id yet.
    #[cfg(feature = "memory")]
    pub(crate) fn person<'p>(&'p self, primary: ContactSlot, found: &'p mut Found) -> Option<Person<'p>> {
        self.look_at(primary, found);
        found.secondaries.clear();
        for member in &found.members[1..] {
            found.secondaries.push(self.id(*member)?);
        }
        let Found { emails, phones, secondaries, .. } = found;
        Some(Person::in_graph(self, self.id(primary)?, &emails.slots, &phones.slots, secondaries))
    }

    /// The primary, then the others by age.
    pub(super) fn members_in_order(&self, primary: ContactSlot) -> Vec<ContactSlot> {
        let mut members = Vec::new();
        self.put_members(primary, &mut members);
        members
    }

    pub(crate) fn value(&self, identifier: IdentifierSlot) -> &str {
        self.identifiers.value(identifier)
    }

    fn look_at(&self, primary: ContactSlot, found: &mut Found) {
        let Found { members, emails, phones, .. } = found;
        self.put_members(primary, members);
        emails.clear();
        phones.clear();
        for member in members {
            let node = self.node(*member);
            emails.add(node.email);
            phones.add(node.phone);
        }
    }

    fn put_members(&self, primary: ContactSlot, members: &mut Vec<ContactSlot>) {
        members.clear();
        members.extend(self.ring(primary));
        members[1..].sort_by_key(|slot| self.age(*slot));
    }
}

/// Identifiers in order of first appearance.
#[derive(Default)]
struct Distinct {
    slots: Vec<IdentifierSlot>,
    /// Only filled when there are so many that looking through them would be slower.
    seen: HashSet<IdentifierSlot>,
}

impl Distinct {
    const FEW: usize = 16;

    fn add(&mut self, slot: Option<IdentifierSlot>) {
        let Some(slot) = slot else { return };
        if self.slots.len() < Self::FEW {
            if !self.slots.contains(&slot) {
                self.slots.push(slot);
            }
            return;
        }
        if self.seen.is_empty() {
            self.seen.extend(self.slots.iter().copied());
        }
        if self.seen.insert(slot) {
            self.slots.push(slot);
        }
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.seen.clear();
    }
}
