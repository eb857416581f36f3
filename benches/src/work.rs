//! What callers ask.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::people::{email, phone};

/// A kind of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// People that are in the table, with what is known of them.
    Known,
    /// People that are not.
    New,
    /// 70 % known, 15 % a new email on a known phone, 10 % new people, 5 % merges.
    Mixed,
}

/// Draws requests over a table of `people`. Each contender has its own, so that what is new to one is new to all.
#[derive(Debug)]
pub(crate) struct Source {
    people: u64,
    fresh: AtomicU64,
    merged: AtomicU64,
}

impl Source {
    /// Requests over the people `0..people`.
    pub(crate) fn new(people: u64) -> Self {
        Self { people, fresh: AtomicU64::new(people), merged: AtomicU64::new(0) }
    }

    /// The next request: email and phone number.
    pub(crate) fn next(&self, work: Work) -> (String, String) {
        match work {
            Work::Known => self.known(),
            Work::New => self.new_person(),
            Work::Mixed => match fastrand::u8(0..100) {
                0..70 => self.known(),
                70..85 => (email(self.take_fresh()), phone(fastrand::u64(0..self.people))),
                85..95 => self.new_person(),
                _ => {
                    // Two people next to each other, each merged once.
                    let first = 2 * self.merged.fetch_add(1, Ordering::Relaxed) % self.people;
                    (email(first), phone(first + 1))
                }
            },
        }
    }

    /// The number of somebody who is in the table.
    pub(crate) fn someone(&self) -> u64 {
        fastrand::u64(0..self.people)
    }

    /// The next numbers of people who are not.
    pub(crate) fn fresh(&self, count: u64) -> Vec<u64> {
        let first = self.fresh.fetch_add(count, Ordering::Relaxed);
        (first..first + count).collect()
    }

    fn known(&self) -> (String, String) {
        let n = self.someone();
        (email(n), phone(n))
    }

    fn new_person(&self) -> (String, String) {
        let n = self.take_fresh();
        (email(n), phone(n))
    }

    fn take_fresh(&self) -> u64 {
        self.fresh.fetch_add(1, Ordering::Relaxed)
    }
}
