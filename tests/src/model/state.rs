//! Everything at one moment, and the steps from there.

use super::member::Member;
use super::resolver::{Orphan, Resolver};
use super::transaction::Held;

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(super) scenario: u16,
    pub(super) members: Vec<Member>,
    pub(super) resolvers: Vec<Resolver>,
    pub(super) orphans: Vec<Orphan>,
    pub(super) faults_left: u8,
}

/// One step. The number is that of a caller, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It loads and plans; with nothing to write it has its answer.
    Load(u8),
    /// The next statement of its transaction runs; at COMMIT it has its answer.
    Run(u8),
    /// Its transaction is rolled back, to end a deadlock.
    IsVictim(u8),
    /// A fault: its transaction is rolled back, since it has waited too long.
    WaitsTooLong(u8),
    /// A fault: its connection breaks.
    LosesConnection(u8),
    /// A fault: it dies.
    Dies(u8),
    /// The transaction that this one of the broken connections has left is committed after all.
    OrphanIsCommitted(u8),
    /// The transaction that this one of the broken connections has left is rolled back.
    OrphanIsRolledBack(u8),
    /// The next of what other members have committed reaches this member.
    Arrives(u8),
}

impl State {
    pub(super) fn member_of(&self, resolver: usize) -> usize {
        resolver % self.members.len()
    }

    /// Every call has ended and nothing is under way.
    pub(super) fn is_at_rest(&self) -> bool {
        self.resolvers.iter().all(Resolver::has_ended)
            && self.orphans.is_empty()
            && self.members.iter().all(|member| member.on_its_way.is_empty())
    }

    /// What the open transactions on a server hold, but for one caller's.
    pub(super) fn open_on(&self, on: usize, except: usize) -> Vec<&Held> {
        let is_other = |number: &usize| *number != except && self.member_of(*number) == on;
        let others = (0..self.resolvers.len()).filter(is_other);
        let transactions = others.filter_map(|number| self.resolvers[number].transaction());
        let orphans = self.orphans.iter().filter(|orphan| usize::from(orphan.on) == on);
        let held = transactions.map(|transaction| &transaction.held);
        held.chain(orphans.map(|orphan| &orphan.held)).collect()
    }

    /// The server has rolled back: the call loads again, or gives up.
    pub(super) fn conflict(&mut self, number: usize) {
        let resolver = std::mem::replace(&mut self.resolvers[number], Resolver::Unknown);
        if let Resolver::Commits(attempt, _) = resolver {
            self.resolvers[number] = attempt.after_conflict();
        }
    }

    /// The server has not noticed: the transaction stays open, and the call loads again.
    pub(super) fn lose_connection(&mut self, number: usize) {
        let resolver = std::mem::replace(&mut self.resolvers[number], Resolver::Unknown);
        if let Resolver::Commits(mut attempt, transaction) = resolver {
            let may_commit = transaction.is_at_commit();
            let on = self.member_of(number) as u8;
            self.orphans.push(Orphan { on, held: transaction.held, may_commit });
            self.orphans.sort_unstable();
            attempt.trouble.lost_at_commit |= may_commit;
            self.resolvers[number] = attempt.again();
        }
    }
}
