//! Random requests against a naive model, written straight from SPEC: quadratic, obvious.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fixture, Subject, assert_sound, request};
use crate::contact::{ConsolidatedContact, Contact, ContactId};
use crate::request::IdentifyRequest;
use crate::resolver::IdentityResolver;

/// A table of contacts. A row's id is its position; rows are created one after the other, so ids tell age.
#[derive(Clone, Debug, Default)]
pub struct Model {
    rows: Vec<ModelRow>,
}

#[derive(Clone, Debug)]
struct ModelRow {
    email: Option<String>,
    phone: Option<String>,
    linked: Option<usize>,
    deleted: bool,
}

/// A reply of the model: primary, emails, phone numbers, secondaries.
pub type ModelReply = (usize, Vec<String>, Vec<String>, Vec<usize>);

/// A live row: id, email, phone number, link.
pub type ModelContact = (usize, Option<String>, Option<String>, Option<usize>);

impl Model {
    /// SPEC's rules.
    pub fn identify(&mut self, email: Option<&str>, phone: Option<&str>) -> ModelReply {
        let carries = |row: &ModelRow| {
            (email.is_some() && row.email.as_deref() == email)
                || (phone.is_some() && row.phone.as_deref() == phone)
        };
        let touched: Vec<usize> = self.live().filter(|id| carries(&self.rows[*id])).collect();
        let mut people: BTreeSet<usize> = BTreeSet::new();
        for id in touched {
            let primary = self.rows[id].linked.unwrap_or(id);
            people.insert(self.heal(primary));
        }
        let people: Vec<usize> = people.into_iter().collect();
        let person = match people[..] {
            [] => self.insert(email, phone, None),
            [person] => {
                let known_email =
                    self.cluster(person).iter().any(|id| self.rows[*id].email.as_deref() == email);
                let known_phone =
                    self.cluster(person).iter().any(|id| self.rows[*id].phone.as_deref() == phone);
                if (email.is_some() && !known_email) || (phone.is_some() && !known_phone) {
                    self.insert(email, phone, Some(person));
                }
                person
            }
            [older, younger] => {
                for id in self.cluster(younger) {
                    self.rows[id].linked = Some(older);
                }
                older
            }
            _ => unreachable!("two identifiers meet at most two people"),
        };
        self.reply(person)
    }

    /// Deletes the `nth` live row, counted around; tells which one.
    pub fn delete(&mut self, nth: usize) -> Option<usize> {
        let live: Vec<usize> = self.live().collect();
        let id = *live.get(nth.checked_rem(live.len())?)?;
        self.rows[id].deleted = true;
        Some(id)
    }

    /// The live rows: id, email, phone number, link.
    pub fn table(&self) -> Vec<ModelContact> {
        let row = |id: usize| {
            let ModelRow { email, phone, linked, .. } = self.rows[id].clone();
            (id, email, phone, linked)
        };
        self.live().map(row).collect()
    }

    /// Rule 6.
    fn heal(&mut self, primary: usize) -> usize {
        if !self.rows[primary].deleted {
            return primary;
        }
        let left: Vec<usize> = self.live().filter(|id| self.rows[*id].linked == Some(primary)).collect();
        for id in &left {
            self.rows[*id].linked = Some(left[0]);
        }
        self.rows[left[0]].linked = None;
        left[0]
    }

    fn insert(&mut self, email: Option<&str>, phone: Option<&str>, linked: Option<usize>) -> usize {
        let (email, phone) = (email.map(str::to_owned), phone.map(str::to_owned));
        self.rows.push(ModelRow { email, phone, linked, deleted: false });
        self.rows.len() - 1
    }

    fn live(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.rows.len()).filter(|id| !self.rows[*id].deleted)
    }

    fn cluster(&self, primary: usize) -> Vec<usize> {
        self.live().filter(|id| *id == primary || self.rows[*id].linked == Some(primary)).collect()
    }

    fn reply(&self, primary: usize) -> ModelReply {
        let secondaries: Vec<usize> = self.cluster(primary).into_iter().filter(|id| *id != primary).collect();
        let (mut emails, mut phones) = (Vec::new(), Vec::new());
        for id in std::iter::once(&primary).chain(&secondaries) {
            for (value, all) in [(&self.rows[*id].email, &mut emails), (&self.rows[*id].phone, &mut phones)] {
                all.extend(value.clone().filter(|value| !all.contains(value)));
            }
        }
        (primary, emails, phones, secondaries)
    }
}

/// The model's ids are 0, 1, 2, …; a store's begin anywhere and may have gaps.
#[derive(Default)]
struct Ids(BTreeMap<ContactId, usize>);

impl Ids {
    fn learn(&mut self, contacts: &[Contact]) {
        for contact in contacts {
            let next = self.0.len();
            self.0.entry(contact.id).or_insert(next);
        }
    }

    fn reply(&self, reply: &ConsolidatedContact) -> ModelReply {
        let secondaries = reply.secondary_contact_ids.iter().map(|id| self.0[id]).collect();
        (self.0[&reply.primary_contact_id], reply.emails.clone(), reply.phone_numbers.clone(), secondaries)
    }

