//! Many callers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{Fixture, Inspect, assert_sound, request};
use crate::contact::ContactId;
use crate::identifier::Identifier;
use crate::request::IdentifyRequest;
use crate::resolver::IdentityResolver;

/// A load: each of several tasks makes random requests over few identifiers, so that they collide all the time.
///
/// Processes that share a seed and differ in [`first_task`](Self::first_task) make parts of one load.
#[derive(Clone, Copy, Debug)]
pub struct RandomCalls {
    /// What the requests are drawn from; the same seed draws the same.
    pub seed: u64,
    /// The number of the first task.
    pub first_task: u64,
    /// How many tasks call at once.
    pub tasks: u64,
    /// How many calls each of them makes.
    pub calls: usize,
    /// How many identifiers there are, half of them emails.
    pub identifiers: usize,
}

impl RandomCalls {
    /// 64 tasks, 200 calls each, over 50 identifiers.
    pub const MANY: Self = Self { seed: 1, first_task: 0, tasks: 64, calls: 200, identifiers: 50 };

    /// The requests of one task: email and phone number, one of which may be empty.
    pub fn requests(self, task: u64) -> impl Iterator<Item = (String, String)> {
        let mut random = fastrand::Rng::with_seed(self.seed.wrapping_mul(1_000_003).wrapping_add(task));
        let kinds = self.identifiers / 2;
        (0..self.calls).map(move |_| {
            let email = format!("{}@x.io", random.usize(0..kinds));
            let phone = random.usize(0..kinds).to_string();
            // Pairs are rare, or everyone would be one person soon.
            match random.u8(0..20) {
                0 => (email, phone),
                1..=9 => (email, String::new()),
                _ => (String::new(), phone),
            }
        })
    }

    /// Makes the calls.
    ///
    /// # Panics
    /// Where one of them fails, or its reply does not hold what it asked for.
    pub async fn run(self, resolver: &IdentityResolver) {
        let mut running = tokio::task::JoinSet::new();
        for task in self.first_task..self.first_task + self.tasks {
            let resolver = resolver.clone();
            running.spawn(async move {
                for (email, phone) in self.requests(task) {
                    let reply =
                        resolver.identify(request(&email, &phone)).await.expect("no error reaches a caller");
                    assert!(email.is_empty() || reply.emails.contains(&email));
                    assert!(phone.is_empty() || reply.phone_numbers.contains(&phone));
                }
            });
        }
        while let Some(finished) = running.join_next().await {
            finished.expect("a task of the load");
        }
    }
}

/// Checks the table after loads: it is sound, and its people are the connected components of all that was asked.
///
/// # Panics
/// Where they are not.
pub async fn assert_outcome(rows: &dyn Inspect, loads: &[RandomCalls]) {
    let contacts = rows.contacts().await;
    let claims = rows.claims().await;
    assert_sound(&contacts, &claims);
    let asked = loads.iter().flat_map(|load| {
        (load.first_task..load.first_task + load.tasks).flat_map(move |task| load.requests(task))
    });
    let mut people: BTreeMap<ContactId, BTreeSet<String>> = BTreeMap::new();
    for contact in contacts {
        let person = people.entry(contact.linked_id.unwrap_or(contact.id)).or_default();
        person.extend(contact.email.into_iter().chain(contact.phone_number));
    }
    let people: BTreeSet<_> = people.into_values().collect();
    assert_eq!(people, components(asked), "the people are the connected components");
    let holders: BTreeSet<&Identifier> = claims.iter().map(|(identifier, _)| identifier).collect();
    assert_eq!(holders.len(), people.iter().map(BTreeSet::len).sum::<usize>());
}

fn components(pairs: impl Iterator<Item = (String, String)>) -> BTreeSet<BTreeSet<String>> {
    let mut components: Vec<BTreeSet<String>> = Vec::new();
    for (email, phone) in pairs {
        let mut joined: BTreeSet<String> =
            [email, phone].into_iter().filter(|value| !value.is_empty()).collect();
        components.retain(|component| {
            let meets = !component.is_disjoint(&joined);
            if meets {
                joined.extend(component.iter().cloned());
            }
            !meets
        });
        components.push(joined);
    }
    components.into_iter().collect()
}

pub(super) async fn many_callers_leave_one_person_each(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    RandomCalls::MANY.run(&subject.resolver()).await;
    assert_outcome(&*subject.rows, &[RandomCalls::MANY]).await;
}

/// Calls all at once; tells the primaries of the replies.
async fn at_once(resolver: &IdentityResolver, requests: Vec<IdentifyRequest>) -> BTreeSet<ContactId> {
    let calls = requests.into_iter().map(|request| {
        let resolver = resolver.clone();
        tokio::spawn(async move { resolver.identify(request).await.expect("no error reaches a caller") })
    });
    let calls: Vec<_> = calls.collect();
    let mut primaries = BTreeSet::new();
    for call in calls {
        primaries.insert(call.await.expect("a call").primary_contact_id);
    }
    primaries
}

