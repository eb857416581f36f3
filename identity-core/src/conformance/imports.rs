//! Imports keep what they learned from chunk to chunk; others may change it meanwhile.

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::concurrency::{RandomCalls, assert_outcome};
use super::{Fixture, Subject, assert_sound, request};
use crate::contact::{ConsolidatedContact, ContactId};
use crate::error::Error;
use crate::person::{FromPerson, Person};
use crate::request::IdentifyRequest;
use crate::resolver::{IdentityResolver, OnInvalid};

/// A resolver whose imports have many chunks.
fn in_small_chunks(subject: &Subject) -> IdentityResolver {
    IdentityResolver::builder().import_size(16).build(subject.store.clone())
}

pub(super) async fn an_import_beside_other_callers(fixture: &dyn Fixture) {
    const IMPORTED: [RandomCalls; 2] = [
        RandomCalls { seed: 1, first_task: 0, tasks: 4, calls: 100, identifiers: 60 },
        RandomCalls { seed: 1, first_task: 4, tasks: 4, calls: 100, identifiers: 60 },
    ];
    const CALLED: RandomCalls = RandomCalls { seed: 1, first_task: 8, tasks: 4, calls: 40, identifiers: 60 };
    let subject = fixture.fresh().await;
    let imports = IMPORTED.map(|rows| {
        let resolver = in_small_chunks(&subject);
        tokio::spawn(async move {
            let rows: Vec<_> = (rows.first_task..rows.first_task + rows.tasks)
                .flat_map(|task| rows.requests(task))
                .collect();
            let source = rows.clone().into_iter().map(|(email, phone)| request(&email, &phone));
            let people: Vec<_> = resolver.identify_stream(stream::iter(source), |_| {}).collect().await;
            assert_eq!(people.len(), rows.len());
            for (person, (email, phone)) in people.into_iter().zip(rows) {
                let person = person.expect("no error reaches an import");
                assert!(email.is_empty() || person.emails.contains(&email));
                assert!(phone.is_empty() || person.phone_numbers.contains(&phone));
            }
        })
    });
    CALLED.run(&subject.resolver()).await;
    for import in imports {
        import.await.expect("an import");
    }
    let [first, second] = IMPORTED;
    assert_outcome(&*subject.rows, &[first, second, CALLED]).await;
}

/// What a caller makes of people: here everything.
struct Own(ConsolidatedContact);

impl FromPerson for Own {
    fn from_person(person: Person<'_>) -> Self {
        Self(ConsolidatedContact::from_person(person))
    }
}

/// Whatever answers are made into, they are of the same people.
pub(super) async fn answers_of_the_callers_own(fixture: &dyn Fixture) {
    const ROWS: RandomCalls = RandomCalls { seed: 4, first_task: 0, tasks: 1, calls: 200, identifiers: 60 };
    let rows = || ROWS.requests(0).map(|(email, phone)| request(&email, &phone)).collect::<Vec<_>>();
    let (own, whole) = (fixture.fresh().await, fixture.fresh().await);
    let chunks = || stream::iter(rows().chunks(16).map(<[_]>::to_vec).collect::<Vec<_>>());
    let own: Vec<Result<Own, Error>> =
        in_small_chunks(&own).identify_rows_as(chunks(), OnInvalid::Stop, |_| {}).concat().await;
    let whole = in_small_chunks(&whole).identify_rows(chunks(), OnInvalid::Stop, |_| {}).concat().await;
    let own = in_order_of_ids(own.into_iter().map(|answer| answer.map(|Own(contact)| contact)));
    assert_eq!(own.len(), 200);
    assert!(own == in_order_of_ids(whole), "other people, texts, or ids");
    assert!(own.iter().any(|person| person.secondary_contact_ids.len() > 1), "some have several");
}

/// With ids in the order in which they first appear, since databases give their own.
fn in_order_of_ids(
    answers: impl IntoIterator<Item = Result<ConsolidatedContact, Error>>,
) -> Vec<ConsolidatedContact> {
    let mut ids = Vec::new();
    let mut in_order = |id: &mut ContactId| {
        let place = ids.iter().position(|known| known == id).unwrap_or_else(|| {
            ids.push(*id);
            ids.len() - 1
        });
        *id = ContactId::from(place as i64);
    };
    let mut people: Vec<_> =
        answers.into_iter().map(|answer| answer.expect("no error reaches an import")).collect();
    for person in &mut people {
        in_order(&mut person.primary_contact_id);
        person.secondary_contact_ids.iter_mut().for_each(&mut in_order);
    }
    people
}

/// An import that is asked row by row.
struct Import<S> {
    rows: mpsc::UnboundedSender<IdentifyRequest>,
    people: S,
}

fn begin(
    resolver: &IdentityResolver,
) -> Import<impl Stream<Item = Result<ConsolidatedContact, Error>> + Unpin> {
    let (rows, source) = mpsc::unbounded_channel();
    let source = stream::unfold(source, |mut source| async move { Some((source.recv().await?, source)) });
    Import { rows, people: resolver.identify_stream(source, |_| {}) }
}

impl<S: Stream<Item = Result<ConsolidatedContact, Error>> + Unpin> Import<S> {
    async fn identify(&mut self, email: &str, phone: &str) -> ConsolidatedContact {
        self.rows.send(request(email, phone)).expect("the import runs");
        self.people.next().await.expect("an answer").expect("no error reaches an import")
    }
}

pub(super) async fn an_import_sees_what_others_did(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let (importing, other) = (in_small_chunks(&subject), subject.resolver());
    let mut import = begin(&importing);
    let first = import.identify("a@x.io", "1").await;
    import.identify("b@x.io", "2").await;
    assert_eq!(import.identify("a@x.io", "1").await, first, "nothing has changed");

    let linked = other.identify(request("a2@x.io", "1")).await.expect("identify");
    assert_eq!(import.identify("a@x.io", "1").await, linked, "a contact was added");

    let merged = other.identify(request("a@x.io", "2")).await.expect("identify");
    assert_eq!(import.identify("b@x.io", "2").await, merged, "people were merged");
    assert_eq!(import.identify("", "1").await, merged);

    let again = import.identify("b2@x.io", "2").await;
    assert_eq!(other.identify(request("b2@x.io", "")).await.expect("identify"), again);
    assert_sound(&subject.rows.contacts().await, &subject.rows.claims().await);
}

/// What the import knows is out of date right when it wants to write.
pub(super) async fn an_import_goes_on_where_others_were_quicker(fixture: &dyn Fixture) {
    let subject = fixture.fresh().await;
    let (importing, other) = (in_small_chunks(&subject), subject.resolver());
    let mut import = begin(&importing);
    for round in 0..10 {
        let (email, phone) = (format!("{round}@x.io"), round.to_string());
        import.identify(&email, &phone).await;
        let new = |who: &str, link: usize| format!("{who}{link}.{round}@x.io");
        for link in 0..4 {
            let request = request(&new("other", link), &phone);
            let (theirs, ours) = (new("other", link), new("import", link));
            let (other, import) = (other.identify(request), import.identify(&ours, &phone));
            let (theirs_reply, ours_reply) = futures_util::future::join(other, import).await;
            assert!(theirs_reply.expect("no error reaches a caller").emails.contains(&theirs));
            assert!(ours_reply.emails.contains(&ours));
        }
        assert_eq!(import.identify(&email, "").await.emails.len(), 9, "everything that was answered");
    }
    assert_sound(&subject.rows.contacts().await, &subject.rows.claims().await);
}
