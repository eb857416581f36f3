use std::fmt;

use identity_core::{Identifier, IdentifierKind};

/// An identifier of a run, as a number: even ones are emails, odd ones phone numbers. Histories and messages name these, so
/// that no email and no phone number is in them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

impl Symbol {
    /// What is in a table or a reply, and that nobody ever sent.
    pub const FOREIGN: Self = Self(u32::MAX);

    /// The symbol with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// What kind of identifier it stands for.
    pub const fn kind(self) -> IdentifierKind {
        if self.0.is_multiple_of(2) { IdentifierKind::Email } else { IdentifierKind::Phone }
    }

    /// The normalised value that it stands for.
    pub fn value(self) -> String {
        match self.kind() {
            IdentifierKind::Email => format!("{}@x.io", self.0),
            IdentifierKind::Phone => self.0.to_string(),
        }
    }

    /// The symbol of a value; [`FOREIGN`](Self::FOREIGN) for others.
    pub fn of(kind: IdentifierKind, value: &str) -> Self {
        let number = match kind {
            IdentifierKind::Email => value.strip_suffix("@x.io").unwrap_or_default(),
            IdentifierKind::Phone => value,
        };
        let symbol = number.parse().map_or(Self::FOREIGN, Self);
        // Only what reads exactly so, or "07" would be 7.
        if symbol.kind() == kind && symbol.value() == value { symbol } else { Self::FOREIGN }
    }

    /// The symbol of an identifier.
    pub fn of_identifier(identifier: &Identifier) -> Self {
        Self::of(identifier.kind, &identifier.value)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FOREIGN => f.write_str("something nobody sent"),
            _ => write!(f, "{} {}", self.kind(), self.0),
        }
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_back() {
        for number in [0, 1, 2, 17, 40_000] {
            let symbol = Symbol::new(number);
            assert_eq!(Symbol::of(symbol.kind(), &symbol.value()), symbol);
        }
        for value in ["", "07", "8", "+7", "1@x.io"] {
            assert_eq!(Symbol::of(IdentifierKind::Phone, value), Symbol::FOREIGN, "{value}");
        }
        assert_eq!(
            Symbol::of(IdentifierKind::Email, "1@x.io"),
            Symbol::FOREIGN,
            "odd ones are phone numbers"
        );
    }
}