pub(super) async fn the_same_new_person_at_once_is_one(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let requests = vec![request("a@x.io", "1"); 50];
    assert_eq!(at_once(&subject.resolver(), requests).await.len(), 1);
    assert_eq!(subject.rows.contacts().await.len(), 1);
    assert_eq!(subject.rows.events().await.len(), 1);
}

pub(super) async fn a_chain_of_merges_at_once_is_one_person(fixture: &dyn Fixture) {
    const PEOPLE: usize = 20;
    let subject = fixture.fresh().await;
    let resolver = subject.resolver();
    for n in 0..PEOPLE {
        resolver.identify(request(&format!("{n}@x.io"), &n.to_string())).await.expect("identify");
    }
    let merges = (1..PEOPLE).map(|n| request(&format!("{n}@x.io"), &(n - 1).to_string())).collect();
    at_once(&resolver, merges).await;
    let contacts = subject.rows.contacts().await;
    assert_sound(&contacts, &subject.rows.claims().await);
    assert_eq!(contacts.len(), PEOPLE);
    let primaries: Vec<_> = contacts.iter().filter(|contact| contact.linked_id.is_none()).collect();
    assert_eq!(primaries.len(), 1, "a merge was lost");
    assert_eq!(primaries[0].id, contacts[0].id, "the oldest stays");
}

pub(super) async fn links_while_people_are_merged(fixture: &dyn Fixture) {
    const ROUNDS: usize = 12;
    const LINKERS: usize = 8;
    const LINKS: usize = 4;
    let subject = fixture.fresh().await;
    // Each gathers its own callers, as two processes would.
    let resolvers = [subject.resolver(), subject.resolver()];
    let mut oldest = BTreeSet::new();
    for round in 0..ROUNDS {
        let email = format!("{round}@x.io");
        let phones = ["1", "2", "3"].map(|who| format!("{round}{who}"));
        let first = resolvers[0].identify(request(&email, &phones[0])).await.expect("identify");
        oldest.insert(first.primary_contact_id);
        for phone in &phones[1..] {
            resolvers[0].identify(request("", phone)).await.expect("identify");
        }
        let new = |task: usize, link: usize| {
            request(&format!("{round}.{task}.{link}@x.io"), &phones[1 + (task + link) % 2])
        };
        let mut calls: Vec<Vec<IdentifyRequest>> =
            (0..LINKERS).map(|task| (0..LINKS).map(|link| new(task, link)).collect()).collect();
        // The merges come while the others are in the middle of their links.
        for (task, phone) in phones[1..].iter().enumerate() {
            calls[task].insert(LINKS / 2, request(&email, phone));
        }
        let mut running = tokio::task::JoinSet::new();
        for (task, calls) in calls.into_iter().enumerate() {
            let resolver = resolvers[task % 2].clone();
            running.spawn(async move {
                for request in calls {
                    resolver.identify(request).await.expect("no error reaches a caller");
                }
            });
        }
        while let Some(finished) = running.join_next().await {
            finished.expect("a task");
        }
    }
    let contacts = subject.rows.contacts().await;
    assert_sound(&contacts, &subject.rows.claims().await);
    assert_eq!(contacts.len(), ROUNDS * (3 + LINKERS * LINKS), "a row for each who brought something new");
    let primaries = contacts.iter().filter(|contact| contact.linked_id.is_none());
    let primaries: BTreeSet<_> = primaries.map(|contact| contact.id).collect();
    assert_eq!(primaries, oldest, "one person each, the oldest");
}

/// A caller may go away anywhere, also in the middle of a commit: what it began is taken back, or done.
pub(super) async fn calls_that_are_given_up_leave_nothing_half(fixture: &dyn Fixture) {
    const CALLS: u64 = 150;
    const STEP: Duration = Duration::from_micros(25);
    let subject = fixture.fresh().await;
    let resolver = subject.resolver();
    for n in 0..CALLS {
        let request = request(&format!("{n}@x.io"), &n.to_string());
        let call = tokio::spawn({
            let (resolver, request) = (resolver.clone(), request.clone());
            async move { resolver.identify(request).await.map(drop) }
        });
        let start = Instant::now();
        while start.elapsed() < STEP * n as u32 {
            tokio::task::yield_now().await;
        }
        call.abort();
        // Gone or answered; never failed.
        assert!(call.await.map_or(true, |answer| answer.is_ok()));
        resolver.identify(request).await.expect("no error reaches a caller");
    }
    let contacts = subject.rows.contacts().await;
    assert_sound(&contacts, &subject.rows.claims().await);
    assert_eq!(contacts.len() as u64, CALLS, "a contact each");
    assert_eq!(subject.rows.events().await.len() as u64, CALLS, "and its evidence");
}
