//! Imports: the streaming form gives what single calls give, holds little, and tells how far it is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt, stream};
use identity_core::{
    ContactStore, Error, Field, Identified, IdentifyRequest, IdentityResolver, InvalidReason, MemoryStore,
    Normalizer, OnInvalid, PhoneRef, Rows, SqliteStore, StoreOptions, people_of,
};

const CHUNK: usize = 16;

fn resolver(store: impl ContactStore) -> IdentityResolver {
    IdentityResolver::builder().import_size(CHUNK).build(store)
}

/// People who come back and merge, and now and then a row that is none.
fn rows(count: u64) -> Vec<IdentifyRequest> {
    let mut random = fastrand::Rng::with_seed(7);
    let row = |_| match random.u8(0..20) {
        0 => IdentifyRequest::new().email("not an email"),
        1..5 => IdentifyRequest::new().phone_number(random.u64(0..count / 3)),
        _ => {
            let email = format!("customer{}@example.com", random.u64(0..count / 3));
            IdentifyRequest::new().email(email).phone_number(random.u64(0..count / 3))
        }
    };
    (0..count).map(row).collect()
}

async fn streams_like_single_calls(streaming: impl ContactStore, single: impl ContactStore) {
    let rows = rows(300);
    let (streaming, single) = (resolver(streaming), resolver(single));
    let steps = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&steps);
    let source = stream::iter(rows.clone());
    let replies: Vec<_> =
        streaming.identify_stream(source, move |done| told.lock().unwrap().push(done)).collect().await;
    assert_eq!(replies.len(), rows.len());
    let mut people = std::collections::HashSet::new();
    for (row, reply) in rows.into_iter().zip(replies) {
        match (single.identify(row).await, reply) {
            (Ok(expected), Ok(person)) => assert_eq!(person, expected),
            (Err(Error::InvalidInput(expected)), Err(Error::InvalidInput(invalid))) => {
                assert_eq!(invalid.field(), expected.field());
                continue;
            }
            (expected, reply) => panic!("{expected:?}, and as a stream {reply:?}"),
        }
    }
    let steps = steps.lock().unwrap().clone();
    let rows_done: Vec<u64> = steps.iter().map(|done| done.rows).collect();
    assert_eq!(rows_done.last(), Some(&300));
    assert!(rows_done.windows(2).all(|pair| pair[1] - pair[0] <= CHUNK as u64), "{rows_done:?}");
    for id in 1..400 {
        if let Some(person) = single.get(id.into()).await.unwrap() {
            people.insert(person.primary_contact_id);
        }
    }
    let last = steps.last().unwrap();
    assert!(last.merges > 0);
    assert_eq!(last.people - last.merges, people.len() as u64, "{last:?}");
}

#[tokio::test]
async fn memory_streams_like_single_calls() {
    streams_like_single_calls(MemoryStore::new(), MemoryStore::new()).await;
}

#[tokio::test]
async fn sqlite_streams_like_single_calls() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let url = format!("sqlite://{}/{name}.db", folder.path().display());
        async move { SqliteStore::connect(&url, StoreOptions::default()).await.unwrap() }
    };
    streams_like_single_calls(open("streaming").await, open("single").await).await;
}

#[tokio::test]
async fn ids_name_the_person_and_the_contact() {
    let resolver = resolver(MemoryStore::new());
    let request = |email: &str, phone: u64| IdentifyRequest::new().email(email).phone_number(phone);
    let rows = vec![
        request("a@x.io", 1),
        request("b@x.io", 2),
        request("a2@x.io", 1),
        request("a@x.io", 1),
        request("a@x.io", 2),
        IdentifyRequest::new().phone_number(2_u64),
    ];
    let ids: Vec<(i64, i64)> = resolver
        .identify_stream_ids(stream::iter(rows), |_| {})
        .map(|ids| ids.map(|ids| (ids.primary_contact_id.get(), ids.contact_id.get())).unwrap())
        .collect()
        .await;
    // Created, created, a secondary, known, merged, known by the phone number of what is a secondary now.
    assert_eq!(ids, [(1, 1), (2, 2), (1, 3), (1, 1), (1, 1), (1, 2)]);
}

