//! What an import keeps of a person until it is written for JavaScript: much less to make and to drop than a
//! [`ConsolidatedContact`](identity_core::ConsolidatedContact), of which only that text comes.

use std::fmt;

use identity_core::{ContactId, FromPerson, Person};

/// A person in few pieces.
pub(crate) struct Packed {
    pub(crate) primary: ContactId,
    pub(crate) secondaries: Box<[ContactId]>,
    /// The emails, then the phone numbers, one after the other.
    texts: String,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// How many of them are emails.
    emails: usize,
}

impl FromPerson for Packed {
    fn from_person(person: Person<'_>) -> Self {
        let (emails, phone_numbers) = (person.emails(), person.phone_numbers());
        let mut packed = Self {
            primary: person.primary_contact_id(),
            secondaries: person.secondary_contact_ids().into(),
            texts: String::with_capacity(ROOM * (emails.len() + phone_numbers.len())),
            ends: Vec::with_capacity(emails.len() + phone_numbers.len()),
            emails: emails.len(),
        };
        for text in emails.chain(phone_numbers) {
            packed.texts.push_str(text);
            packed.ends.push(packed.texts.len());
        }
        packed
    }
}

/// For most identifiers, in bytes.
const ROOM: usize = 32;

impl Packed {
    pub(crate) fn emails(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.emails).map(|place| self.text(place))
    }

    pub(crate) fn phone_numbers(&self) -> impl ExactSizeIterator<Item = &str> {
        (self.emails..self.ends.len()).map(|place| self.text(place))
    }

    fn text(&self, place: usize) -> &str {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[begin..self.ends[place]]
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packed").field("primary", &self.primary).finish_non_exhaustive()
    }
}
