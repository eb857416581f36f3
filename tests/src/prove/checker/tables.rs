//! One live primary for each cluster, the oldest; no chain; one claim for each identifier; no row twice.

use identity_core::conformance::unsound;

use super::Violation;
use super::index::Index;
use crate::prove::finale::Finale;
use crate::prove::symbol::Symbol;

pub(super) fn check(finale: &Finale, index: &Index) -> Vec<Violation> {
    let unsound = unsound(&finale.contacts, &finale.claims).into_iter().map(Violation::Unsound);
    // Nobody deletes anything in a run, so whoever claims something is there and carries it.
    let idle = finale.claims.iter().filter(|(identifier, holder)| {
        let symbol = Symbol::of_identifier(identifier);
        index.rows.get(holder).is_none_or(|row| row.said.symbols().all(|carried| carried != symbol))
    });
    let idle =
        idle.map(|(identifier, holder)| Violation::IdleClaim { holder: *holder, kind: identifier.kind });
    unsound.chain(idle).collect()
}
