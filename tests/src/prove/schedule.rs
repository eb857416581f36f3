use super::Fault;

/// Strokes are spread over the calls, not over time: a run may be quick or slow. How many calls there are for one stroke, and
/// how many strokes each fault has at least.
const CALLS_PER_STROKE: u64 = 2_000;
const STROKES: u64 = 3;

/// A stroke to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// After how many calls.
    pub(super) after: u64,
    /// The fault.
    pub(super) fault: Fault,
    /// What everything random about this stroke is drawn from, whatever happened in those before.
    pub(super) seed: u64,
}

/// The strokes of a run, in their order. They follow from the seed, so that the same seed has the same plan of faults.
pub(super) fn schedule(seed: u64, calls: u64, faults: &[Fault]) -> Vec<Due> {
    let mut faults: Vec<Fault> =
        faults.iter().copied().filter(|fault| fault.disturbance().is_some()).collect();
    if faults.is_empty() {
        return Vec::new();
    }
    let mut random = fastrand::Rng::with_seed(seed);
    let strokes = (faults.len() as u64 * STROKES).max(calls / CALLS_PER_STROKE);
    let mut marks: Vec<u64> = (0..strokes).map(|_| random.u64(calls / 50..=calls * 9 / 10)).collect();
    marks.sort_unstable();
    let mut due = Vec::with_capacity(marks.len());
    for (number, after) in (0..).zip(marks) {
        // Each of them once, then each once more in another order.
        let turn = number as usize % faults.len();
        if turn == 0 {
            random.shuffle(&mut faults);
        }
        due.push(Due { after, fault: faults[turn], seed: of_stroke(seed, number) });
    }
    due
}

fn of_stroke(seed: u64, number: u64) -> u64 {
    // Neighbours have nothing in common.
    fastrand::Rng::with_seed(seed ^ (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).u64(..)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const FAULTS: [Fault; 4] = [Fault::Cut, Fault::Pool, Fault::Lock, Fault::WorkerKill];

    #[test]
    fn the_same_seed_has_the_same_strokes() {
        let due = schedule(7, 50_000, &FAULTS);
        assert_eq!(due, schedule(7, 50_000, &FAULTS));
        assert_ne!(due, schedule(8, 50_000, &FAULTS));
        assert_eq!(due.len(), 25);
        assert!(due.is_sorted_by_key(|due| due.after) && due.iter().all(|due| due.after <= 45_000));
        let seeds: HashSet<u64> = due.iter().map(|due| due.seed).collect();
        assert_eq!(seeds.len(), due.len());
    }

    #[test]
    fn each_fault_strikes_as_often_as_the_others() {
        let due = schedule(7, 100, &FAULTS);
        assert_eq!(due.len(), 9);
        for fault in [Fault::Cut, Fault::Lock, Fault::WorkerKill] {
            for round in due.chunks(3) {
                assert_eq!(round.iter().filter(|due| due.fault == fault).count(), 1);
            }
        }
        assert_eq!(schedule(7, 100_000, &[Fault::Pool]), []);
    }
}
