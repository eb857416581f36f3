//! Emails, phone numbers and requests, as few as there need be; which of them are one person's.

use identity_core::{Identifier, IdentifierKind, IdentifyRequest};

/// An email or a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    Email(u8),
    Phone(u8),
}

/// How many of each kind there are at most.
const MOST: u8 = 4;

impl Value {
    fn all() -> impl Iterator<Item = Self> {
        (0..MOST).flat_map(|n| [Self::Email(n), Self::Phone(n)])
    }

    /// Normalised already, so that it comes back as it was.
    fn text(self) -> String {
        match self {
            Self::Email(n) => format!("{n}@x"),
            Self::Phone(n) => n.to_string(),
        }
    }

    pub(super) fn identifier(self) -> Identifier {
        let kind = match self {
            Self::Email(_) => IdentifierKind::Email,
            Self::Phone(_) => IdentifierKind::Phone,
        };
        Identifier::new(kind, self.text())
    }

    pub(super) fn named(kind: IdentifierKind, text: &str) -> Option<Self> {
        Self::all().find(|value| {
            let Identifier { kind: its, value } = value.identifier();
            its == kind && *value == *text
        })
    }

    fn bit(self) -> u8 {
        match self {
            Self::Email(n) => 1 << n,
            Self::Phone(n) => 1 << (MOST + n),
        }
    }
}

/// A set of values.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Values(u8);

impl Values {
    pub(super) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl FromIterator<Value> for Values {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        Self(values.into_iter().fold(0, |bits, value| bits | value.bit()))
    }
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(Value::all().filter(|value| self.0 & value.bit() != 0)).finish()
    }
}

/// What one call asks: an email, a phone number, or both. By their numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Request {
    pub(super) email: Option<u8>,
    pub(super) phone: Option<u8>,
}

impl Request {
    /// All that there are of so many emails and phone numbers.
    pub(super) fn all(emails: u8, phones: u8) -> Vec<Self> {
        let choices = |count| std::iter::once(None).chain((0..count).map(Some));
        choices(emails)
            .flat_map(|email| choices(phones).map(move |phone| Self { email, phone }))
            .filter(|request| request.email.is_some() || request.phone.is_some())
            .collect()
    }

    /// In the order of claims: emails first.
    pub(super) fn list(self) -> impl Iterator<Item = Value> {
        self.email.map(Value::Email).into_iter().chain(self.phone.map(Value::Phone))
    }

    pub(super) fn values(self) -> Values {
        self.list().collect()
    }

    pub(super) fn as_asked(self) -> IdentifyRequest {
        let text = |value: Option<Value>| value.map(Value::text);
        let mut request = IdentifyRequest::new();
        if let Some(email) = text(self.email.map(Value::Email)) {
            request = request.email(email);
        }
        if let Some(phone) = text(self.phone.map(Value::Phone)) {
            request = request.phone_number(phone);
        }
        request
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}

/// Who is one person, by the pairs of these requests: sorted.
pub(super) fn people(requests: impl IntoIterator<Item = Values>) -> Vec<Values> {
    let mut people = Vec::<Values>::new();
    for mut person in requests {
        people.retain(|other| {
            let is_met = other.meets(person);
            if is_met {
                person = person.union(*other);
            }
            !is_met
        });
        people.push(person);
    }
    people.sort_unstable();
    people
}

/// All identifiers that one of these requests leads to by the others.
pub(super) fn person(of: Values, requests: impl IntoIterator<Item = Values>) -> Values {
    let people = people(requests.into_iter().chain([of]));
    people.into_iter().find(|person| person.contains(of)).unwrap_or(of)
}
