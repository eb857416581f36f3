use identity_core::IdentifierKind;
use identity_core::IdentifyRequest;

use super::symbol::Symbol;

/// Which calls a run makes. Each follows from the seed and its number alone, so the same seed makes the same calls.
///
/// Calls come in groups, each about a few identifiers of its own. Calls over one small set would all be about one person
/// before long, and write nothing any more; over a large set they would hardly ever meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it is drawn from.
    pub seed: u64,
    /// How many identifiers a group has, at least 2; half of them are emails.
    pub identifiers: u32,
    /// How many calls a group has.
    pub calls_per_group: u64,
}

/// What one call asks: an email, a phone number, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The email.
    pub email: Option<Symbol>,
    /// The phone number.
    pub phone: Option<Symbol>,
}

impl Plan {
    /// As many as a group needs to be merged step by step, and as few that calls collide.
    pub const IDENTIFIERS: u32 = 16;
    /// Some more than it takes until a group is one person: calls that find nothing new belong to it.
    pub const CALLS_PER_GROUP: u64 = 50;

    /// What the call with this number asks.
    pub fn call(&self, number: u64) -> Asked {
        let pairs = u64::from(self.identifiers / 2).max(1);
        let first = number / self.calls_per_group.max(1) * pairs;
        // Neighbours in number have nothing in common.
        let mut random = fastrand::Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut draw = |odd: u64| Symbol::new((2 * (first + random.u64(0..pairs)) + odd) as u32);
        let (email, phone) = (draw(0), draw(1));
        match random.u8(0..20) {
            0..14 => Asked { email: Some(email), phone: Some(phone) },
            14..17 => Asked { email: Some(email), phone: None },
            _ => Asked { email: None, phone: Some(phone) },
        }
    }
}

impl Asked {
    /// The identifiers, one or two.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> + Clone + use<> {
        self.email.into_iter().chain(self.phone)
    }

    /// What the library is asked.
    pub fn request(&self) -> IdentifyRequest {
        let mut request = IdentifyRequest::new();
        for symbol in self.symbols() {
            request = match symbol.kind() {
                IdentifierKind::Email => request.email(symbol.value()),
                IdentifierKind::Phone => request.phone_number(symbol.value()),
            };
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PLAN: Plan = Plan { seed: 7, identifiers: 10, calls_per_group: 20 };

    #[test]
    fn the_same_seed_makes_the_same_calls() {
        let calls = |plan: Plan| (0..1_000).map(|number| plan.call(number)).collect::<Vec<_>>();
        assert_eq!(calls(PLAN), calls(PLAN));
        assert_ne!(calls(PLAN), calls(Plan { seed: 8, ..PLAN }));
    }

    #[test]
    fn groups_share_no_identifier() {
        let symbols =
            |group: u64| (group * 20..group * 20 + 20).flat_map(|number| PLAN.call(number).symbols());
        let (first, second): (BTreeSet<_>, BTreeSet<_>) = (symbols(0).collect(), symbols(1).collect());
        assert!(first.is_disjoint(&second));
        assert!(first.len() <= 10 && second.len() <= 10);
        assert!(first.len() > 6);
    }

    #[test]
    fn most_calls_are_pairs() {
        let pairs = (0..10_000).filter(|number| PLAN.call(*number).symbols().count() == 2).count();
        assert!((6_500..7_500).contains(&pairs), "{pairs}");
    }
}
