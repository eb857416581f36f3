//! Who is with whom, in a few letters, so that programs in different languages can be held against each other.

use std::collections::HashMap;
use std::hash::Hash;

/// A digest of a partition of rows, whatever its parts are called: of each row's first row with the same person. The same as in
/// `benches/python/contender.py`.
pub(super) fn digest<T: Eq + Hash>(people: impl IntoIterator<Item = T>) -> String {
    let mut firsts = HashMap::new();
    let mut sum = 0_u64;
    for (row, person) in (0_u64..).zip(people) {
        let first = *firsts.entry(person).or_insert(row);
        let mixed = (first + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ row.wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
        sum = sum.wrapping_add((mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93));
    }
    format!("{sum:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_matter_and_people_do() {
        assert_eq!(digest([1, 1, 2, 1]), digest(["a", "a", "b", "a"]));
        assert_ne!(digest([1, 1, 2, 1]), digest([1, 1, 2, 2]));
        assert_ne!(digest([1, 1, 2, 2]), digest([1, 2, 1, 2]));
        // What contender.py says of the same.
        assert_eq!(digest([7, 7, 3, 7, 5]), "7342a332347caeef");
    }
}
