//! Answers and errors as JSON.
//!
//! A contact is flat, without names and brackets: `primary, number of emails, emails…, number of phone numbers, phone
//! numbers…, number of secondaries, secondaries…`. JavaScript reads that in a third of the time that objects with names take,
//! and reading is what it spends most of a call on. Whatever is no contact is an object, which tells the two apart.

use std::error::Error as StdError;
use std::fmt::Write as _;

use identity_core::{ConsolidatedContact, ContactId, Error, Field};
use serde::Serialize;
use serde_json::{Value, json};

use crate::person::Packed;

/// What JavaScript's numbers hold without loss, on either side of zero.
const LARGEST: i64 = (1 << 53) - 1;

/// The begin of an array of JSON: its elements so far, without the bracket at its end.
#[derive(Debug)]
pub(crate) struct Elements(String);

impl Default for Elements {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl Elements {
    /// With room for so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('[');
        Self(text)
    }

    /// A call and its answer.
    pub(crate) fn of<T: Answer>(call: i64, outcome: Result<T, Failure>) -> Self {
        let mut elements = Self::default();
        elements.call(call, outcome);
        elements
    }

    /// Adds a call and its answer.
    pub(crate) fn call<T: Answer>(&mut self, call: i64, outcome: Result<T, Failure>) {
        self.number(call);
        self.outcome(outcome);
    }

    /// A call, and what it has to say that is no answer.
    pub(crate) fn message(call: i64, message: &Value) -> Self {
        let mut elements = Self::default();
        elements.number(call);
        elements.json(message);
        elements
    }

    pub(crate) fn number(&mut self, number: i64) {
        self.separate();
        self.0.push_str(itoa::Buffer::new().format(number));
    }

    pub(crate) fn outcome<T: Answer>(&mut self, outcome: Result<T, Failure>) {
        let failure = match outcome {
            Ok(answer) => match answer.largest_id() {
                id if id > LARGEST => Failure::IdTooLarge(id.into()),
                _ => return answer.write(self),
            },
            Err(failure) => failure,
        };
        self.json(&json!({ "error": Described::from(&failure) }));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.len() == 1
    }

    /// In bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds others behind them.
    pub(crate) fn extend(&mut self, others: &Self) {
        self.separate();
        self.0.push_str(&others.0[1..]);
    }

    /// The whole array.
    pub(crate) fn into_text(mut self) -> String {
        self.0.push(']');
        self.0
    }

    pub(crate) fn json(&mut self, value: &Value) {
        self.separate();
        // Writing to a String does not fail.
        let _ = write!(self.0, "{value}");
    }

    /// An object: `with`, and contacts. They follow, until [`end_contacts`](Self::end_contacts).
    pub(crate) fn begin_contacts(&mut self, with: &Value) {
        self.separate();
        let _ = write!(self.0, "{{\"with\":{with},\"contacts\":[");
    }

    pub(crate) fn end_contacts(&mut self) {
        self.0.push_str("]}");
    }

    fn text(&mut self, text: &str) {
        self.separate();
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.0.push('"');
            self.0.push_str(text);
            self.0.push('"');
        } else {
            // A text can always be written as JSON.
            self.0.push_str(&serde_json::to_string(text).unwrap_or_default());
        }
    }

    fn texts<'t>(&mut self, texts: impl ExactSizeIterator<Item = &'t str>) {
        self.count(texts.len());
        texts.for_each(|text| self.text(text));
    }

    fn ids(&mut self, ids: &[ContactId]) {
        self.count(ids.len());
        ids.iter().for_each(|id| self.number(id.get()));
    }

    fn count(&mut self, count: usize) {
        self.separate();
        self.0.push_str(itoa::Buffer::new().format(count));
    }

    fn separate(&mut self) {
        if !self.0.ends_with('[') {
            self.0.push(',');
        }
    }
}

/// What is answered.
pub(crate) trait Answer {
    /// The largest id that it names, by its distance from zero.
    fn largest_id(&self) -> i64;

    /// Adds it.
    fn write(&self, elements: &mut Elements);
}

impl Answer for () {
    fn largest_id(&self) -> i64 {
        0
    }

    fn write(&self, elements: &mut Elements) {
        elements.json(&Value::Null);
    }
}

impl Answer for ConsolidatedContact {
    fn largest_id(&self) -> i64 {
        largest(self.primary_contact_id, &self.secondary_contact_ids)
    }

    fn write(&self, elements: &mut Elements) {
        elements.number(self.primary_contact_id.get());
        elements.texts(self.emails.iter().map(String::as_str));
        elements.texts(self.phone_numbers.iter().map(String::as_str));
        elements.ids(&self.secondary_contact_ids);
    }
}

impl Answer for Packed {
    fn largest_id(&self) -> i64 {
        largest(self.primary, &self.secondaries)
    }

    fn write(&self, elements: &mut Elements) {
        elements.number(self.primary.get());
        elements.texts(self.emails());
        elements.texts(self.phone_numbers());
        elements.ids(&self.secondaries);
    }
}

