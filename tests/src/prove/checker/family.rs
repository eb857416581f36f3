//! People only grow: of two replies, and of a reply and a final cluster, one holds the other's identifiers, or they have none
//! in common. As nothing changes a person without a new identifier, replies with the same ones are the same.

use std::collections::{BTreeSet, HashMap};

use identity_core::ContactId;

use super::Violation;
use super::index::{Index, Row};
use crate::prove::history::{Call, History, Reply};
use crate::prove::symbol::Symbol;

pub(super) fn check(history: &History, index: &Index) -> Vec<Violation> {
    let mut replies: Vec<(&Call, &Reply)> =
        history.calls.iter().filter_map(|call| Some((call, call.answer()?.reply))).collect();
    let mut found: Vec<_> =
        replies.iter().filter_map(|(call, reply)| against_tables(call, reply, index)).collect();
    // From small to large: what comes holds all that it meets, or one of the two is wrong.
    replies.sort_by_key(|(call, reply)| (reply.symbols.len(), call.number));
    let mut largest: HashMap<Symbol, usize> = HashMap::new();
    for (position, (call, reply)) in replies.iter().enumerate() {
        let mut met: HashMap<usize, usize> = HashMap::new();
        for symbol in &reply.symbols {
            if let Some(other) = largest.insert(*symbol, position) {
                *met.entry(other).or_default() += 1;
            }
        }
        for (other, common) in met {
            let (other_call, smaller) = replies[other];
            let (first, second) = (other_call.number, call.number);
            if common != smaller.symbols.len() {
                found.push(Violation::MixedStates { call: first, other: second });
            } else if common == reply.symbols.len() {
                if smaller != *reply {
                    found.push(Violation::ReplyDiffers { call: first, other: second });
                }
            } else if !grew(smaller, reply, index) {
                found.push(Violation::ShrunkReply { call: first, other: second });
            }
        }
    }
    found
}

/// Whether the larger one has all contacts of the smaller one, and a primary that is no younger.
fn grew(smaller: &Reply, larger: &Reply, index: &Index) -> bool {
    let contacts: BTreeSet<ContactId> = larger.contacts().collect();
    let age = |reply: &Reply| index.rows.get(&reply.primary).map(Row::age);
    smaller.contacts().all(|contact| contacts.contains(&contact)) && age(larger) <= age(smaller)
}

/// Contacts never change what they say, nor their age: what a reply says follows from the rows of its contacts.
fn against_tables(call: &Call, reply: &Reply, index: &Index) -> Option<Violation> {
    let call = call.number;
    let rows: Option<Vec<&Row>> = reply.contacts().map(|contact| index.rows.get(&contact)).collect();
    let Some(rows) = rows else { return Some(Violation::ReplyNotOfRows { call }) };
    if !rows.is_sorted_by(|one, other| one.age() < other.age()) || said(&rows) != reply.symbols {
        return Some(Violation::ReplyNotOfRows { call });
    }
    let primary = rows.first()?.primary;
    rows.iter().any(|row| row.primary != primary).then_some(Violation::ReplyApart { call })
}

/// Emails, then phone numbers, in the order of the rows, without repetition.
fn said(rows: &[&Row]) -> Vec<Symbol> {
    let emails = rows.iter().filter_map(|row| row.said.email);
    let phones = rows.iter().filter_map(|row| row.said.phone);
    let mut said = Vec::new();
    for symbol in emails.chain(phones) {
        if !said.contains(&symbol) {
            said.push(symbol);
        }
    }
    said
}
