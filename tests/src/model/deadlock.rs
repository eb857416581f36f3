//! Who waits for whom.

use super::protocol::Protocol;
use super::state::State;

impl Protocol {
    /// Whether a caller's transaction waits, be it by way of others, for itself.
    pub(super) fn is_deadlocked(&self, state: &State, resolver: usize) -> bool {
        let mut reached = vec![false; state.resolvers.len()];
        let mut next = vec![resolver];
        while let Some(waiting) = next.pop() {
            for (holder, reached) in reached.iter_mut().enumerate() {
                if !*reached && self.waits_for(state, waiting, holder) {
                    *reached = true;
                    next.push(holder);
                }
            }
        }
        reached[resolver]
    }

    fn waits_for(&self, state: &State, waiting: usize, holder: usize) -> bool {
        let member = state.member_of(waiting);
        let [Some(waits), Some(holds)] = [waiting, holder].map(|of| state.resolvers[of].transaction()) else {
            return false;
        };
        waiting != holder
            && member == state.member_of(holder)
            && waits.waits_for(&holds.held, &state.members[member].tables, self.bug)
    }
}
