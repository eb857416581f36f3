//! The promises, as the checker holds them against every state.

use stateright::Property;

use super::identifiers::{Values, people};
use super::plan::Reply;
use super::protocol::Protocol;
use super::resolver::{Answer, Resolver};
use super::scenario::Scenario;
use super::state::State;
use super::tables::{Row, Tables};

/// All promises that hold where the protocol runs, and what must happen in some run.
pub(super) fn all(protocol: &Protocol) -> Vec<Property<Protocol>> {
    let mut all = vec![
        always("no chain", |_, state| in_tables(state, has_no_chain)),
        always("the primary is the oldest", |_, state| in_tables(state, primaries_are_oldest)),
        always("one claim per identifier", |_, state| in_tables(state, claims_are_single)),
        always("one person per identifier", |_, state| in_tables(state, identifiers_have_one_person)),
        always("no duplicate rows", |_, state| in_tables(state, rows_differ)),
        always("replies are of one history", |_, state| are_of_one_history(state)),
        always("a reply holds only what was asked", |_, state| {
            answers(state).all(|answer| answer.holds_only_what_was_asked)
        }),
        always("no deadlock", |protocol, state| {
            (0..state.resolvers.len()).all(|resolver| !protocol.is_deadlocked(state, resolver))
        }),
        always("in the end people are what was asked", |protocol, state| {
            !state.is_at_rest() || people_are_what_was_asked(protocol, state)
        }),
        always("in the end no row is lost", |_, state| !state.is_at_rest() || no_row_is_lost(state)),
        always("in the end the members agree", |_, state| {
            !state.is_at_rest() || state.members.iter().all(|member| member.tables == state.members[0].tables)
        }),
        Property::<Protocol>::eventually("every call ends", |_, state| state.is_at_rest()),
        sometimes("all calls are answered, one after a conflict", |_, state| {
            state.resolvers.iter().all(|resolver| resolver.answer().is_some())
                && answers(state).any(|answer| answer.trouble.conflict)
        }),
        sometimes("two people are merged", |protocol, state| {
            let stored =
                protocol.scenario(state).tables.contacts.iter().filter(|row| row.linked_id.is_none());
            let told = answers(state).flat_map(|answer| &answer.replies).map(|reply| reply.primary);
            let is_secondary =
                |id| state.members[0].tables.contact(id).is_some_and(|row| row.linked_id.is_some());
            stored.map(|row| row.id).chain(told).any(is_secondary)
        }),
    ];
    if protocol.reads_are_current() {
        all.push(always("a reply holds what was answered before", |_, state| {
            answers(state).all(|answer| answer.holds_what_was_answered)
        }));
    } else {
        all.push(sometimes("a reply lacks what was answered before", |_, state| {
            answers(state).any(|answer| !answer.holds_what_was_answered)
        }));
    }
    if protocol.has_faults() {
        all.push(sometimes("a call is answered whose COMMIT got lost", |_, state| {
            answers(state).any(|answer| answer.trouble.lost_at_commit)
        }));
        all.push(sometimes("a call has happened that nobody was told of", |protocol, state| {
            state.is_at_rest() && state.members[0].tables.people() != people_counting(protocol, state, 0)
        }));
    }
    all
}

/// A condition on a state.
type Condition = fn(&Protocol, &State) -> bool;

fn always(name: &'static str, condition: Condition) -> Property<Protocol> {
    Property::always(name, condition)
}

fn sometimes(name: &'static str, condition: Condition) -> Property<Protocol> {
    Property::sometimes(name, condition)
}

fn answers(state: &State) -> impl Iterator<Item = &Answer> + Clone {
    state.resolvers.iter().filter_map(Resolver::answer)
}

/// What other services read at any time, on any member.
fn in_tables(state: &State, holds: fn(&Tables) -> bool) -> bool {
    state.members.iter().all(|member| holds(&member.tables))
}

fn has_no_chain(tables: &Tables) -> bool {
    let is_primary = |id| tables.contact(id).is_some_and(|row| row.linked_id.is_none());
    tables.contacts.iter().all(|row| is_primary(row.cluster()))
}

fn primaries_are_oldest(tables: &Tables) -> bool {
    let primary = |row: &Row| tables.contact(row.cluster()).copied();
    tables.contacts.iter().all(|row| primary(row).is_none_or(|primary| primary.age() <= row.age()))
}

fn claims_are_single(tables: &Tables) -> bool {
    tables.claims.windows(2).all(|pair| pair[0].0 != pair[1].0)
}

fn identifiers_have_one_person(tables: &Tables) -> bool {
    let person_of = |holder: u8| tables.contact(holder).map(Row::cluster);
    tables.contacts.iter().all(|row| {
        row.carries.list().all(|value| {
            let claim = tables.claims.iter().find(|(claimed, _)| *claimed == value);
            claim.is_some_and(|(_, holder)| person_of(*holder) == Some(row.cluster()))
        })
    })
}

fn rows_differ(tables: &Tables) -> bool {
    let mut later = tables.contacts.iter();
    while let Some(row) = later.next() {
        if later.clone().any(|other| other.carries == row.carries) {
            return false;
        }
    }
    true
}

/// Any two replies of one person, the smaller of which is the earlier.
fn are_of_one_history(state: &State) -> bool {
    let mut later = answers(state).flat_map(|answer| &answer.replies);
    while let Some(reply) = later.next() {
        if !later
            .clone()
            .all(|other| follows(reply, other) || follows(other, reply) || share_nothing(reply, other))
        {
            return false;
        }
    }
    true
}

/// Whether all that the earlier reply told is still true in the later one, and its primary no younger.
fn follows(earlier: &Reply, later: &Reply) -> bool {
    let is_in_later = |contact: &u8| *contact == later.primary || later.secondaries.contains(contact);
    later.identifiers.contains(earlier.identifiers)
        && is_in_later(&earlier.primary)
        && earlier.secondaries.iter().all(is_in_later)
        && !earlier.secondaries.contains(&later.primary)
}

fn share_nothing(a: &Reply, b: &Reply) -> bool {
    !a.identifiers.meets(b.identifiers)
}

fn people_are_what_was_asked(protocol: &Protocol, state: &State) -> bool {
    let stored = state.members[0].tables.people();
    (0..1 << state.resolvers.len()).any(|unknown| people_counting(protocol, state, unknown) == stored)
}

/// Who is one person by the calls that were answered, and by those of the others whose bits are set.
fn people_counting(protocol: &Protocol, state: &State, unknown: u8) -> Vec<Values> {
    let Scenario { tables, batches } = protocol.scenario(state);
    let callers = state.resolvers.iter().zip(batches).zip(0..);
    let counted = callers.filter(|((caller, _), bit)| caller.answer().is_some() || unknown & (1 << bit) != 0);
    let asked = counted.flat_map(|((_, batch), _)| batch).map(|request| request.values());
    people(asked.chain(tables.people()))
}

fn no_row_is_lost(state: &State) -> bool {
    let is_there = |contact: &u8| state.members[0].tables.contact(*contact).is_some();
    let mut replies = answers(state).flat_map(|answer| &answer.replies);
    replies.all(|reply| is_there(&reply.primary) && reply.secondaries.iter().all(is_there))
}
