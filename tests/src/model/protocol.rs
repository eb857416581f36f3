//! The steps there are, and what each does.

use stateright::{Model, Property};

use super::identifiers::{Request, Values, person};
use super::member::{self, Member};
use super::plan::{Planner, Reply};
use super::resolver::{Answer, Attempt, Resolver, Trouble};
use super::scenario::{Bounds, Scenario};
use super::state::{Action, State};
use super::transaction::{Ran, Surroundings, Transaction};
use super::{Bug, Reads};

/// The protocol as the checker runs it: callers, one call each, on one server or with a member of a cluster each.
///
/// Its properties are SPEC's promises:
///
/// | always | |
/// |---|---|
/// | `no chain` | who is linked is linked to a primary |
/// | `the primary is the oldest` | of its cluster |
/// | `one claim per identifier` | |
/// | `one person per identifier` | contacts that carry it are of one cluster, that of its claim |
/// | `no duplicate rows` | no two contacts carry the same |
/// | `replies are of one history` | of two replies one holds the other, or they share nothing; the larger has no younger primary |
/// | `a reply holds what was answered before` | not on clusters with [`Reads::Local`] |
/// | `a reply holds only what was asked` | by calls that had begun, and in its own batch before it; where a COMMIT got lost, also after it |
/// | `no deadlock` | transactions never wait in a circle |
/// | `in the end people are what was asked` | the connected components of the answered calls; a call without an answer may count or not, as a whole |
/// | `in the end no row is lost` | every contact that a reply names is there |
/// | `in the end the members agree` | |
///
/// *In the end*: every call has ended, no transaction is open, nothing is on its way. `every call ends` says that it comes to
/// that. And so that all this is not true for want of events, some things must happen in some run: see `properties.rs`.
#[derive(Debug)]
pub struct Protocol {
    pub(super) scenarios: Vec<Scenario>,
    clocks: Vec<u8>,
    servers: u8,
    /// How often one call loads at most.
    loads: u8,
    /// How many things that need not happen do at most.
    faults: u8,
    pub(super) reads: Reads,
    pub(super) bug: Option<Bug>,
    planner: Planner,
}

impl Protocol {
    /// All callers on one database server.
    pub fn on_one_server(bounds: &Bounds) -> Self {
        Self::on(bounds, 1, Reads::Current)
    }

    /// Each caller on a member of its own.
    pub fn on_a_cluster(bounds: &Bounds, reads: Reads) -> Self {
        Self::on(bounds, bounds.batches.len() as u8, reads)
    }

    fn on(bounds: &Bounds, servers: u8, reads: Reads) -> Self {
        Self {
            scenarios: bounds.scenarios(servers),
            clocks: bounds.clocks.clone(),
            servers,
            loads: 3,
            faults: 0,
            reads,
            bug: None,
            planner: Planner::default(),
        }
    }

    /// Up to so many faults in one run: a caller dies, a connection breaks, a wait takes too long.
    #[must_use]
    pub fn faults(self, faults: u8) -> Self {
        Self { faults, ..self }
    }

    /// A call gives up when it has loaded so often: 3 unless told.
    #[must_use]
    pub fn loads(self, loads: u8) -> Self {
        Self { loads, ..self }
    }

    /// The protocol with a mistake in it.
    #[must_use]
    pub fn with(self, bug: Bug) -> Self {
        Self { bug: Some(bug), planner: Planner::new(Some(bug)), ..self }
    }

    /// How many choices there are of what is stored and who calls with what.
    pub fn scenarios(&self) -> usize {
        self.scenarios.len()
    }

    pub(super) fn has_faults(&self) -> bool {
        self.faults > 0
    }

    pub(super) fn reads_are_current(&self) -> bool {
        self.servers == 1 || self.reads == Reads::Current
    }

    pub(super) fn scenario(&self, state: &State) -> &Scenario {
        &self.scenarios[usize::from(state.scenario)]
    }

