//! A reply holds everything that is connected with its call by what was answered before the attempt began that it answers, and
//! nothing that is not connected with it by calls that began before it ended. A call that was made again may have happened from
//! its first attempt on.

use std::collections::{HashMap, HashSet};

use super::Violation;
use super::components::Components;
use crate::prove::history::{Answer, Call, History};
use crate::prove::symbol::Symbol;

pub(super) fn check(history: &History) -> Vec<Violation> {
    let mut found = at_least(history);
    found.extend(at_most(history));
    found
}

/// A moment of a call.
#[derive(Clone, Copy, Debug)]
enum Moment<'h> {
    /// Of its first attempt: from here on the call may have happened, whatever became of the attempt.
    First(&'h Call),
    /// Of the attempt that was answered: what was answered before has to be in the reply.
    Begin(&'h Call, Answer<'h>),
    End(&'h Call, Answer<'h>),
}

/// The answered calls' ends, and the begins of all, in the order of time. At equal times the begins come first: it is the
/// order that asks less of both bounds.
fn moments(history: &History) -> Vec<Moment<'_>> {
    let mut moments = Vec::with_capacity(history.calls.len() * 3);
    for call in &history.calls {
        moments.push((call.begin(), false, Moment::First(call)));
        if let Some(answer) = call.answer() {
            moments.push((answer.begin, false, Moment::Begin(call, answer)));
            moments.push((answer.at, true, Moment::End(call, answer)));
        }
    }
    moments.sort_by_key(|(at, is_end, _)| (*at, *is_end));
    moments.into_iter().map(|(_, _, moment)| moment).collect()
}

/// What a reply showed once, everyone sees who comes later, whoever wrote it.
fn at_least(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut known = Components::default();
    let mut told_by: HashMap<Symbol, u64> = HashMap::new();
    for moment in moments(history) {
        match moment {
            Moment::First(_) => {}
            Moment::Begin(call, Answer { reply, .. }) => {
                let told: HashSet<Symbol> = reply.symbols.iter().copied().collect();
                if call.asked.symbols().any(|symbol| !told.contains(&symbol)) {
                    found.push(Violation::ReplyWithoutItself { call: call.number });
                    continue;
                }
                let mut must = call.asked.symbols().flat_map(|symbol| known.members(symbol));
                if let Some(missing) = must.find(|symbol| !told.contains(symbol)) {
                    let earlier = told_by.get(missing).copied().unwrap_or_default();
                    found.push(Violation::StaleReply { call: call.number, earlier });
                }
            }
            Moment::End(call, Answer { reply, .. }) => {
                let symbols = || call.asked.symbols().chain(reply.symbols.iter().copied());
                known.connect(symbols());
                told_by.extend(symbols().map(|symbol| (symbol, call.number)));
            }
        }
    }
    found
}

fn at_most(history: &History) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut begun = Components::default();
    for moment in moments(history) {
        match moment {
            Moment::First(call) => begun.connect(call.asked.symbols()),
            Moment::Begin(..) => {}
            Moment::End(call, Answer { reply, .. }) => {
                let own = call.asked.symbols().next().and_then(|symbol| begun.find(symbol));
                if reply.symbols.iter().any(|symbol| begun.find(*symbol) != own) {
                    found.push(Violation::FutureReply { call: call.number });
                }
            }
        }
    }
    found
}
