//! Contacts by id.

#[cfg(any(test, feature = "memory"))]
use std::ops::Index;

use hashbrown::HashMap;

use super::ContactSlot;
use crate::contact::ContactId;

/// Contacts by id. Where ids count from 1 without a gap, as in the memory store and in an import into an empty table, they
/// are a list: it takes less room than a map, and grows without being shuffled.
#[derive(Clone, Default)]
pub(super) struct ById {
    /// From id 1 on.
    counted: Vec<Option<ContactSlot>>,
    others: HashMap<ContactId, ContactSlot>,
}

impl ById {
    pub(super) fn get(&self, id: ContactId) -> Option<ContactSlot> {
        match self.position(id) {
            Some(position) => self.counted[position],
            None => self.others.get(&id).copied(),
        }
    }

    pub(super) fn contains(&self, id: ContactId) -> bool {
        self.get(id).is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.others.is_empty() && self.counted.iter().all(Option::is_none)
    }

    pub(super) fn insert(&mut self, id: ContactId, slot: ContactSlot) {
        if let Some(position) = self.position(id) {
            self.counted[position] = Some(slot);
        } else if usize::try_from(id.get()) == Ok(self.counted.len() + 1) {
            self.counted.push(Some(slot));
            // It may have come before the one that it follows, and would be found there no longer.
            self.others.remove(&id);
        } else {
            self.others.insert(id, slot);
        }
    }

    /// Keeps the room that it took.
    pub(super) fn clear(&mut self) {
        self.counted.clear();
        self.others.clear();
    }

    #[cfg(any(test, feature = "memory"))]
    pub(super) fn remove(&mut self, id: ContactId) -> Option<ContactSlot> {
        match self.position(id) {
            Some(position) => self.counted[position].take(),
            None => self.others.remove(&id),
        }
    }

    #[cfg(feature = "conformance")]
    pub(super) fn slots(&self) -> impl Iterator<Item = ContactSlot> {
        self.counted.iter().copied().flatten().chain(self.others.values().copied())
    }

    /// Where it is in the list, if it is one of those.
    fn position(&self, id: ContactId) -> Option<usize> {
        let position = usize::try_from(id.get()).ok()?.checked_sub(1)?;
        (position < self.counted.len()).then_some(position)
    }
}

#[cfg(any(test, feature = "memory"))]
impl Index<ContactId> for ById {
    type Output = ContactSlot;

    /// Of one that is there.
    fn index(&self, id: ContactId) -> &ContactSlot {
        match self.position(id).and_then(|position| self.counted[position].as_ref()) {
            Some(slot) => slot,
            None => &self.others[&id],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_map_whatever_the_order() {
        let slot = |n: i64| ContactSlot::new(n as usize);
        for ids in [[1, 2, 3, 4], [4, 3, 2, 1], [2, 1, 3, 9], [-1, 0, 1, i64::MAX]] {
            let mut by_id = ById::default();
            assert!(by_id.is_empty());
            for (n, id) in ids.into_iter().enumerate() {
                assert!(!by_id.contains(id.into()));
                by_id.insert(id.into(), ContactSlot::new(n));
                by_id.insert(id.into(), slot(id.rem_euclid(1_000)));
            }
            for id in ids.map(ContactId::from) {
                assert_eq!(by_id.get(id), Some(slot(id.get().rem_euclid(1_000))));
                assert_eq!(by_id[id], slot(id.get().rem_euclid(1_000)));
                assert!(by_id.remove(id).is_some());
                assert_eq!((by_id.get(id), by_id.remove(id)), (None, None));
            }
            assert!(by_id.is_empty());
        }
    }
}
