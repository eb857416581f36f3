//! What tells one customer from another: an email or a phone number, normalised.

use std::fmt;

use crate::redact::Redacted;

/// The kinds of identifier, in the order in which claims are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// An email address.
    Email,
    /// A phone number.
    Phone,
}

impl IdentifierKind {
    /// The name under which tables keep the kind: `email` or `phone`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }

    /// The kind with this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "email" => Some(Self::Email),
            "phone" => Some(Self::Phone),
            _ => None,
        }
    }
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind and a normalised value. Two identifiers are one only when they are equal byte for byte.
///
/// `Debug` shows the kind and never the value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    /// What kind of identifier it is.
    pub kind: IdentifierKind,
    /// The value as [`Normalizer`](crate::Normalizer) leaves it.
    pub value: Box<str>,
}

impl Identifier {
    /// An identifier of a value that is normalised already.
    pub fn new(kind: IdentifierKind, value: impl Into<Box<str>>) -> Self {
        Self { kind, value: value.into() }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identifier").field("kind", &self.kind).field("value", &Redacted(true)).finish()
    }
}

/// What one valid request gives of a person: an email, a phone number, or both, normalised.
///
/// Made by [`Normalizer::request`](crate::Normalizer::request), which refuses a request with neither.
/// `Debug` shows which are there and no value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdentifierPair {
    email: Option<Box<str>>,
    phone: Option<Box<str>>,
}

impl IdentifierPair {
    /// `None` where both are absent.
    pub(crate) fn new(email: Option<Box<str>>, phone: Option<Box<str>>) -> Option<Self> {
        (email.is_some() || phone.is_some()).then_some(Self { email, phone })
    }

    /// The normalised email.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The normalised phone number.
    pub fn phone(&self) -> Option<&str> {
        self.phone.as_deref()
    }

    /// The identifiers, one or two of them, the email first.
    pub fn identifiers(&self) -> impl Iterator<Item = Identifier> + '_ {
        self.parts().map(|(kind, value)| Identifier::new(kind, value))
    }

    /// The same, without a copy of the values.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (IdentifierKind, &str)> {
        let email = self.email().map(|value| (IdentifierKind::Email, value));
        let phone = self.phone().map(|value| (IdentifierKind::Phone, value));
        email.into_iter().chain(phone)
    }
}

impl fmt::Debug for IdentifierPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentifierPair")
            .field("email", &Redacted::option(&self.email))
            .field("phone", &Redacted::option(&self.phone))
            .finish()
    }
}
