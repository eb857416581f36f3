//! A person to look at, where one need not be copied.

use std::fmt;

use crate::contact::{ConsolidatedContact, ContactId};
#[cfg(feature = "memory")]
use crate::graph::Graph;
#[cfg(feature = "memory")]
use crate::interner::IdentifierSlot;

/// What [`ConsolidatedContact`] holds, wherever it lies: for whoever makes something else of it, see [`FromPerson`].
/// `Debug` shows no email and no phone number.
#[derive(Clone, Copy)]
pub struct Person<'p> {
    primary: ContactId,
    emails: Texts<'p>,
    phone_numbers: Texts<'p>,
    secondaries: &'p [ContactId],
}

#[derive(Clone, Copy)]
enum Texts<'p> {
    Copied(&'p [String]),
    #[cfg(feature = "memory")]
    InGraph(&'p Graph, &'p [IdentifierSlot]),
}

/// What an import answers its requests with, see [`identify_rows_as`](crate::IdentityResolver::identify_rows_as): it is made of
/// the person right when the request was identified, so that only what is wanted is copied.
///
/// ```
/// use identity_core::{ContactId, FromPerson, IdentifyRequest, IdentityResolver, MemoryStore, OnInvalid, Person};
/// # use futures_util::StreamExt;
///
/// struct Newest(ContactId);
///
/// impl FromPerson for Newest {
///     fn from_person(person: Person<'_>) -> Self {
///         Self(person.secondary_contact_ids().last().copied().unwrap_or(person.primary_contact_id()))
///     }
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let resolver = IdentityResolver::new(MemoryStore::new());
/// let request = |email| IdentifyRequest::new().email(email).phone_number("123456");
/// let rows = vec![request("lorraine@hillvalley.edu"), request("mcfly@hillvalley.edu")];
/// let chunks = futures_util::stream::iter([rows]);
/// let mut answers = resolver.identify_rows_as::<Newest, _, _, _>(chunks, OnInvalid::GoOn, |_| {});
/// let newest: Vec<_> = answers.next().await.unwrap().into_iter().map(|answer| answer.unwrap().0.get()).collect();
/// assert_eq!(newest, [1, 2]);
/// # });
/// ```
///
/// On the memory store it is made while the store is locked, so making it must not call the store, nor wait.
pub trait FromPerson: Sized + Send + Sync + 'static {
    /// Makes it of a person.
    fn from_person(person: Person<'_>) -> Self;

    /// The same, of one that was copied already.
    fn from_contact(contact: ConsolidatedContact) -> Self {
        Self::from_person(Person::from(&contact))
    }
}

impl<'p> Person<'p> {
    /// One whose identifiers lie in a graph.
    #[cfg(feature = "memory")]
    pub(crate) fn in_graph(
        graph: &'p Graph,
        primary: ContactId,
        emails: &'p [IdentifierSlot],
        phone_numbers: &'p [IdentifierSlot],
        secondaries: &'p [ContactId],
    ) -> Self {
        let texts = |slots| Texts::InGraph(graph, slots);
        Self { primary, emails: texts(emails), phone_numbers: texts(phone_numbers), secondaries }
    }

    /// See [`ConsolidatedContact::primary_contact_id`].
    pub fn primary_contact_id(&self) -> ContactId {
        self.primary
    }

    /// See [`ConsolidatedContact::emails`].
    pub fn emails(&self) -> impl ExactSizeIterator<Item = &'p str> + use<'p> {
        self.emails.iter()
    }

    /// See [`ConsolidatedContact::phone_numbers`].
    pub fn phone_numbers(&self) -> impl ExactSizeIterator<Item = &'p str> + use<'p> {
        self.phone_numbers.iter()
    }

    /// See [`ConsolidatedContact::secondary_contact_ids`].
    pub fn secondary_contact_ids(&self) -> &'p [ContactId] {
        self.secondaries
    }
}

impl<'p> Texts<'p> {
    fn iter(self) -> impl ExactSizeIterator<Item = &'p str> + use<'p> {
        (0..self.count()).map(move |position| match self {
            Self::Copied(texts) => texts[position].as_str(),
            #[cfg(feature = "memory")]
            Self::InGraph(graph, slots) => graph.value(slots[position]),
        })
    }

    fn count(self) -> usize {
        match self {
            Self::Copied(texts) => texts.len(),
            #[cfg(feature = "memory")]
            Self::InGraph(_, slots) => slots.len(),
        }
    }
}

impl<'p> From<&'p ConsolidatedContact> for Person<'p> {
    fn from(contact: &'p ConsolidatedContact) -> Self {
        Self {
            primary: contact.primary_contact_id,
            emails: Texts::Copied(&contact.emails),
            phone_numbers: Texts::Copied(&contact.phone_numbers),
            secondaries: &contact.secondary_contact_ids,
        }
    }
}

impl FromPerson for ConsolidatedContact {
    fn from_person(person: Person<'_>) -> Self {
        Self {
            primary_contact_id: person.primary_contact_id(),
            emails: person.emails().map(str::to_owned).collect(),
            phone_numbers: person.phone_numbers().map(str::to_owned).collect(),
            secondary_contact_ids: person.secondary_contact_ids().to_vec(),
        }
    }

    fn from_contact(contact: Self) -> Self {
        contact
    }
}

impl fmt::Debug for Person<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("primary_contact_id", &self.primary)
            .field("emails", &format_args!("[{} redacted]", self.emails.count()))
            .field("phone_numbers", &format_args!("[{} redacted]", self.phone_numbers.count()))
            .field("secondary_contact_ids", &self.secondaries)
            .finish()
    }
}
