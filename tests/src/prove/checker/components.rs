use std::collections::HashMap;

use crate::prove::symbol::Symbol;

/// Identifiers that are connected: a union-find that can list what belongs together.
#[derive(Clone, Debug, Default)]
pub(super) struct Components {
    /// Of each known symbol, the number of its component.
    of: HashMap<Symbol, usize>,
    /// By number; empty where it went over into another.
    members: Vec<Vec<Symbol>>,
}

impl Components {
    /// Connects them all.
    pub(super) fn connect(&mut self, symbols: impl Iterator<Item = Symbol>) {
        let mut into = None;
        for symbol in symbols {
            let next = *self.of.entry(symbol).or_insert_with(|| {
                self.members.push(vec![symbol]);
                self.members.len() - 1
            });
            into = Some(into.map_or(next, |into| self.join(into, next)));
        }
    }

    /// The larger one takes the other in, so that no symbol moves more than log n times.
    fn join(&mut self, one: usize, other: usize) -> usize {
        if one == other {
            return one;
        }
        let [from, into] =
            if self.members[one].len() < self.members[other].len() { [one, other] } else { [other, one] };
        let moved = std::mem::take(&mut self.members[from]);
        for symbol in &moved {
            self.of.insert(*symbol, into);
        }
        self.members[into].extend(moved);
        into
    }

    /// The number of a symbol's component; it is good until the next call of [`connect`](Self::connect).
    pub(super) fn find(&self, symbol: Symbol) -> Option<usize> {
        self.of.get(&symbol).copied()
    }

    /// All that is connected with a symbol, itself too if it is known.
    pub(super) fn members(&self, symbol: Symbol) -> &[Symbol] {
        self.find(symbol).map_or(&[], |number| &self.members[number])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_connected_is_listed_together() {
        let mut components = Components::default();
        let connect = |components: &mut Components, symbols: &[u32]| {
            components.connect(symbols.iter().map(|number| Symbol::new(*number)));
        };
        connect(&mut components, &[1, 2]);
        connect(&mut components, &[3]);
        connect(&mut components, &[4, 5, 6]);
        assert_eq!(components.find(Symbol::new(1)), components.find(Symbol::new(2)));
        assert_ne!(components.find(Symbol::new(1)), components.find(Symbol::new(3)));
        connect(&mut components, &[2, 6]);
        let mut members = components.members(Symbol::new(4)).to_vec();
        members.sort_unstable();
        assert_eq!(members, [1, 2, 4, 5, 6].map(Symbol::new));
        assert_eq!(components.members(Symbol::new(3)), [Symbol::new(3)]);
        assert_eq!(components.members(Symbol::new(9)), []);
    }
}
