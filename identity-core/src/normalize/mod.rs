//! From what customers type to what is stored, compared and returned. Pure, and the only place that knows.
//!
//! The rules are SPEC's, section "Input". Each of [`email`] and [`phone`] is idempotent: what it returns, it
//! returns again unchanged.

mod email;
mod phone;
#[cfg(feature = "phone-region")]
mod region;

use std::borrow::Cow;

use crate::error::{Error, Field, InvalidInput, InvalidReason};
use crate::identifier::IdentifierPair;
use crate::request::{IdentifyRequest, PhoneNumber};
use crate::rows::PhoneRef;

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
        let phone = request.phone_number.as_ref().map(PhoneNumber::borrow);
        Ok(self.row(Ok(request.email.as_deref()), Ok(phone))?)
    }

    /// Normalises what one row of a source says. Where both are wrong, the email is told.
    pub(crate) fn row(
        &self,
        email: Result<Option<&str>, InvalidReason>,
        phone: Result<Option<PhoneRef<'_>>, InvalidReason>,
    ) -> Result<IdentifierPair, InvalidInput> {
        let invalid = |field| move |reason| InvalidInput::new(field, reason);
        let email = email.and_then(|email| self.email_of_row(email)).map_err(invalid(Field::Email))?;
        let phone = phone.and_then(|phone| self.phone_of_row(phone)).map_err(invalid(Field::PhoneNumber))?;
        let pair = IdentifierPair::new(email.map(Into::into), phone.map(Into::into));
        pair.ok_or(InvalidInput::request(InvalidReason::Empty))
    }

    /// The email of a row, copied only where it has to be changed.
    pub(crate) fn email_of_row<'r>(
        &self,
        email: Option<&'r str>,
    ) -> Result<Option<Cow<'r, str>>, InvalidReason> {
        email.map_or(Ok(None), email::normalize)
    }

    /// The phone number of a row, likewise.
    pub(crate) fn phone_of_row<'r>(
        &self,
        phone: Option<PhoneRef<'r>>,
    ) -> Result<Option<Cow<'r, str>>, InvalidReason> {
        let digits = match phone {
            Some(PhoneRef::Text(text)) => phone::normalize(text)?,
            Some(PhoneRef::Number(number)) => Some(Cow::Owned(number.to_string())),
            None => None,
        };
        #[cfg(feature = "phone-region")]
        let digits = match (digits, self.region) {
            (Some(digits), Some(region)) => Some(Cow::Owned(region.e164(digits.into()).into())),
            (digits, _) => digits,
        };
        Ok(digits)
    }

    /// Normalises an email; `None` where it is empty or only white space.
    ///
    /// # Errors
    /// The reason why it is none.
    pub fn email(&self, text: &str) -> Result<Option<Box<str>>, InvalidReason> {
        Ok(email::normalize(text)?.map(Into::into))
    }

    /// Normalises a phone number; `None` where it is empty or only white space.
    ///
    /// # Errors
    /// The reason why it is none.
    pub fn phone(&self, text: &str) -> Result<Option<Box<str>>, InvalidReason> {
        Ok(self.phone_of_row(Some(PhoneRef::Text(text)))?.map(Into::into))
    }
}
