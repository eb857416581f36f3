//! The people of rows that are all at hand, and of which nothing is to be kept: who is who, and no store.
//!
//! The rules are the same few hundred lines, on the same graph. What is quicker than a memory store's import is what is
//! before and behind them: each column's values get their numbers on a thread of its own, and the graph gets numbers alone.
//! Nobody is told anything before all rows are through, so a row's primary is the one at the end.

use std::borrow::Cow;
use std::fmt;

use super::resident::TOGETHER;
use super::rules::Proof;
use super::{ContactSlot, Graph};
use crate::answer::{Counts, Identified};
use crate::contact::ContactId;
use crate::error::{Field, InvalidInput, InvalidReason};
use crate::interner::{ColumnValues, IdentifierSlot, Interner};
use crate::normalize::Normalizer;
use crate::resolver::OnInvalid;
use crate::rows::Rows;

/// Rows after which the evidence is dropped.
const PER_STEP: usize = 256 * TOGETHER;

/// Who rows are, see [`people_of`]. `Debug` shows counts alone.
#[derive(Clone, Default)]
pub struct People {
    /// By row; `None` where it is no request.
    contacts: Vec<Option<ContactSlot>>,
    /// By contact.
    primaries: Vec<ContactSlot>,
    refused: Vec<(usize, InvalidInput)>,
    counts: Counts,
}

impl People {
    /// One for each row, in order: the primary of its person when all rows are through, and the contact that it created or
    /// met. `None` for rows that are [refused](Self::refused). Contacts are counted from 1, as a new memory store does.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Option<Identified>> + Clone {
        self.contacts.iter().map(|contact| {
            contact.map(|contact| Identified {
                primary_contact_id: id(self.primaries[contact.position()]),
                contact_id: id(contact),
            })
        })
    }

    /// The rows that are no request, ascending, and why.
    pub fn refused(&self) -> &[(usize, InvalidInput)] {
        &self.refused
    }

    /// How many people the rows are.
    pub fn people(&self) -> u64 {
        self.counts.people - self.counts.merges
    }

    /// How often two people turned out to be one.
    pub fn merges(&self) -> u64 {
        self.counts.merges
    }
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People")
            .field("rows", &self.contacts.len())
            .field("people", &self.people())
            .field("refused", &self.refused.len())
            .finish_non_exhaustive()
    }
}

