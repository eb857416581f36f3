//! What the memory store cannot do without: a hash map for each kind of identifier, and union-find. It keeps no contact, no
//! evidence and no copy of a string.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use identity_core::{IdentifyRequest, PhoneNumber};

/// People by their identifiers.
#[derive(Debug, Default)]
pub(crate) struct UnionFind<'r> {
    emails: HashMap<&'r str, u32>,
    phones: HashMap<&'r str, u32>,
    parents: Vec<u32>,
    people: u64,
}

impl<'r> UnionFind<'r> {
    /// The person that a request leads to.
    pub(crate) fn identify(&mut self, request: &'r IdentifyRequest) -> u32 {
        let phone = match &request.phone_number {
            Some(PhoneNumber::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let email = request.email.as_deref().map(|email| self.emails.entry(email));
        let phone = phone.map(|phone| self.phones.entry(phone));
        let known = |entry: &Option<Entry<'_, &str, u32, _>>| match entry {
            Some(Entry::Occupied(entry)) => Some(*entry.get()),
            _ => None,
        };
        let person = match (known(&email), known(&phone)) {
            (Some(one), Some(other)) => union(&mut self.parents, &mut self.people, one, other),
            (Some(one), None) | (None, Some(one)) => find(&mut self.parents, one),
            (None, None) => {
                let person = self.parents.len() as u32;
                self.parents.push(person);
                self.people += 1;
                person
            }
        };
        for entry in [email, phone].into_iter().flatten() {
            entry.or_insert(person);
        }
        person
    }

    /// How many people there are.
    pub(crate) fn people(&self) -> u64 {
        self.people
    }
}

/// With path halving.
fn find(parents: &mut [u32], mut person: u32) -> u32 {
    while parents[person as usize] != person {
        let above = parents[parents[person as usize] as usize];
        parents[person as usize] = above;
        person = above;
    }
    person
}

/// The older one stays.
fn union(parents: &mut [u32], people: &mut u64, one: u32, other: u32) -> u32 {
    let (one, other) = (find(parents, one), find(parents, other));
    if one != other {
        parents[one.max(other) as usize] = one.min(other);
        *people -= 1;
    }
    one.min(other)
}
