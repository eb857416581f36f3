//! Each identifier once, under a number: what the graph and the audit of a table keep their knowledge by.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::identifier::IdentifierKind;

/// The number of an identifier within one interner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct IdentifierSlot(u32);

/// Identifiers, each with what `T` says of it.
#[derive(Clone)]
pub(crate) struct Interner<T> {
    table: HashTable<u32>,
    entries: Vec<Entry<T>>,
    hasher: DefaultHashBuilder,
}

#[derive(Clone)]
struct Entry<T> {
    kind: IdentifierKind,
    value: Box<str>,
    about: T,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { table: HashTable::new(), entries: Vec::new(), hasher: DefaultHashBuilder::default() }
    }
}

impl<T: Default> Interner<T> {
    /// The number of an identifier, if it has one.
    pub(crate) fn find(&self, kind: IdentifierKind, value: &str) -> Option<IdentifierSlot> {
        let hash = self.hasher.hash_one((kind, value));
        let entries = &self.entries;
        self.table.find(hash, |&slot| entries[slot as usize].is(kind, value)).copied().map(IdentifierSlot)
    }

    /// The number of an identifier, new where it had none.
    pub(crate) fn intern(&mut self, kind: IdentifierKind, value: &str) -> IdentifierSlot {
        let Self { table, entries, hasher } = self;
        let hash = hasher.hash_one((kind, value));
        let entry = table.entry(
            hash,
            |&slot| entries[slot as usize].is(kind, value),
            |&slot| hasher.hash_one((entries[slot as usize].kind, &*entries[slot as usize].value)),
        );
        let slot = *entry.or_insert_with(|| entries.len() as u32).get();
        if slot as usize == entries.len() {
            entries.push(Entry { kind, value: value.into(), about: T::default() });
        }
        IdentifierSlot(slot)
    }

    pub(crate) fn kind(&self, slot: IdentifierSlot) -> IdentifierKind {
        self.entries[slot.0 as usize].kind
    }

    pub(crate) fn value(&self, slot: IdentifierSlot) -> &str {
        &self.entries[slot.0 as usize].value
    }

    pub(crate) fn about(&self, slot: IdentifierSlot) -> &T {
        &self.entries[slot.0 as usize].about
    }

    pub(crate) fn about_mut(&mut self, slot: IdentifierSlot) -> &mut T {
        &mut self.entries[slot.0 as usize].about
    }

    #[cfg(feature = "conformance")]
    pub(crate) fn slots(&self) -> impl Iterator<Item = IdentifierSlot> + use<T> {
        (0..self.entries.len() as u32).map(IdentifierSlot)
    }
}

impl<T> Entry<T> {
    fn is(&self, kind: IdentifierKind, value: &str) -> bool {
        self.kind == kind && *self.value == *value
    }
}