/// Finds out who is who in rows, `chunk` after `chunk`: the ids are those that an import into a new
/// [`MemoryStore`](crate::MemoryStore) gives, for a fraction of the time and the memory. It keeps two cores busy.
///
/// Where a row is no request and [stops](OnInvalid::Stop) the others, there are answers for those before it only.
///
/// # Panics
/// For two billion rows and more, which take numbers of another size.
///
/// ```
/// use identity_core::{IdentifyRequest, Normalizer, OnInvalid, people_of};
/// let order = |email: &str, phone: &str| IdentifyRequest::new().email(email).phone_number(phone);
/// let orders = vec![order("a@x.io", "1"), order("b@x.io", "2"), order("a@x.io", "2")];
/// let people = people_of(Normalizer::new(), &[orders], OnInvalid::GoOn);
/// let primaries: Vec<_> = people.rows().flatten().map(|row| row.primary_contact_id.get()).collect();
/// assert_eq!(primaries, [1, 1, 1], "the third order shows that the first two were one person's");
/// ```
pub fn people_of<R: Rows>(normalizer: Normalizer, chunks: &[R], on_invalid: OnInvalid) -> People {
    let count: usize = chunks.iter().map(Rows::count).sum();
    // Else a number of a row, or of an identifier, would be that of another one.
    assert!(count < u32::MAX as usize / 2, "two billion rows or more");
    let of_emails = || Column::new(chunks, count, |rows, row| normalizer.email_of_row(rows.email(row)?));
    let of_phones =
        || Column::new(chunks, count, |rows, row| normalizer.phone_of_row(rows.phone_number(row)?));
    let (emails, phones) = std::thread::scope(|scope| {
        let phones = scope.spawn(of_phones);
        (of_emails(), phones.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let rows = Numbered { emails, phones };
    let refused = rows.refused(on_invalid);
    let count = match refused.first() {
        Some((row, _)) if on_invalid == OnInvalid::Stop => *row,
        _ => rows.emails.numbers.len(),
    };
    rows.identify(count, refused)
}

/// A column whose values have numbers.
struct Column {
    /// By row; [`ABSENT`](ColumnValues::ABSENT) where there is no value.
    numbers: Vec<u32>,
    distinct: u32,
    refused: Vec<(usize, InvalidReason)>,
}

impl Column {
    /// Of chunks of `count` rows together.
    fn new<'r, R, V>(chunks: &'r [R], count: usize, value: V) -> Self
    where
        R: Rows,
        V: Fn(&'r R, usize) -> Result<Option<Cow<'r, str>>, InvalidReason>,
    {
        let mut values = ColumnValues::of(count);
        let mut refused = Vec::new();
        let rows = chunks.iter().flat_map(|chunk| (0..chunk.count()).map(move |row| (chunk, row)));
        for (row, (chunk, place)) in rows.enumerate() {
            match value(chunk, place) {
                Ok(Some(value)) => values.add(row as u32, &value),
                Ok(None) => {}
                Err(reason) => refused.push((row, reason)),
            }
        }
        let (numbers, distinct) = values.numbers(count);
        Self { numbers, distinct, refused }
    }

    fn number(&self, row: usize) -> Option<u32> {
        Some(self.numbers[row]).filter(|number| *number != ColumnValues::ABSENT)
    }
}

/// Rows whose values have numbers.
struct Numbered {
    emails: Column,
    phones: Column,
}

impl Numbered {
    /// The rows that are no request; the first of them alone, where that stops the others.
    fn refused(&self, on_invalid: OnInvalid) -> Vec<(usize, InvalidInput)> {
        let of = |column: &Column, field| {
            let refused = column.refused.iter();
            refused.map(move |(row, reason)| (*row, InvalidInput::new(field, *reason))).collect::<Vec<_>>()
        };
        let mut refused = of(&self.emails, Field::Email);
        refused.extend(of(&self.phones, Field::PhoneNumber));
        // Stable: of a row that is wrong twice, the email is told, as everywhere.
        refused.sort_by_key(|(row, _)| *row);
        refused.dedup_by_key(|(row, _)| *row);
        let mut wrong = refused.iter().map(|(row, _)| *row).peekable();
        let mut empty = Vec::new();
        for row in 0..self.emails.numbers.len() {
            let is_wrong = wrong.next_if_eq(&row).is_some();
            if !is_wrong && self.emails.number(row).is_none() && self.phones.number(row).is_none() {
                empty.push((row, InvalidInput::request(InvalidReason::Empty)));
            }
        }
        refused.extend(empty);
        refused.sort_unstable_by_key(|(row, _)| *row);
        if on_invalid == OnInvalid::Stop {
            refused.truncate(1);
        }
        refused
    }

    fn identify(&self, count: usize, refused: Vec<(usize, InvalidInput)>) -> People {
        let mut graph = Graph::anonymous(self.emails.distinct as usize + self.phones.distinct as usize);
        let mut people = People { contacts: Vec::with_capacity(count), ..People::default() };
        let mut wrong = refused.iter().map(|(row, _)| *row).peekable();
        let mut first = 0;
        while first < count {
            let last = count.min(first + TOGETHER);
            let mut proofs = [Proof::NONE; TOGETHER];
            for (row, proof) in (first..last).zip(&mut proofs) {
                if wrong.next_if_eq(&row).is_none() {
                    *proof = self.proof(row);
                }
            }
            graph.look_ahead(&proofs);
            let met = proofs.into_iter().take(last - first);
            people.contacts.extend(met.map(|proof| (!proof.is_none()).then(|| graph.meet_by(proof).contact)));
            first = last;
            if first.is_multiple_of(PER_STEP) || first == count {
                people.counts += Counts::of(graph.settled().iter().map(|event| event.kind));
            }
        }
        people.primaries = graph.primaries().collect();
        people.refused = refused;
        people
    }

    fn proof(&self, row: usize) -> Proof {
        let phone = self.phones.number(row).map(|number| self.emails.distinct + number);
        Proof {
            email: self.emails.number(row).map(IdentifierSlot::numbered),
            phone: phone.map(IdentifierSlot::numbered),
        }
    }
}

impl Graph {
    /// Of so many identifiers without values.
    fn anonymous(identifiers: usize) -> Self {
        let mut graph = Self::resident();
        graph.identifiers = Interner::anonymous(identifiers);
        graph
    }

    /// The primary of each contact, in order.
    fn primaries(&mut self) -> impl Iterator<Item = ContactSlot> {
        (0..self.contacts.len()).map(|position| self.find(ContactSlot::new(position)))
    }
}

/// Contacts of a graph that gives the ids itself are numbered as they are counted.
fn id(contact: ContactSlot) -> ContactId {
    ContactId::from(contact.position() as i64 + 1)
}
