//! Each identifier once, under a number: what the graph and the audit of a table keep their knowledge by.
//!
//! Ten million rows pass through here, so it saves cache misses: the table keeps a part of the hash beside the number, and so
//! looks at no text that is another one, also when it grows; the texts lie one after another in few blocks.

#[cfg(feature = "memory")]
mod column;
mod table;
mod texts;

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::identifier::IdentifierKind;
use table::{Table, shortened};
use texts::{Text, Texts};

#[cfg(feature = "memory")]
pub(crate) use column::ColumnValues;

/// The number of an identifier within one interner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct IdentifierSlot(u32);

impl IdentifierSlot {
    /// The one with this number.
    #[cfg(feature = "memory")]
    pub(crate) fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// Its number, counted from 0.
    pub(crate) fn position(self) -> usize {
        self.0 as usize
    }
}

/// Identifiers, each with what `T` says of it.
#[derive(Clone)]
pub(crate) struct Interner<T> {
    table: Table,
    entries: Vec<Entry>,
    /// By identifier. Not among the entries: whoever has the number of an identifier asks for this alone.
    about: Vec<T>,
    texts: Texts,
    hasher: DefaultHashBuilder,
}

#[derive(Clone)]
struct Entry {
    value: Text,
    kind: IdentifierKind,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self {
            table: Table::default(),
            entries: Vec::new(),
            about: Vec::new(),
            texts: Texts::default(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl<T: Clone + Default> Interner<T> {
    /// The number of an identifier, if it has one.
    pub(crate) fn find(&self, kind: IdentifierKind, value: &str) -> Option<IdentifierSlot> {
        let hash = self.hash(kind, value);
        let Self { table, entries, texts, .. } = self;
        table.find(hash, |slot| is_of(&entries[slot as usize], texts, kind, value)).map(IdentifierSlot)
    }

    /// The number of an identifier, new where it had none.
    pub(crate) fn intern(&mut self, kind: IdentifierKind, value: &str) -> IdentifierSlot {
        self.intern_hashed(self.hash(kind, value), kind, value)
    }

    /// The same, by its hash.
    pub(crate) fn intern_hashed(&mut self, hash: u32, kind: IdentifierKind, value: &str) -> IdentifierSlot {
        let Self { table, entries, about, texts, .. } = self;
        let slot =
            match table.find_or_vacancy(hash, |slot| is_of(&entries[slot as usize], texts, kind, value)) {
                Ok(slot) => slot,
                Err(vacancy) => {
                    let slot = entries.len() as u32;
                    table.fill(vacancy, hash, slot);
                    entries.push(Entry { value: texts.add(value), kind });
                    about.push(T::default());
                    slot
                }
            };
        IdentifierSlot(slot)
    }

    /// So many identifiers that are known by their numbers alone: they have no kind and no value, and cannot be found.
    #[cfg(feature = "memory")]
    pub(crate) fn anonymous(count: usize) -> Self {
        Self { about: vec![T::default(); count], ..Self::default() }
    }

    /// Forgets all of them, and keeps the room that they took.
    pub(crate) fn clear(&mut self) {
        self.table.clear();
        self.entries.clear();
        self.about.clear();
        self.texts.clear();
    }

    pub(crate) fn kind(&self, slot: IdentifierSlot) -> IdentifierKind {
        self.entries[slot.position()].kind
    }

    pub(crate) fn value(&self, slot: IdentifierSlot) -> &str {
        self.texts.get(self.entries[slot.position()].value)
    }

    pub(crate) fn about(&self, slot: IdentifierSlot) -> &T {
        &self.about[slot.position()]
    }

    pub(crate) fn about_mut(&mut self, slot: IdentifierSlot) -> &mut T {
        &mut self.about[slot.position()]
    }

    #[cfg(feature = "conformance")]
    pub(crate) fn slots(&self) -> impl Iterator<Item = IdentifierSlot> + use<T> {
        (0..self.entries.len() as u32).map(IdentifierSlot)
    }

    /// The hashes of some identifiers that will be looked for soon. What the look-ups compare with is fetched from memory
    /// here, step by step for all of them: by itself each would wait for the table, then for an entry, then for a text.
    #[cfg(feature = "memory")]
    pub(crate) fn hash_ahead<const N: usize>(
        &self,
        identifiers: [Option<(IdentifierKind, &str)>; N],
    ) -> [Option<u32>; N] {
        let hashes = identifiers.map(|identifier| identifier.map(|(kind, value)| self.hash(kind, value)));
        std::hint::black_box(hashes.map(|hash| Some(self.table.touch(hash?))));
        let slots = hashes.map(|hash| self.table.find(hash?, |_| true));
        let texts = slots.map(|slot| Some(self.entries[slot? as usize].value));
        std::hint::black_box(texts.map(|text| self.texts.get(text?).bytes().next()));
        hashes
    }

    fn hash(&self, kind: IdentifierKind, value: &str) -> u32 {
        shortened(self.hasher.hash_one((kind, value)))
    }
}

/// Whether an entry is this identifier.
fn is_of(entry: &Entry, texts: &Texts, kind: IdentifierKind, value: &str) -> bool {
    entry.kind == kind && texts.get(entry.value) == value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_forgotten_is_new_again_in_the_same_room() {
        let mut interner = Interner::<u8>::default();
        let value = |n: u32| format!("{n}@hillvalley.edu");
        let mut taken = None;
        for _ in 0..5 {
            for n in 0..5_000 {
                assert!(interner.find(IdentifierKind::Email, &value(n)).is_none());
                let slot = interner.intern(IdentifierKind::Email, &value(n));
                *interner.about_mut(slot) = 1;
            }
            for n in 0..5_000 {
                let slot = interner.find(IdentifierKind::Email, &value(n)).expect("it is there");
                assert_eq!((interner.value(slot), *interner.about(slot)), (&*value(n), 1));
            }
            assert_eq!(*taken.get_or_insert(interner.texts.room()), interner.texts.room());
            interner.clear();
        }
    }
}