/// Rows as columns give the ids that requests give; and so do they without a store.
#[tokio::test]
async fn rows_are_answered_like_requests() {
    let rows = rows(5_000);
    let requests = resolver(MemoryStore::new());
    let single: Vec<_> = requests.identify_stream_ids(stream::iter(rows.clone()), |_| {}).collect().await;
    let by_chunk = resolver(MemoryStore::new());
    let chunks: Vec<_> = rows.chunks(100).map(<[_]>::to_vec).collect();
    let answers = by_chunk.identify_rows_ids(stream::iter(chunks.clone()), OnInvalid::GoOn, |_| {});
    let answers: Vec<_> = answers.collect::<Vec<_>>().await.into_iter().flatten().collect();
    let plain = |answers: &[Result<Identified, Error>]| -> Vec<_> {
        answers.iter().map(|answer| answer.as_ref().ok().copied()).collect()
    };
    assert_eq!(plain(&answers), plain(&single));
    let some = rows[..1_000].to_vec();
    let streamed = resolver(MemoryStore::new()).identify_stream(stream::iter(some), |_| {});
    let streamed: Vec<_> = streamed.map(Result::ok).collect().await;
    let people = resolver(MemoryStore::new());
    let people = people.identify_rows(stream::iter(chunks[..10].to_vec()), OnInvalid::GoOn, |_| {});
    let people: Vec<_> = people.collect::<Vec<_>>().await.into_iter().flatten().map(Result::ok).collect();
    assert_eq!(people, streamed);

    let contacts: Vec<_> = single.iter().flatten().map(|row| row.contact_id).collect();
    let primaries = requests.primaries(&contacts).await.unwrap();
    let mut at_the_end = contacts.into_iter().zip(primaries);
    let people = people_of(Normalizer::new(), &chunks, OnInvalid::GoOn);
    assert_eq!(people.rows().len(), rows.len());
    for (position, (row, answer)) in people.rows().zip(&single).enumerate() {
        let Some(row) = row else {
            assert!(matches!(answer, Err(Error::InvalidInput(_))));
            assert!(people.refused().iter().any(|(refused, _)| *refused == position));
            continue;
        };
        assert_eq!(Some((row.contact_id, Some(row.primary_contact_id))), at_the_end.next());
    }
    let distinct: std::collections::HashSet<_> =
        people.rows().flatten().map(|row| row.primary_contact_id).collect();
    assert_eq!(people.people(), distinct.len() as u64);
    assert!(people.merges() > 0);
}

/// A row whose email is none, and whose phone number is of a type that holds none.
#[derive(Clone, Debug)]
struct WrongTwice;

impl Rows for WrongTwice {
    fn count(&self) -> usize {
        1
    }

    fn email(&self, _: usize) -> Result<Option<&str>, InvalidReason> {
        Ok(Some("not an email"))
    }

    fn phone_number(&self, _: usize) -> Result<Option<PhoneRef<'_>>, InvalidReason> {
        Err(InvalidReason::NotAWholeNumber)
    }
}

#[tokio::test]
async fn of_a_row_that_is_wrong_twice_the_email_is_told() {
    let answers = resolver(MemoryStore::new());
    let answers = answers.identify_rows_ids(stream::iter([WrongTwice]), OnInvalid::GoOn, |_| {});
    let answers = answers.collect::<Vec<_>>().await.concat();
    assert!(
        matches!(&answers[..], [Err(Error::InvalidInput(invalid))] if invalid.field() == Some(Field::Email))
    );
    let people = people_of(Normalizer::new(), &[WrongTwice], OnInvalid::GoOn);
    assert_eq!(people.refused()[0].1.field(), Some(Field::Email));
}

#[tokio::test]
async fn a_row_that_is_no_request_stops_an_import() {
    let row = |n: u64| IdentifyRequest::new().phone_number(n);
    let mut chunks = vec![vec![row(1), row(2)], vec![row(3), IdentifyRequest::new(), row(4)], vec![row(5)]];
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/contacts.db", folder.path().display());
    for url in ["memory:", &url] {
        let resolver = IdentityResolver::connect(url).await.unwrap();
        let answers = resolver.identify_rows_ids(stream::iter(chunks.clone()), OnInvalid::Stop, |_| {});
        let answers: Vec<_> = answers.collect::<Vec<_>>().await.into_iter().flatten().collect();
        assert_eq!(answers.len(), 4);
        assert!(answers[..3].iter().all(Result::is_ok));
        assert!(matches!(answers[3], Err(Error::InvalidInput(_))));
        for behind in [4, 5] {
            assert_eq!(resolver.lookup(row(behind)).await.unwrap(), []);
        }
    }
    let people = people_of(Normalizer::new(), &chunks, OnInvalid::Stop);
    assert_eq!((people.rows().len(), people.refused().len(), people.refused()[0].0), (3, 1, 3));
    chunks.clear();
    assert_eq!(people_of(Normalizer::new(), &chunks, OnInvalid::Stop).people(), 0);
}

/// How many chunks the source is ahead of the replies that were taken, at most.
async fn chunks_held(store: impl ContactStore) -> usize {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let source = stream::iter((0..1_000_u64).map(move |n| {
        counter.fetch_add(1, Ordering::Relaxed);
        IdentifyRequest::new().phone_number(n)
    }));
    let mut replies = resolver(store).identify_stream(source, |_| {});
    let mut most = 0;
    for taken in 1..=300 {
        replies.next().await.unwrap().unwrap();
        most = most.max(read.load(Ordering::Relaxed) - taken);
    }
    most.div_ceil(CHUNK)
}

#[tokio::test]
async fn no_more_than_four_chunks_are_held() {
    assert!(chunks_held(MemoryStore::new()).await <= 4);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/contacts.db", folder.path().display());
    let sqlite = SqliteStore::connect(&url, StoreOptions::default()).await.unwrap();
    let held = chunks_held(sqlite).await;
    // One that is committed, one that is planned, two that are made ready.
    assert!(held <= 4, "{held}");
}

#[tokio::test]
async fn a_slow_source_is_not_waited_for() {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let source =
        stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    let mut replies = resolver(MemoryStore::new()).identify_stream(Box::pin(source), |_| {});
    for n in 0..3_u64 {
        sender.send(IdentifyRequest::new().phone_number(n)).await.unwrap();
        let person = replies.next().await.unwrap().unwrap();
        assert_eq!(person.primary_contact_id.get(), n as i64 + 1, "answered while the source is open");
    }
}
