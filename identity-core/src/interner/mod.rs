//! Each identifier once, under a number: what the graph and the audit of a table keep their knowledge by.
//!
//! Ten million rows pass through here, so it saves cache misses: the table keeps a part of the hash beside the number, and so
//! looks at no text that is another one, also when it grows; the texts lie one after another in few blocks.

mod table;

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::identifier::IdentifierKind;
use table::Table;

/// The number of an identifier within one interner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct IdentifierSlot(u32);

#[cfg(feature = "memory")]
impl IdentifierSlot {
    /// The one with this number.
    pub(crate) fn numbered(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

/// Identifiers, each with what `T` says of it.
#[derive(Clone)]
pub(crate) struct Interner<T> {
    table: Table,
    entries: Vec<Entry<T>>,
    texts: Texts,
    hasher: DefaultHashBuilder,
}

#[derive(Clone)]
struct Entry<T> {
    value: Text,
    kind: IdentifierKind,
    about: T,
}

/// Where a text lies.
#[derive(Clone, Copy)]
struct Text {
    block: u32,
    start: u32,
    length: u32,
}

/// Texts, in blocks that are never moved.
#[derive(Clone, Default)]
struct Texts {
    blocks: Vec<String>,
    /// Empty ones, left from before.
    spare: Vec<String>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self {
            table: Table::default(),
            entries: Vec::new(),
            texts: Texts::default(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl<T: Default> Interner<T> {
    /// The number of an identifier, if it has one.
    pub(crate) fn find(&self, kind: IdentifierKind, value: &str) -> Option<IdentifierSlot> {
        let hash = self.hash(kind, value);
        let Self { table, entries, texts, .. } = self;
        table.find(hash, |slot| texts.hold(entries, slot, kind, value)).map(IdentifierSlot)
    }

    /// The number of an identifier, new where it had none.
    pub(crate) fn intern(&mut self, kind: IdentifierKind, value: &str) -> IdentifierSlot {
        self.intern_hashed(self.hash(kind, value), kind, value)
    }

    /// The same, by its hash.
    pub(crate) fn intern_hashed(&mut self, hash: u32, kind: IdentifierKind, value: &str) -> IdentifierSlot {
        let Self { table, entries, texts, .. } = self;
        let slot = match table.find_or_vacancy(hash, |slot| texts.hold(entries, slot, kind, value)) {
            Ok(slot) => slot,
            Err(vacancy) => {
                let slot = entries.len() as u32;
                table.fill(vacancy, hash, slot);
                entries.push(Entry { value: texts.add(value), kind, about: T::default() });
                slot
            }
        };
        IdentifierSlot(slot)
    }

    /// How many there are.
    #[cfg(feature = "memory")]
    pub(crate) fn count(&self) -> u32 {
        self.entries.len() as u32
    }

    /// Identifiers that are known by their numbers alone, and cannot be found.
    #[cfg(feature = "memory")]
    pub(crate) fn anonymous(kinds: impl Iterator<Item = IdentifierKind>) -> Self {
        let value = Text { block: 0, start: 0, length: 0 };
        let mut texts = Texts::default();
        texts.add("");
        let entries = kinds.map(|kind| Entry { value, kind, about: T::default() }).collect();
        Self { entries, texts, ..Self::default() }
    }

    /// Forgets all of them, and keeps the room that they took.
    pub(crate) fn clear(&mut self) {
        self.table.clear();
        self.entries.clear();
        self.texts.clear();
    }

    pub(crate) fn kind(&self, slot: IdentifierSlot) -> IdentifierKind {
        self.entries[slot.0 as usize].kind
    }

    pub(crate) fn value(&self, slot: IdentifierSlot) -> &str {
        self.texts.get(self.entries[slot.0 as usize].value)
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

    /// The hash of an identifier. Where it will be looked for is fetched from memory meanwhile, if several are hashed before
    /// the first is looked for.
    #[cfg(feature = "memory")]
    pub(crate) fn hash_ahead(&self, kind: IdentifierKind, value: &str) -> u32 {
        let hash = self.hash(kind, value);
        std::hint::black_box(self.table.touch(hash));
        hash
    }

    fn hash(&self, kind: IdentifierKind, value: &str) -> u32 {
        let hash = self.hasher.hash_one((kind, value));
        (hash ^ (hash >> 32)) as u32
    }
}

impl Texts {
    const FIRST: usize = 1 << 10;
    const LARGEST: usize = 1 << 20;

    fn add(&mut self, value: &str) -> Text {
        let fits = |block: &String| block.capacity() - block.len() >= value.len();
        if !self.blocks.last().is_some_and(fits) {
            let block = self.spare.pop().filter(fits).unwrap_or_else(|| self.larger_block(value.len()));
            self.blocks.push(block);
        }
        let block = self.blocks.len() - 1;
        let text = &mut self.blocks[block];
        let start = text.len();
        text.push_str(value);
        Text { block: block as u32, start: start as u32, length: value.len() as u32 }
    }

    fn larger_block(&self, least: usize) -> String {
        let double = |block: &String| (2 * block.capacity()).min(Self::LARGEST);
        String::with_capacity(self.blocks.last().map_or(Self::FIRST, double).max(least))
    }

    /// Keeps the blocks, the largest for what comes first.
    fn clear(&mut self) {
        self.spare.append(&mut self.blocks);
        self.spare.iter_mut().for_each(String::clear);
        self.spare.sort_by_key(String::capacity);
    }

    fn get(&self, text: Text) -> &str {
        let start = text.start as usize;
        &self.blocks[text.block as usize][start..start + text.length as usize]
    }

    /// Whether the entry of `slot` is this identifier.
    fn hold<T>(&self, entries: &[Entry<T>], slot: u32, kind: IdentifierKind, value: &str) -> bool {
        let entry = &entries[slot as usize];
        entry.kind == kind && self.get(entry.value) == value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(interner: &Interner<u8>) -> usize {
        let Texts { blocks, spare } = &interner.texts;
        blocks.iter().chain(spare).map(String::capacity).sum()
    }

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
            assert_eq!(*taken.get_or_insert(room(&interner)), room(&interner));
            interner.clear();
        }
    }
}
