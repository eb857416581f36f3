//! How long the lists of statements are.
//!
//! A prepared statement's text is the key under which driver and server keep it, so a text that changes with the number
//! of values would fill their caches and cost a round trip each. Lists of prepared statements therefore have few lengths:
//! lists of conditions are filled up by repeating their last entry, lists of rows are split. Where long statements are sent
//! as text instead ([`Statement::text`](super::statement::Statement::text)), lists may have any length; what counts is
//! how many bytes they take.

/// The lengths that lists of prepared statements have, except those of loads, see [`fill_up`].
const SHAPES: [usize; 5] = [1, 4, 16, 64, 256];

/// The most entries that a list of conditions has.
pub(crate) const LONGEST: usize = SHAPES[SHAPES.len() - 1];

/// How long the lists of a backend's statements are.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(all(feature = "mysql", feature = "sqlite")),
    allow(dead_code, reason = "each backend has one")
)]
pub(crate) enum Lengths {
    /// One of the fixed lengths.
    Fixed,
    /// Any length.
    Text {
        /// What the rows of one statement may take.
        bytes: usize,
        /// How many conditions there may be: the server looks through all choices of a CASE for each row.
        conditions: usize,
    },
}

impl Lengths {
    /// Splits rows to insert into lists; fixed ones the longest first. `size` tells about how many bytes a row takes.
    pub(crate) fn exact<T>(self, mut rows: &[T], size: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
        std::iter::from_fn(move || {
            let length = match self {
                Self::Fixed => SHAPES.into_iter().rev().find(|length| *length <= rows.len())?,
                Self::Text { .. } if rows.is_empty() => return None,
                Self::Text { bytes, .. } => {
                    let sizes = rows.iter().scan(0, |taken, row| {
                        *taken += size(row);
                        Some(*taken)
                    });
                    sizes.take_while(|taken| *taken <= bytes).count().max(1)
                }
            };
            let (chunk, rest) = rows.split_at(length);
            rows = rest;
            Some(chunk)
        })
    }

    /// Splits conditions into lists; fixed ones are filled up by repeating their last entry.
    pub(crate) fn padded<T: Clone>(self, entries: &[T]) -> impl Iterator<Item = Vec<T>> {
        match self {
            Self::Fixed => self.padded_up_to(LONGEST, entries),
            Self::Text { conditions, .. } => self.padded_up_to(conditions, entries),
        }
    }

    /// The same with so many conditions at most, other than there may be choices of a CASE.
    pub(crate) fn padded_up_to<T: Clone>(self, most: usize, entries: &[T]) -> impl Iterator<Item = Vec<T>> {
        let most = match self {
            Self::Fixed => SHAPES.into_iter().rev().find(|length| *length <= most).unwrap_or(1),
            Self::Text { .. } => most,
        };
        entries.chunks(most).map(move |chunk| {
            let length = match self {
                Self::Fixed => SHAPES.into_iter().find(|length| *length >= chunk.len()).unwrap_or(LONGEST),
                Self::Text { .. } => chunk.len(),
            };
            let mut filled = chunk.to_vec();
            if let Some(last) = chunk.last() {
                filled.resize(length, last.clone());
            }
            filled
        })
    }
}

/// Gives all lists of a load the same length, a power of two, by repeating their last entries: there are more lengths than
/// elsewhere, since a batch of 33 should not pay for 256 look-ups, but all lists of a statement share one.
pub(crate) fn fill_up<T: Copy>(lists: &mut [Option<Vec<T>>]) {
    let longest = lists.iter().flatten().map(Vec::len).max().unwrap_or_default();
    for list in lists.iter_mut().flatten() {
        if let Some(last) = list.last().copied() {
            list.resize(longest.next_power_of_two(), last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_rows_are_split_and_lists_of_conditions_filled_up() {
        let entries: Vec<usize> = (0..300).collect();
        let any = Lengths::Text { bytes: 640, conditions: 16 };
        for length in 0..=entries.len() {
            let split: Vec<&[usize]> = Lengths::Fixed.exact(&entries[..length], |_| 1).collect();
            assert!(split.iter().all(|list| SHAPES.contains(&list.len())));
            assert_eq!(split.concat(), entries[..length]);

            let filled: Vec<Vec<usize>> = Lengths::Fixed.padded(&entries[..length]).collect();
            assert!(filled.iter().all(|list| SHAPES.contains(&list.len())));
            let mut all = filled.concat();
            all.dedup();
            assert_eq!(all, entries[..length]);

            let split: Vec<&[usize]> = any.exact(&entries[..length], |_| 10).collect();
            assert_eq!(split.len(), length.div_ceil(64));
            assert_eq!(split.concat(), entries[..length]);

            let few: Vec<Vec<usize>> = Lengths::Fixed.padded_up_to(100, &entries[..length]).collect();
            assert!(few.iter().all(|list| list.len() <= 64 && SHAPES.contains(&list.len())));
            assert_eq!(few.len(), length.div_ceil(64));

            let conditions: Vec<Vec<usize>> = any.padded(&entries[..length]).collect();
            assert_eq!(conditions.len(), length.div_ceil(16));
            assert_eq!(conditions.concat(), entries[..length]);
        }
    }

    #[test]
    fn a_row_that_is_too_large_goes_alone() {
        let any = Lengths::Text { bytes: 10, conditions: 1 };
        let split: Vec<&[usize]> = any.exact(&[4, 6, 50, 1], |size| *size).collect();
        assert_eq!(split, [&[4, 6][..], &[50], &[1]]);
    }

    #[test]
    fn the_lists_of_a_load_have_one_length() {
        let mut lists = [Some(vec![1, 2, 3, 4, 5]), Some(vec![6]), None];
        fill_up(&mut lists);
        assert_eq!(lists, [Some(vec![1, 2, 3, 4, 5, 5, 5, 5]), Some(vec![6; 8]), None]);
    }
}
