//! What a caller says of a person.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde_json::Value;

use crate::error::{Error, Field, InvalidInput, InvalidReason};
use crate::redact::Redacted;
use crate::rows::PhoneRef;

/// An email, a phone number, or both, as the caller has them; normalising is the library's work.
///
/// From JSON it takes `{ "email": string|null, "phoneNumber": string|number|null }`, each of which may be
/// absent; unknown fields are ignored. `Debug` shows which are there and no value.
///
/// ```
/// use identity_core::IdentifyRequest;
/// let request = IdentifyRequest::new().email("mcfly@hillvalley.edu").phone_number("123456");
/// let same = IdentifyRequest::from_json(br#"{"email":"mcfly@hillvalley.edu","phoneNumber":"123456"}"#).unwrap();
/// assert_eq!(request, same);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct IdentifyRequest {
    /// The email. Empty or only white space counts as absent.
    pub email: Option<String>,
    /// The phone number. Empty or only white space counts as absent.
    pub phone_number: Option<PhoneNumber>,
}

impl IdentifyRequest {
    /// A request that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this email.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// With this phone number: text, or a number whose digits it is.
    #[must_use]
    pub fn phone_number(mut self, phone_number: impl Into<PhoneNumber>) -> Self {
        self.phone_number = Some(phone_number.into());
        self
    }

    /// Reads the JSON text of a request.
    ///
    /// # Errors
    /// [`Error::InvalidInput`], which names the field where there is one, for what is no JSON, no object, or
    /// holds a value of a wrong type. The message repeats nothing of the text.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let value =
            serde_json::from_slice(json).map_err(|_| InvalidInput::request(InvalidReason::NotJson))?;
        Ok(Self::from_value(value)?)
    }

    fn from_value(value: Value) -> Result<Self, InvalidInput> {
        let Value::Object(mut fields) = value else {
            return Err(InvalidInput::request(InvalidReason::NotAnObject));
        };
        let email = match fields.remove("email") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => return Err(InvalidInput::new(Field::Email, InvalidReason::NotText)),
        };
        let phone_number = match fields.remove("phoneNumber") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(PhoneNumber::Text(text)),
            Some(Value::Number(number)) => match number.as_u64() {
                Some(digits) => Some(PhoneNumber::Number(digits)),
                None => return Err(InvalidInput::new(Field::PhoneNumber, InvalidReason::NotAWholeNumber)),
            },
            Some(_) => return Err(InvalidInput::new(Field::PhoneNumber, InvalidReason::NotTextOrNumber)),
        };
        Ok(Self { email, phone_number })
    }
}

impl<'de> Deserialize<'de> for IdentifyRequest {
    /// The messages name the field and repeat no value, which serde's own would.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl fmt::Debug for IdentifyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentifyRequest")
            .field("email", &Redacted::option(&self.email))
            .field("phone_number", &Redacted::option(&self.phone_number))
            .finish()
    }
}

/// A phone number as callers have it.
///
/// A JSON number must be a non-negative integer of at most 64 bits: its digits are the phone number, and
/// nothing may be lost on the way (SPEC, "Input"). `Debug` shows no digit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum PhoneNumber {
    /// Text.
    Text(String),
    /// A number, whose decimal digits are the phone number.
    Number(u64),
}

impl PhoneNumber {
    /// Without a copy.
    pub(crate) fn borrow(&self) -> PhoneRef<'_> {
        match self {
            Self::Text(text) => PhoneRef::Text(text),
            Self::Number(number) => PhoneRef::Number(*number),
        }
    }
}

impl From<String> for PhoneNumber {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for PhoneNumber {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for PhoneNumber {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Redacted(true).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> (Option<Field>, InvalidReason) {
        match IdentifyRequest::from_json(json.as_bytes()) {
            Err(Error::InvalidInput(invalid)) => (invalid.field(), invalid.reason()),
            other => panic!("{json} gave {other:?}"),
        }
    }

    #[test]
    fn takes_text_numbers_null_and_nothing() {
        let of = |json: &str| IdentifyRequest::from_json(json.as_bytes()).unwrap();
        assert_eq!(of("{}"), IdentifyRequest::new());
        assert_eq!(of(r#"{"email":null,"phoneNumber":null,"other":[1]}"#), IdentifyRequest::new());
        assert_eq!(of(r#"{"phoneNumber":123456}"#), IdentifyRequest::new().phone_number(123_456));
        let largest = of(r#"{"phoneNumber":18446744073709551615}"#);
        assert_eq!(largest, IdentifyRequest::new().phone_number(u64::MAX));
    }

    #[test]
    fn numbers_that_would_lose_something_are_refused() {
        for number in ["1e3", "1.5", "1.0", "-1", "18446744073709551616", "1e400"] {
            let json = format!(r#"{{"phoneNumber":{number}}}"#);
            let (field, reason) = refused(&json);
            if number == "1e400" {
                assert_eq!(reason, InvalidReason::NotJson, "serde_json has no such number");
            } else {
                assert_eq!(
                    (field, reason),
                    (Some(Field::PhoneNumber), InvalidReason::NotAWholeNumber),
                    "{number}"
                );
            }
        }
    }

    #[test]
    fn wrong_types_name_the_field() {
        assert_eq!(refused(r#"{"email":5}"#), (Some(Field::Email), InvalidReason::NotText));
        assert_eq!(
            refused(r#"{"phoneNumber":true}"#),
            (Some(Field::PhoneNumber), InvalidReason::NotTextOrNumber)
        );
        assert_eq!(refused(r#"["a@x.io"]"#), (None, InvalidReason::NotAnObject));
        assert_eq!(refused(r#"{"email":"#), (None, InvalidReason::NotJson));
    }

    #[test]
    fn messages_of_serde_repeat_no_value() {
        let error = serde_json::from_str::<IdentifyRequest>(r#"{"email":["secret@x.io"]}"#).unwrap_err();
        assert!(error.to_string().starts_with("email must be"), "{error}");
        assert!(!error.to_string().contains("secret"));
    }
}
