//! Answers and errors as JSON.

use std::error::Error as StdError;
use std::fmt::Write as _;

use identity_core::{ConsolidatedContact, ContactId, Error, Field};
use serde::Serialize;

/// What JavaScript's numbers hold without loss, on either side of zero.
const LARGEST: i64 = (1 << 53) - 1;

/// Entries of a delivery: `call,answer,call,answer`. An answer is what was asked for, or `{"error": …}`.
#[derive(Debug, Default)]
pub(crate) struct Entries(String);

impl Entries {
    /// One answer alone.
    pub(crate) fn of<T: Answer>(call: i64, outcome: Result<T, Failure>) -> Self {
        let mut entries = Self::default();
        entries.add(call, outcome);
        entries
    }

    /// One that is no outcome.
    pub(crate) fn message(call: i64, message: &impl Serialize) -> Self {
        let mut entries = Self::default();
        entries.begin(call);
        entries.json(message);
        entries
    }

    pub(crate) fn add<T: Answer>(&mut self, call: i64, outcome: Result<T, Failure>) {
        self.begin(call);
        self.json(&Outcome::of(outcome));
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn begin(&mut self, call: i64) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        // Writing to a String does not fail.
        let _ = write!(self.0, "{call},");
    }

    fn json(&mut self, value: &impl Serialize) {
        // Nothing that is sent can fail to be JSON: names are texts, and numbers are whole.
        self.0.push_str(&serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()));
    }
}

/// What is answered.
pub(crate) trait Answer: Serialize {
    /// The largest id that it names, by its distance from zero.
    fn largest_id(&self) -> i64;
}

impl Answer for () {
    fn largest_id(&self) -> i64 {
        0
    }
}

impl Answer for ConsolidatedContact {
    fn largest_id(&self) -> i64 {
        let ids = self.secondary_contact_ids.iter().chain([&self.primary_contact_id]);
        ids.map(|id| id.get().saturating_abs()).max().unwrap_or_default()
    }
}

impl Answer for Vec<ConsolidatedContact> {
    fn largest_id(&self) -> i64 {
        self.iter().map(Answer::largest_id).max().unwrap_or_default()
    }
}

impl Answer for Option<ConsolidatedContact> {
    fn largest_id(&self) -> i64 {
        self.as_ref().map_or(0, Answer::largest_id)
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

/// An answer, or an error.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome<T> {
    Answer(T),
    Error { error: Described },
}

impl<T: Answer> Outcome<T> {
    pub(crate) fn of(outcome: Result<T, Failure>) -> Self {
        match outcome {
            Ok(answer) if answer.largest_id() > LARGEST => {
                let failure = Failure::IdTooLarge(answer.largest_id().into());
                Self::Error { error: Described::from(&failure) }
            }
            Ok(answer) => Self::Answer(answer),
            Err(failure) => Self::Error { error: Described::from(&failure) },
        }
    }
}

/// An error as the face makes an `IdentityError` of it.
#[derive(Serialize)]
pub(crate) struct Described {
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
    use super::*;

    fn person(id: i64) -> ConsolidatedContact {
        ConsolidatedContact {
            primary_contact_id: 1.into(),
            emails: vec![],
            phone_numbers: vec![],
            secondary_contact_ids: vec![id.into()],
        }
    }

    #[test]
    fn entries_are_json() {
        let mut entries = Entries::of(1, Ok(person(2)));
        entries.add::<()>(3, Err(Error::Overloaded.into()));
        entries.add(4, Ok(None::<ConsolidatedContact>));
        let text = format!("[{}]", entries.as_str());
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed[1]["secondaryContactIds"][0], 2);
        assert_eq!(parsed[3]["error"]["code"], "OVERLOADED");
        assert_eq!(parsed[3]["error"]["retryable"], true);
        assert!(parsed[5].is_null());
    }

    #[test]
    fn ids_are_never_rounded() {
        for (id, held) in [(LARGEST, true), (-LARGEST, true), (LARGEST + 1, false), (i64::MIN, false)] {
            let text = serde_json::to_string(&Outcome::of(Ok(Some(person(id))))).unwrap();
            assert_eq!(text.contains("ID_TOO_LARGE"), !held, "{text}");
        }
    }
}
