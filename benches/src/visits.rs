//! What a shop imports: its visits in the order in which they happened, people coming back among them.
//!
//! 100 visits bring about 56 identifiers that were not there before. They are made one by one from a seed and a few counters,
//! so that ten million need no memory, and every run has the same.

use fastrand::Rng;
use identity_core::IdentifyRequest;

use crate::people::{email, phone};

/// Makes `count` visits.
#[derive(Clone, Debug)]
pub(crate) struct Visits {
    left: u64,
    random: Rng,
    people: u64,
    /// Further emails and phone numbers of people who are there.
    emails: u64,
    phones: u64,
}

impl Visits {
    /// The first `count` visits.
    pub(crate) fn new(count: u64) -> Self {
        Self { left: count, random: Rng::with_seed(1), people: 0, emails: 0, phones: 0 }
    }

    /// Somebody who is there and gave both at the first visit.
    fn someone(&mut self) -> u64 {
        let n = self.random.u64(0..self.people);
        if n % TEN < BOTH { n } else { n - (TEN - BOTH) }
    }

    fn new_person(&mut self) -> IdentifyRequest {
        self.people += 1;
        what_they_gave(self.people - 1)
    }

    fn draw(&mut self) -> IdentifyRequest {
        match self.random.u8(0..100) {
            _ if self.people == 0 => self.new_person(),
            0..24 => self.new_person(),
            24..33 => {
                self.emails += 1;
                request(Some(later_email(self.emails)), Some(phone(self.someone())))
            }
            33..37 => {
                self.phones += 1;
                request(Some(email(self.someone())), Some(later_phone(self.phones)))
            }
            37..40 => {
                // The phone of one and the email of another who came shortly before: they are one. Were it just anyone, then
                // before long a good part of the shop would be one person.
                let n = self.someone();
                let other = n - self.random.u64(0..=n % TEN);
                request(Some(email(other)), Some(phone(n)))
            }
            40..46 if self.emails > 0 => request(Some(later_email(self.random.u64(1..=self.emails))), None),
            _ => what_they_gave(self.random.u64(0..self.people)),
        }
    }
}

impl Iterator for Visits {
    type Item = IdentifyRequest;

    fn next(&mut self) -> Option<IdentifyRequest> {
        self.left = self.left.checked_sub(1)?;
        Some(self.draw())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

/// Of ten people the first eight give both, one an email alone and one a phone number alone.
const TEN: u64 = 10;
const BOTH: u64 = 8;

fn what_they_gave(n: u64) -> IdentifyRequest {
    match n % TEN {
        8 => request(Some(email(n)), None),
        9 => request(None, Some(phone(n))),
        _ => request(Some(email(n)), Some(phone(n))),
    }
}

fn request(email: Option<String>, phone: Option<String>) -> IdentifyRequest {
    IdentifyRequest { email, phone_number: phone.map(Into::into) }
}

fn later_email(n: u64) -> String {
    format!("visitor.{n}@example.org")
}

fn later_phone(n: u64) -> String {
    format!("+44{:010}", 7_000_000_000 + n)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use crate::contenders::union_find::UnionFind;

    use super::*;

    #[test]
    fn a_hundred_visits_bring_56_identifiers() {
        let visits: Vec<_> = Visits::new(100_000).collect();
        let emails: HashSet<_> = visits.iter().filter_map(|visit| visit.email.as_ref()).collect();
        let phones: HashSet<_> = visits.iter().filter_map(|visit| visit.phone_number.as_ref()).collect();
        let distinct = emails.len() + phones.len();
        assert!((55_500..56_500).contains(&distinct), "{distinct}");
    }

    /// Merges must not join everybody to one person, as they do where they meet the same few again and again.
    #[test]
    fn people_stay_apart() {
        let visits: Vec<_> = Visits::new(100_000).collect();
        let mut people = UnionFind::default();
        let _: Vec<_> = visits.iter().map(|visit| people.identify(visit)).collect();
        let mut sizes = HashMap::<_, usize>::new();
        for visit in &visits {
            *sizes.entry(people.identify(visit)).or_default() += 1;
        }
        let largest = sizes.into_values().max().unwrap_or_default();
        assert!(largest < 300, "{largest} of 100,000 visits are one person's");
    }
}
