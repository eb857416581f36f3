//! A database server: alone, or a member of a cluster.

use super::tables::Tables;

/// What a server holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Member {
    /// What is committed and here.
    pub(super) tables: Tables,
    /// What other members committed and has not reached this one, in the order in which it passed certification.
    pub(super) on_its_way: Vec<Tables>,
}

/// Commits what was written on one of the members; tells whether it passed certification. Alone on a server everything does.
pub(super) fn commit(members: &mut [Member], on: usize, written: &Tables, claims_have_key: bool) -> bool {
    if members[on].on_its_way.iter().any(|passed| written.collides(passed, claims_have_key)) {
        return false;
    }
    for (number, member) in members.iter_mut().enumerate() {
        if number == on {
            member.tables.apply(written);
        } else if *written != Tables::default() {
            member.on_its_way.push(written.clone());
        }
    }
    true
}
