//! The final clusters are the connected components of the calls.
//!
//! Of calls whose outcome is not known, all those count whose identifiers are in one cluster: if any choice of them explains
//! the clusters, this one does, since what counts beyond that choice connects only what is together anyway.

use std::collections::{HashMap, HashSet};

use identity_core::ContactId;

use super::Violation;
use super::components::Components;
use super::index::{Index, Row};
use crate::prove::history::{Call, History};
use crate::prove::symbol::Symbol;

pub(super) fn check(history: &History, index: &Index) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut proved = Components::default();
    for call in &history.calls {
        let wrong = unmet(call, index);
        match (wrong, call.answer()) {
            (None, _) => proved.connect(call.asked.symbols()),
            (Some(wrong), Some(_)) => found.push(wrong),
            (Some(_), None) => {}
        }
    }
    for (primary, rows) in index.clusters() {
        found.extend(unproven(primary, &rows, &proved));
    }
    found.extend(rows_of_no_call(history, index));
    found
}

/// What is missing for a call to have happened.
fn unmet(call: &Call, index: &Index) -> Option<Violation> {
    let mut people = call.asked.symbols().map(|symbol| index.person(symbol));
    match (people.next().flatten(), people.next()) {
        (None, _) | (_, Some(None)) => Some(Violation::LostCall { call: call.number }),
        (Some(one), Some(Some(other))) if one != other => {
            Some(Violation::LostMerge { call: call.number, one, other })
        }
        _ => None,
    }
}

/// The first row of a cluster that is not connected with the first one at all.
fn unproven(primary: ContactId, rows: &[&Row], proved: &Components) -> Option<Violation> {
    let component = |row: &Row| row.said.symbols().next().and_then(|symbol| proved.find(symbol));
    let (first, others) = rows.split_first()?;
    let apart = others.iter().find(|row| component(row) != component(first))?;
    Some(Violation::Unproven { primary, one: first.id, other: apart.id })
}

/// Each row is what some call asked, all of it.
fn rows_of_no_call(history: &History, index: &Index) -> Vec<Violation> {
    let asked: HashSet<_> = history.calls.iter().map(|call| call.asked).collect();
    let odd = index.rows.values().filter(|row| !asked.contains(&row.said));
    let mut asked_by: HashMap<Symbol, u64> = HashMap::new();
    for call in history.calls.iter().filter(|call| call.failed().next().is_some()) {
        asked_by.extend(call.asked.symbols().map(|symbol| (symbol, call.number)));
    }
    odd.map(|row| match row.said.symbols().find_map(|symbol| asked_by.get(&symbol)) {
        Some(call) => Violation::HalfApplied { call: *call, contact: row.id },
        None => Violation::RowOfNoCall { contact: row.id },
    })
    .collect()
}