    fn table(&self, contacts: &[Contact]) -> Vec<ModelContact> {
        let row = |contact: &Contact| {
            let linked = contact.linked_id.map(|id| self.0[&id]);
            (self.0[&contact.id], contact.email.clone(), contact.phone_number.clone(), linked)
        };
        contacts.iter().map(row).collect()
    }

    fn id(&self, of: usize) -> ContactId {
        *self.0.iter().find(|(_, position)| **position == of).expect("a contact of the model").0
    }
}

type Pair = (Option<String>, Option<String>);

/// A request over `values` emails and as many phone numbers.
fn random_pair(random: &mut fastrand::Rng, values: usize) -> Pair {
    let email = format!("{}@x.io", random.usize(0..values));
    let phone = random.usize(0..values).to_string();
    match random.u8(0..10) {
        0 => (Some(email), None),
        1 => (None, Some(phone)),
        _ => (Some(email), Some(phone)),
    }
}

fn to_request((email, phone): &Pair) -> IdentifyRequest {
    request(email.as_deref().unwrap_or_default(), phone.as_deref().unwrap_or_default())
}

pub(super) async fn random_calls_are_as_in_the_model(fixture: &dyn Fixture) {
    for seed in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let subject = fixture.fresh().await;
        let resolver = subject.resolver();
        let (mut model, mut ids) = (Model::default(), Ids::default());
        // The first half without deletions, so that larger clusters come about.
        for step in 0..60 {
            if step > 30 && random.u8(0..4) == 0 {
                if let Some(deleted) = model.delete(random.usize(..)) {
                    subject.rows.soft_delete(ids.id(deleted)).await;
                }
                continue;
            }
            let pair = random_pair(&mut random, 7);
            let expected = model.identify(pair.0.as_deref(), pair.1.as_deref());
            let reply = resolver.identify(to_request(&pair)).await.expect("identify");
            let contacts = subject.rows.contacts().await;
            ids.learn(&contacts);
            assert_eq!(ids.reply(&reply), expected, "seed {seed}, step {step}: reply to {pair:?}");
            assert_eq!(ids.table(&contacts), model.table(), "seed {seed}, step {step}: rows after {pair:?}");
        }
    }
}

pub(super) async fn a_batch_is_a_sequence(fixture: &dyn Fixture) {
    for seed in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let subject = fixture.fresh().await;
        let (mut model, mut ids) = (Model::default(), Ids::default());
        for batch in 0..6 {
            // The first two without deletions, so that larger clusters come about.
            for _ in 0..if batch > 1 { random.usize(1..5) } else { 0 } {
                if let Some(deleted) = model.delete(random.usize(..)) {
                    subject.rows.soft_delete(ids.id(deleted)).await;
                }
            }
            let pairs: Vec<Pair> = (0..random.usize(1..40)).map(|_| random_pair(&mut random, 15)).collect();
            let expected: Vec<ModelReply> =
                pairs.iter().map(|pair| model.identify(pair.0.as_deref(), pair.1.as_deref())).collect();
            let resolver =
                IdentityResolver::builder().batch_size(random.usize(1..50)).build(subject.store.clone());
            let replies = resolver.identify_many(pairs.iter().map(to_request)).await;
            let contacts = subject.rows.contacts().await;
            ids.learn(&contacts);
            for (position, (reply, expected)) in replies.iter().zip(&expected).enumerate() {
                let reply = ids.reply(reply.as_ref().expect("identify_many"));
                assert_eq!(reply, *expected, "seed {seed}: reply {position} of {pairs:?}");
            }
            assert_eq!(ids.table(&contacts), model.table(), "seed {seed}: rows after {pairs:?}");
            if batch < 2 {
                assert_sound(&contacts, &subject.rows.claims().await);
            }
        }
    }
}

pub(super) async fn any_order_ends_in_the_same_people(fixture: &dyn Fixture) {
    for seed in 0..3 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut pairs: Vec<Pair> = (0..25).map(|_| random_pair(&mut random, 12)).collect();
        let mut first = None;
        for _ in 0..3 {
            let subject = fixture.fresh().await;
            for reply in subject.resolver().identify_many(pairs.iter().map(to_request)).await {
                reply.expect("identify_many");
            }
            let people = people(&subject).await;
            assert_eq!(*first.get_or_insert_with(|| people.clone()), people, "seed {seed}");
            random.shuffle(&mut pairs);
        }
    }
}

/// Each person as the set of what identifies it.
async fn people(subject: &Subject) -> BTreeSet<BTreeSet<String>> {
    let mut people: BTreeMap<ContactId, BTreeSet<String>> = BTreeMap::new();
    for contact in subject.rows.contacts().await {
        let person = people.entry(contact.linked_id.unwrap_or(contact.id)).or_default();
        person.extend(contact.email.into_iter().chain(contact.phone_number));
    }
    people.into_values().collect()
}
