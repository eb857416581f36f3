//! A fault that was asked for has hit something.

use std::collections::BTreeMap;

use super::Violation;
use crate::prove::Fault;
use crate::prove::strokes::Stroke;

/// The faults that were asked for, and did not strike before the calls were over.
pub fn never_struck(faults: &[Fault], strokes: &[Stroke]) -> Vec<Violation> {
    let disturbs = |fault: &&Fault| fault.disturbance().is_some();
    let missed = |fault: &&Fault| strokes.iter().all(|stroke| stroke.fault != **fault);
    let faults = faults.iter().filter(disturbs).filter(missed);
    faults.map(|fault| Violation::NeverStruck { fault: *fault }).collect()
}

pub(super) fn check(strokes: &[Stroke]) -> Vec<Violation> {
    let mut sums: BTreeMap<_, (u64, u64)> = BTreeMap::new();
    for stroke in strokes {
        let (count, hits) = sums.entry(stroke.fault).or_default();
        *count += 1;
        *hits += stroke.hits;
    }
    let idle = sums.into_iter().filter(|(fault, (count, hits))| *count >= enough(*fault) && *hits == 0);
    idle.map(|(fault, (strokes, _))| Violation::NoHit { fault, strokes }).collect()
}

/// How many strokes of a fault hit something. One of the lock may come when nobody is about to take the rows, or be given up itself;
/// the others hit whoever calls.
fn enough(fault: Fault) -> u64 {
    if fault == Fault::Lock { 3 } else { 1 }
}