fn largest(primary: ContactId, secondaries: &[ContactId]) -> i64 {
    let ids = secondaries.iter().chain([&primary]);
    ids.map(|id| id.get().saturating_abs()).max().unwrap_or_default()
}

impl Answer for Vec<ConsolidatedContact> {
    fn largest_id(&self) -> i64 {
        self.iter().map(Answer::largest_id).max().unwrap_or_default()
    }

    fn write(&self, elements: &mut Elements) {
        elements.begin_contacts(&Value::Null);
        self.iter().for_each(|contact| contact.write(elements));
        elements.end_contacts();
    }
}

impl Answer for Option<ConsolidatedContact> {
    fn largest_id(&self) -> i64 {
        self.as_ref().map_or(0, Answer::largest_id)
    }

    fn write(&self, elements: &mut Elements) {
        match self {
            Some(contact) => contact.write(elements),
            None => elements.json(&Value::Null),
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library says so.
    Refused(Error),
    /// A bug of the library.
    Panicked,
    /// The answer holds an id that a number of JavaScript cannot.
    IdTooLarge(ContactId),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// An error as the face makes an `IdentityError` of it.
#[derive(Serialize)]
struct Described {
    code: &'static str,
    message: String,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// The causes, each the cause of the one before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
}

impl From<&Failure> for Described {
    fn from(failure: &Failure) -> Self {
        let described = |code, message| Self { code, message, retryable: false, field: None, causes: vec![] };
        match failure {
            Failure::Refused(error) => Self {
                retryable: error.is_retryable(),
                field: field(error),
                causes: causes(error),
                ..described(error.kind().code(), error.to_string())
            },
            Failure::Panicked => described("INTERNAL", "a bug of identity-core; please report it".to_owned()),
            Failure::IdTooLarge(id) => described(
                "ID_TOO_LARGE",
                format!("contact {id} has an id beyond 2^53 - 1, which a number cannot hold exactly"),
            ),
        }
    }
}

fn field(error: &Error) -> Option<&'static str> {
    match error {
        Error::InvalidInput(invalid) => invalid.field().map(Field::name),
        _ => None,
    }
}

fn causes(error: &Error) -> Vec<String> {
    // What is wrong with an input is in the message already.
    if matches!(error, Error::InvalidInput(_)) {
        return Vec::new();
    }
    std::iter::successors(error.source(), |&cause| cause.source()).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use identity_core::{ErrorKind, FromPerson};

    use super::*;

    fn person(id: i64) -> ConsolidatedContact {
        ConsolidatedContact {
            primary_contact_id: 1.into(),
            emails: vec!["\"a\"@x.io".to_owned()],
            phone_numbers: vec![],
            secondary_contact_ids: vec![id.into()],
        }
    }

    fn parsed(elements: Elements) -> Value {
        serde_json::from_str(&elements.into_text()).unwrap()
    }

    #[test]
    fn contacts_are_flat() {
        let mut elements = Elements::of(7, Ok(person(2)));
        elements.number(8);
        elements.outcome(Ok(None::<ConsolidatedContact>));
        elements.number(9);
        elements.outcome(Ok(vec![person(3)]));
        let all = json!([7, 1, 1, "\"a\"@x.io", 0, 1, 2, 8, null, 9,
            { "contacts": [1, 1, "\"a\"@x.io", 0, 1, 3], "with": null }]);
        assert_eq!(parsed(elements), all);
    }

    #[test]
    fn packed_people_are_written_the_same() {
        let texts = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        let contact = ConsolidatedContact {
            emails: texts(["first@x.io", "\"second\"@x.io"]),
            phone_numbers: texts(["1", "2"]),
            ..person(LARGEST + 1)
        };
        for contact in [contact, person(2), ConsolidatedContact { emails: vec![], ..person(3) }] {
            let packed = Elements::of(7, Ok(Packed::from_contact(contact.clone())));
            assert_eq!(parsed(packed), parsed(Elements::of(7, Ok(contact))));
        }
    }

    #[test]
    fn errors_have_codes() {
        let elements = Elements::of::<()>(3, Err(Error::Overloaded.into()));
        let parsed = parsed(elements);
        assert_eq!(parsed[1]["error"]["code"], "OVERLOADED");
        assert_eq!(parsed[1]["error"]["retryable"], true);
    }

    #[test]
    fn every_code_is_in_the_types() {
        let types = include_str!("../types/error.d.ts");
        let of_kinds = ErrorKind::ALL.iter().map(|kind| kind.code());
        let own =
            [Failure::Panicked, Failure::IdTooLarge(1.into())].map(|failure| Described::from(&failure).code);
        for code in of_kinds.chain(own) {
            assert!(types.contains(&format!("'{code}'")), "IdentityErrorCode lacks {code}");
            assert!(types.contains(&format!("| `{code}` |")), "its table lacks {code}");
        }
    }

    #[test]
    fn ids_are_never_rounded() {
        for (id, held) in [(LARGEST, true), (-LARGEST, true), (LARGEST + 1, false), (i64::MIN, false)] {
            let text = Elements::of(1, Ok(Some(person(id)))).into_text();
            assert_eq!(text.contains("ID_TOO_LARGE"), !held, "{text}");
        }
    }
}