    fn claims_have_key(&self) -> bool {
        self.bug != Some(Bug::ChecksClaimsBefore)
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let states = self.scenarios.iter().zip(0..).map(|(scenario, number)| {
            let member = Member { tables: scenario.tables.clone(), on_its_way: Vec::new() };
            State {
                scenario: number,
                members: vec![member; usize::from(self.servers)],
                resolvers: vec![Resolver::Idle; scenario.batches.len()],
                orphans: Vec::new(),
                faults_left: self.faults,
            }
        });
        states.collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (resolver, number) in state.resolvers.iter().zip(0..) {
            let member = &state.members[state.member_of(usize::from(number))];
            match resolver {
                Resolver::Idle | Resolver::Again(_) => {
                    // To wait until all is there and load then is the same as to load when all is there.
                    if self.reads == Reads::Local || member.on_its_way.is_empty() {
                        actions.push(Action::Load(number));
                    }
                }
                Resolver::Commits(..) => {
                    actions.push(Action::Run(number));
                    if self.is_deadlocked(state, usize::from(number)) {
                        actions.push(Action::IsVictim(number));
                    }
                    if state.faults_left > 0 {
                        actions.extend([
                            Action::WaitsTooLong(number),
                            Action::LosesConnection(number),
                            Action::Dies(number),
                        ]);
                    }
                }
                Resolver::Answered(_) | Resolver::Unknown => {}
            }
        }
        for (orphan, number) in state.orphans.iter().zip(0..) {
            if orphan.may_commit {
                actions.push(Action::OrphanIsCommitted(number));
            }
            actions.push(Action::OrphanIsRolledBack(number));
        }
        for (member, number) in state.members.iter().zip(0..) {
            if !member.on_its_way.is_empty() {
                actions.push(Action::Arrives(number));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Load(number) => self.load(&mut next, usize::from(number)),
            Action::Run(number) => return self.run(next, usize::from(number)),
            Action::IsVictim(number) => next.conflict(usize::from(number)),
            Action::WaitsTooLong(number) => {
                next.faults_left -= 1;
                if !self.waits(&next, usize::from(number)) {
                    return None;
                }
                next.conflict(usize::from(number));
            }
            Action::LosesConnection(number) => {
                next.faults_left -= 1;
                next.lose_connection(usize::from(number));
            }
            Action::Dies(number) => {
                next.faults_left -= 1;
                next.lose_connection(usize::from(number));
                next.resolvers[usize::from(number)] = Resolver::Unknown;
            }
            Action::OrphanIsCommitted(number) => {
                let orphan = next.orphans.remove(usize::from(number));
                let (on, written) = (usize::from(orphan.on), &orphan.held.written);
                member::commit(&mut next.members, on, written, self.claims_have_key());
            }
            Action::OrphanIsRolledBack(number) => {
                next.orphans.remove(usize::from(number));
            }
            Action::Arrives(number) => self.arrive(&mut next, usize::from(number)),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::all(self)
    }
}

impl Protocol {
    fn load(&self, state: &mut State, number: usize) {
        let batch = &self.scenario(state).batches[number];
        let attempt = match &state.resolvers[number] {
            Resolver::Again(attempt) => attempt.clone(),
            _ => Attempt {
                left: self.loads,
                trouble: Trouble::default(),
                owed: self.people_of(state, number, Earlier::InBatch, |other| other.answer().is_some()),
            },
        };
        let attempt = Attempt { left: attempt.left - 1, ..attempt };
        let tables = &state.members[state.member_of(number)].tables;
        state.resolvers[number] = match self.planner.plan(tables, batch, self.clocks[number]) {
            // An error that tells of tables that are not sound.
            None => Resolver::Unknown,
            Some(plan) if plan.statements.is_empty() => {
                let replies = plan.replies.iter().map(|reply| reply.settle(&[])).collect();
                self.answer(state, number, attempt, replies)
            }
            Some(plan) => Resolver::Commits(attempt, Transaction::begin(plan)),
        };
    }

    fn run(&self, mut state: State, number: usize) -> Option<State> {
        let on = state.member_of(number);
        let Resolver::Commits(attempt, mut transaction) =
            std::mem::replace(&mut state.resolvers[number], Resolver::Idle)
        else {
            return None;
        };
        if transaction.is_at_commit() {
            if member::commit(&mut state.members, on, &transaction.held.written, self.claims_have_key()) {
                let replies = transaction.plan.replies.iter();
                let replies = replies.map(|reply| reply.settle(&transaction.ids)).collect();
                state.resolvers[number] = self.answer(&state, number, attempt, replies);
            } else {
                state.resolvers[number] = attempt.after_conflict();
            }
            return Some(state);
        }
        let others = state.open_on(on, number);
        let around = Surroundings {
            tables: &state.members[on].tables,
            others: &others,
            numbering: (on as u8, self.servers),
            bug: self.bug,
        };
        state.resolvers[number] = match transaction.run(around) {
            Ran::Waits => return None,
            Ran::Conflict => attempt.after_conflict(),
            Ran::Done => Resolver::Commits(attempt, transaction),
        };
        Some(state)
    }

    fn waits(&self, state: &State, number: usize) -> bool {
        let on = state.member_of(number);
        let tables = &state.members[on].tables;
        let others = state.open_on(on, number);
        let transaction = state.resolvers[number].transaction();
        transaction.is_some_and(|waits| others.iter().any(|other| waits.waits_for(other, tables, self.bug)))
    }

    /// What has passed elsewhere comes first: whoever holds its rows is thrown out.
    fn arrive(&self, state: &mut State, on: usize) {
        let passed = state.members[on].on_its_way.remove(0);
        for number in 0..state.resolvers.len() {
            let held = state.resolvers[number].transaction().map(|transaction| &transaction.held);
            if state.member_of(number) == on
                && held.is_some_and(|held| held.obstructs(&passed, self.claims_have_key()))
            {
                state.conflict(number);
            }
        }
        state.orphans.retain(|orphan| {
            usize::from(orphan.on) != on || !orphan.held.obstructs(&passed, self.claims_have_key())
        });
        state.members[on].tables.apply(&passed);
    }

    fn answer(&self, state: &State, number: usize, attempt: Attempt, replies: Vec<Reply>) -> Resolver {
        let earlier = if attempt.trouble.lost_at_commit { Earlier::WholeBatch } else { Earlier::InBatch };
        let asked = self.people_of(state, number, earlier, |other| *other != Resolver::Idle);
        let each = |of: &[Values], holds: fn(Values, Values) -> bool| {
            replies.iter().zip(of).all(|(reply, people)| holds(reply.identifiers, *people))
        };
        Resolver::Answered(Answer {
            holds_what_was_answered: each(&attempt.owed, |reply, owed| reply.contains(owed)),
            holds_only_what_was_asked: each(&asked, |reply, asked| asked.contains(reply)),
            trouble: attempt.trouble,
            replies,
        })
    }

    /// The person that each request of a batch is, by those before it, what was stored, and the calls of some others.
    fn people_of(
        &self,
        state: &State,
        number: usize,
        earlier: Earlier,
        counts: fn(&Resolver) -> bool,
    ) -> Vec<Values> {
        let Scenario { tables, batches } = self.scenario(state);
        let others = || {
            let callers = state.resolvers.iter().zip(batches).enumerate();
            let counted = callers.filter(move |(other, (resolver, _))| *other != number && counts(resolver));
            counted.flat_map(|(_, (_, batch))| batch).map(|request| request.values())
        };
        let batch = &batches[number];
        let person_of = |(position, request): (usize, &Request)| {
            let earlier = match earlier {
                Earlier::InBatch => &batch[..position],
                Earlier::WholeBatch => batch,
            };
            let earlier = earlier.iter().map(|request| request.values());
            person(request.values(), others().chain(tables.people()).chain(earlier))
        };
        batch.iter().enumerate().map(person_of).collect()
    }
}

/// What of a batch has come before a request of it.
#[derive(Clone, Copy)]
enum Earlier {
    InBatch,
    /// A COMMIT without an answer may have been carried out, and the batch runs for the second time.
    WholeBatch,
}
