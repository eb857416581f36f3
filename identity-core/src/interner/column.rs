//! The values of a column that is all at hand, each under a number.
//!
//! An interner of millions of values waits for memory at every look-up: for the table, and for the text that it leads to.
//! Here the values are dealt out first, by their hashes, to parts of a few thousand each, one after another as the texts come;
//! then each part is looked through by itself, while it and its table are in the processor's caches.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use super::table::{Table, shortened};

/// The rows of a part, more or less, until there are so many parts.
const ROWS_OF_A_PART: usize = 1 << 13;

/// More would be more pages to write to than the processor has at hand. Of ten million rows, parts of 64 are still small enough
/// to be looked through quickly; measured, 16 to 512 parts.
const MOST_PARTS: usize = 64;

/// A column, whose values are taken in row by row.
pub(crate) struct ColumnValues {
    /// A power of two of them.
    parts: Vec<Part>,
    hasher: DefaultHashBuilder,
}

/// The values with certain hashes.
#[derive(Clone, Default)]
struct Part {
    values: Vec<Value>,
    /// One after another. It grows where it lies, as large allocations do.
    texts: Vec<u8>,
}

/// A value, whose text follows that of the value before.
#[derive(Clone, Copy)]
struct Value {
    row: u32,
    length: u32,
}

impl ColumnValues {
    /// What [`numbers`](Self::numbers) has for rows without a value.
    pub(crate) const ABSENT: u32 = u32::MAX;

    /// One of about so many rows.
    pub(crate) fn of(rows: usize) -> Self {
        let parts = (rows / ROWS_OF_A_PART).next_power_of_two().min(MOST_PARTS);
        Self { parts: vec![Part::default(); parts], hasher: DefaultHashBuilder::default() }
    }

    /// Takes in the value of a row, which comes after those before.
    pub(crate) fn add(&mut self, row: u32, value: &str) {
        let text = value.as_bytes();
        // A table looks at the other end of the hash.
        let part = hash(&self.hasher, text) as usize & (self.parts.len() - 1);
        let Part { values, texts } = &mut self.parts[part];
        values.push(Value { row, length: text.len() as u32 });
        texts.extend_from_slice(text);
    }

    /// The numbers of the values, for so many rows, and how many there are. They are counted from 0, in the order of the rows.
    pub(crate) fn numbers(self, rows: usize) -> (Vec<u32>, u32) {
        let mut numbers = vec![Self::ABSENT; rows];
        for part in self.parts {
            part.first_rows(&self.hasher, &mut numbers);
        }
        // So far each row has the first row with its value.
        let mut distinct = 0;
        for row in 0..rows {
            numbers[row] = match numbers[row] {
                Self::ABSENT => continue,
                first if first as usize == row => {
                    distinct += 1;
                    distinct - 1
                }
                first => numbers[first as usize],
            };
        }
        (numbers, distinct)
    }
}

impl Part {
    /// Notes for each row the first with the same value.
    fn first_rows(&self, hasher: &DefaultHashBuilder, firsts: &mut [u32]) {
        let mut table = Table::default();
        // Each value once, and its first row.
        let mut known: Vec<(&[u8], u32)> = Vec::new();
        let mut rest = self.texts.as_slice();
        for value in &self.values {
            let (text, behind) = rest.split_at(value.length as usize);
            rest = behind;
            let hash = hash(hasher, text);
            let first = match table.find_or_vacancy(hash, |number| known[number as usize].0 == text) {
                Ok(number) => known[number as usize].1,
                Err(vacancy) => {
                    table.fill(vacancy, hash, known.len() as u32);
                    known.push((text, value.row));
                    value.row
                }
            };
            firsts[value.row as usize] = first;
        }
    }
}

fn hash(hasher: &DefaultHashBuilder, text: &[u8]) -> u32 {
    shortened(hasher.hash_one(text))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_counted_by_first_appearance(
            values in prop::collection::vec(prop::option::of("[a-c]{0,3}"), 0..200),
            parts in 0..10_u32,
        ) {
            let mut column = ColumnValues::of(ROWS_OF_A_PART << parts);
            let mut known = HashMap::new();
            let mut expected = Vec::new();
            for (row, value) in (0..).zip(&values) {
                if let Some(value) = value {
                    column.add(row, value);
                }
                let next = known.len() as u32;
                let number = value.as_ref().map(|value| *known.entry(value).or_insert(next));
                expected.push(number.unwrap_or(ColumnValues::ABSENT));
            }
            prop_assert_eq!(column.numbers(values.len()), (expected, known.len() as u32));
        }
    }
}
