//! E.164 by the crate `phonenumber`, a port of Google's libphonenumber.

use std::fmt;
use std::str::FromStr;

use phonenumber::{Mode, country};

use crate::error::Error;

/// The country in which a phone number without a country code is read: an ISO 3166 code such as `US` or `DE`.
///
/// ```
/// # use identity_core::{Normalizer, Region};
/// let normalizer = Normalizer::new().with_default_region("US".parse::<Region>().unwrap());
/// assert_eq!(normalizer.phone("(415) 555-0100").unwrap().as_deref(), Some("+14155550100"));
/// assert_eq!(normalizer.phone("+1 415 555 0100").unwrap().as_deref(), Some("+14155550100"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Region(country::Id);

impl Region {
    /// The number in E.164, or as it is where the library cannot parse it, or makes of it what it would not read
    /// back as the same.
    pub(super) fn e164(self, digits: Box<str>) -> Box<str> {
        match self.parsed(&digits) {
            Some(e164) if self.parsed(&e164).as_deref() == Some(&*e164) => e164.into_boxed_str(),
            _ => digits,
        }
    }

    fn parsed(self, digits: &str) -> Option<String> {
        let number = phonenumber::parse(Some(self.0), digits).ok()?;
        Some(number.format().mode(Mode::E164).to_string())
    }
}

impl FromStr for Region {
    type Err = Error;

    fn from_str(code: &str) -> Result<Self, Error> {
        let id = country::Id::from_str(&code.to_ascii_uppercase());
        let unknown =
            || Error::Configuration("the default region must be an ISO 3166 code such as US or DE".into());
        id.map(Self).map_err(|_| unknown())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Normalizer;
    use super::*;

    fn us() -> Normalizer {
        Normalizer::new().with_default_region("us".parse().unwrap())
    }

    fn of(text: &str) -> Option<String> {
        us().phone(text).unwrap().map(String::from)
    }

    #[test]
    fn national_and_international_forms_are_one() {
        assert_eq!(of("(415) 555-0100").as_deref(), Some("+14155550100"));
        assert_eq!(of("+1 415 555 0100").as_deref(), Some("+14155550100"));
        assert_eq!(of("1-415-555-0100").as_deref(), Some("+14155550100"));
        assert_eq!(of("+49 30 1234567").as_deref(), Some("+49301234567"));
    }

    #[test]
    fn what_cannot_be_parsed_is_kept() {
        assert_eq!(of("1").as_deref(), Some("1"));
        assert_eq!(of("12345678901234567890").as_deref(), Some("12345678901234567890"));
        assert_eq!(of("+999123").as_deref(), Some("+999123"));
        assert!(us().phone("415-555-0100 ext. 5").is_err(), "an extension is another person's desk");
    }

    #[test]
    fn unknown_regions_are_refused() {
        assert!("XX1".parse::<Region>().is_err());
        assert_eq!("de".parse::<Region>().unwrap().to_string(), "DE");
    }

    proptest! {
        #[test]
        fn is_idempotent_and_never_panics(text in "\\+?[0-9]{1,20}") {
            if let Ok(Some(once)) = us().phone(&text) {
                prop_assert_eq!(us().phone(&once), Ok(Some(once.clone())));
            }
        }
    }
}
