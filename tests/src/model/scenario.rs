//! Who calls with what: every choice there is within bounds, each once.

use std::collections::BTreeSet;

use super::identifiers::Request;
use super::plan::Planner;
use super::tables::Tables;
use super::transaction::{Ran, Surroundings, Transaction};

/// Which scenarios are checked: all there are of this size.
///
/// Which of two emails is called the first makes no difference, nor does it for phone numbers; so of the scenarios that differ
/// only in that, one is checked. Where callers differ in nothing, their order makes none either.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Emails that may be asked.
    pub emails: u8,
    /// Phone numbers that may be asked.
    pub phones: u8,
    /// Calls that were answered before the others begin, at most.
    pub before: usize,
    /// The callers that call at once: how many requests each has in its batch.
    pub batches: Vec<usize>,
    /// What the clock shows that each caller's contacts are created by; it shows 1 to those that called before. A caller with
    /// an earlier clock is one whose machine, or whose load, is behind.
    pub clocks: Vec<u8>,
}

/// Who calls with what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scenario {
    /// What the calls before have left.
    pub(super) tables: Tables,
    /// The batch of each caller.
    pub(super) batches: Vec<Vec<Request>>,
}

const CLOCK_BEFORE: u8 = 1;

impl Bounds {
    pub(super) fn scenarios(&self, servers: u8) -> Vec<Scenario> {
        let requests = Request::all(self.emails, self.phones);
        let are_alike = servers == 1 && self.clocks.windows(2).all(|pair| pair[0] == pair[1]);
        let renamings = renamings(self.emails, self.phones);
        let planner = Planner::default();
        let mut scenarios = BTreeSet::new();
        let befores: Vec<_> = (0..=self.before).flat_map(|count| sequences(&requests, count)).collect();
        let calls = sequences(&requests, self.batches.iter().sum());
        for before in &befores {
            let variants: Vec<_> = renamings
                .iter()
                .map(|renaming| after(before.iter().map(|request| renaming.of(*request)), &planner))
                .collect();
            for call in &calls {
                let variant = |(tables, renaming): (&Tables, &Renaming)| {
                    let mut rest = call.iter().map(|request| renaming.of(*request));
                    let mut batches: Vec<Vec<_>> =
                        self.batches.iter().map(|size| rest.by_ref().take(*size).collect()).collect();
                    if are_alike {
                        batches.sort();
                    }
                    Scenario { tables: tables.clone(), batches }
                };
                scenarios.extend(variants.iter().zip(&renamings).map(variant).min());
            }
        }
        scenarios.into_iter().collect()
    }
}

/// All sequences of so many requests.
fn sequences(requests: &[Request], count: usize) -> Vec<Vec<Request>> {
    (0..count).fold(vec![Vec::new()], |shorter, _| {
        let longer = |sequence: &Vec<Request>| {
            let sequence = sequence.clone();
            requests.iter().map(move |request| [&sequence[..], &[*request]].concat())
        };
        shorter.iter().flat_map(longer).collect()
    })
}

/// Other names for the emails and phone numbers.
struct Renaming {
    emails: Vec<u8>,
    phones: Vec<u8>,
}

impl Renaming {
    fn of(&self, request: Request) -> Request {
        Request {
            email: request.email.map(|email| self.emails[usize::from(email)]),
            phone: request.phone.map(|phone| self.phones[usize::from(phone)]),
        }
    }
}

fn renamings(emails: u8, phones: u8) -> Vec<Renaming> {
    let renaming = |emails: &Vec<u8>| {
        let emails = emails.clone();
        permutations(phones).into_iter().map(move |phones| Renaming { emails: emails.clone(), phones })
    };
    permutations(emails).iter().flat_map(renaming).collect()
}

fn permutations(count: u8) -> Vec<Vec<u8>> {
    (0..count).fold(vec![Vec::new()], |shorter, last| {
        let longer = |permutation: &Vec<u8>| {
            let permutation = permutation.clone();
            (0..=permutation.len()).map(move |at| [&permutation[..at], &[last], &permutation[at..]].concat())
        };
        shorter.iter().flat_map(longer).collect()
    })
}

/// What calls leave that come one after the other.
fn after(requests: impl Iterator<Item = Request>, planner: &Planner) -> Tables {
    let mut tables = Tables::default();
    for request in requests {
        let Some(plan) = planner.plan(&tables, &[request], CLOCK_BEFORE) else { continue };
        let mut transaction = Transaction::begin(plan);
        while !transaction.is_at_commit() {
            let around = Surroundings { tables: &tables, others: &[], numbering: (0, 1), bug: None };
            let Ran::Done = transaction.run(around) else { break };
        }
        tables.apply(&transaction.held.written);
    }
    tables
}
