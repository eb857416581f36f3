//! Where a hash leads: open addressing, for numbers that are only ever added.
//!
//! It is ordered by hash, as far as that goes. So it grows from its begin to its end instead of all over the place, and the
//! cell at which a search begins is known from the hash alone: [`Table::touch`] fetches it ahead of the search.

#[derive(Clone, Copy)]
struct Cell {
    hash: u32,
    slot: u32,
}

impl Cell {
    const EMPTY: Self = Self { hash: 0, slot: u32::MAX };

    fn is_empty(self) -> bool {
        self.slot == Self::EMPTY.slot
    }
}

/// Numbers by hash.
#[derive(Clone, Default)]
pub(super) struct Table {
    /// A power of two of them, or none.
    cells: Vec<Cell>,
    taken: usize,
}

/// A cell that is free for what was looked for.
pub(super) struct Vacancy(usize);

/// As much of a hash as a table keeps.
pub(super) fn shortened(hash: u64) -> u32 {
    (hash ^ (hash >> 32)) as u32
}

impl Table {
    const LEAST: usize = 16;

    /// The number of this hash that is the right one.
    pub(super) fn find(&self, hash: u32, is_right: impl Fn(u32) -> bool) -> Option<u32> {
        if self.cells.is_empty() { None } else { self.search(hash, is_right).ok() }
    }

    /// The same, or where it belongs; there is room for one more.
    pub(super) fn find_or_vacancy(
        &mut self,
        hash: u32,
        is_right: impl Fn(u32) -> bool,
    ) -> Result<u32, Vacancy> {
        if 4 * (self.taken + 1) > 3 * self.cells.len() {
            self.grow();
        }
        self.search(hash, is_right)
    }

    pub(super) fn fill(&mut self, Vacancy(position): Vacancy, hash: u32, slot: u32) {
        self.cells[position] = Cell { hash, slot };
        self.taken += 1;
    }

    /// Keeps the room that it took.
    pub(super) fn clear(&mut self) {
        self.cells.fill(Cell::EMPTY);
        self.taken = 0;
    }

    /// Looks at the cell at which the search for a hash begins. What it tells is of no use, having looked is.
    #[cfg(feature = "memory")]
    pub(super) fn touch(&self, hash: u32) -> u32 {
        self.cells.get(self.home(hash)).map_or(0, |cell| cell.slot)
    }

    /// Ends, since there are always free cells.
    fn search(&self, hash: u32, is_right: impl Fn(u32) -> bool) -> Result<u32, Vacancy> {
        let mut position = self.home(hash);
        loop {
            let cell = self.cells[position];
            if cell.is_empty() {
                return Err(Vacancy(position));
            }
            if cell.hash == hash && is_right(cell.slot) {
                return Ok(cell.slot);
            }
            position = (position + 1) & (self.cells.len() - 1);
        }
    }

    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.cells.len() as u64) >> 32) as usize
    }

    fn grow(&mut self) {
        let larger = vec![Cell::EMPTY; (2 * self.cells.len()).max(Self::LEAST)];
        let before = std::mem::replace(&mut self.cells, larger);
        for cell in before.into_iter().filter(|cell| !cell.is_empty()) {
            if let Err(Vacancy(position)) = self.search(cell.hash, |_| false) {
                self.cells[position] = cell;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes that are all the same, that meet at both ends, and that are spread.
    #[test]
    fn finds_what_was_put_in_and_nothing_else() {
        for hash_of in [|_| u32::MAX, |n| n % 3 * (u32::MAX / 2), |n: u32| n.wrapping_mul(0x9E37_79B9)] {
            let mut table = Table::default();
            assert!(table.find(hash_of(0), |_| true).is_none());
            for n in 0..1_000 {
                let vacancy = table.find_or_vacancy(hash_of(n), |slot| slot == n).err();
                table.fill(vacancy.expect("it is new"), hash_of(n), n);
            }
            for n in 0..1_000 {
                assert_eq!(table.find(hash_of(n), |slot| slot == n), Some(n));
                assert_eq!(table.find_or_vacancy(hash_of(n), |slot| slot == n).ok(), Some(n));
            }
            assert!(table.find(hash_of(1_000), |slot| slot == 1_000).is_none());
        }
    }
}
