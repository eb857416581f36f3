//! From what customers type to what is stored, compared and returned. Pure, and the only place that knows.
//!
//! The rules are SPEC's, section "Input". Each of [`email`] and [`phone`] is idempotent: what it returns, it
//! returns again unchanged.

mod email;
mod phone;
#[cfg(feature = "phone-region")]
mod region;

use crate::error::{Error, Field, InvalidInput, InvalidReason};
use crate::identifier::IdentifierPair;
use crate::request::{IdentifyRequest, PhoneNumber};

#[cfg(feature = "phone-region")]
pub use region::Region;

/// Normalises requests, by default without any knowledge of countries.
///
/// ```
/// use identity_core::{IdentifyRequest, Normalizer};
/// let pair = Normalizer::new()
///     .request(&IdentifyRequest::new().email(" McFly@HillValley.edu ").phone_number("(415) 555-0100"))
///     .unwrap();
/// assert_eq!(pair.email(), Some("mcfly@hillvalley.edu"));
/// assert_eq!(pair.phone(), Some("4155550100"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Normalizer {
    #[cfg(feature = "phone-region")]
    region: Option<Region>,
}

impl Normalizer {
    /// Without a default region: phone numbers are compared digit by digit.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a default region: phone numbers become E.164, so that `(415) 555-0100` and `+14155550100` are one.
    /// What the phone-number library cannot parse is kept as without a region.
    ///
    /// A region decides what is stored, so choose it before the first contact: numbers that were stored without
    /// it are not rewritten, and a number that it turns into another form is a new one.
    #[cfg(feature = "phone-region")]
    #[must_use]
    pub fn with_default_region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Normalises a request.
    ///
    /// # Errors
    /// [`Error::InvalidInput`], which names the field, for what is no email and no phone number, and for a
    /// request with neither.
    pub fn request(&self, request: &IdentifyRequest) -> Result<IdentifierPair, Error> {
        let email = match &request.email {
            Some(text) => self.email(text).map_err(|reason| InvalidInput::new(Field::Email, reason))?,
            None => None,
        };
        let phone = match &request.phone_number {
            Some(PhoneNumber::Text(text)) => self.phone(text),
            Some(PhoneNumber::Number(number)) => self.phone(&number.to_string()),
            None => Ok(None),
        };
        let phone = phone.map_err(|reason| InvalidInput::new(Field::PhoneNumber, reason))?;
        Ok(IdentifierPair::new(email, phone).ok_or(InvalidInput::request(InvalidReason::Empty))?)
    }

    /// Normalises an email; `None` where it is empty or only white space.
    ///
    /// # Errors
    /// The reason why it is none.
    pub fn email(&self, text: &str) -> Result<Option<Box<str>>, InvalidReason> {
        email::normalize(text)
    }

    /// Normalises a phone number; `None` where it is empty or only white space.
    ///
    /// # Errors
    /// The reason why it is none.
    pub fn phone(&self, text: &str) -> Result<Option<Box<str>>, InvalidReason> {
        let digits = phone::normalize(text)?;
        #[cfg(feature = "phone-region")]
        let digits = match (digits, self.region) {
            (Some(digits), Some(region)) => Some(region.e164(digits)),
            (digits, _) => digits,
        };
        Ok(digits)
    }
}
