//! Calls that reach every statement of the library.

use futures_util::future::join_all;
use identity_core::{ConsolidatedContact, ContactStore, IdentifyRequest, IdentityResolver};

use super::text::LONGEST;

/// How many contacts a table is filled with. On a small one reading all of it is a good plan.
pub(crate) const CONTACTS: usize = 20_000;

/// The requests of one transaction of the importer. Few, so that it meets people in one chunk whom it knows from another.
const CHUNK: usize = 100;

/// The sizes of batches: every list length of small ones, and enough of the others to meet each length that is fixed.
fn sizes() -> impl Iterator<Item = usize> {
    (1..=20).chain((21..=300).step_by(17))
}

/// INSERTs of contacts as another service writes them, every fourth of them a secondary.
pub(crate) fn contacts() -> Vec<String> {
    let row = |id: usize| {
        let (email, phone) = (email(id), phone(id));
        let link = if id.is_multiple_of(4) {
            format!("{}, 'secondary', '2024-01-02 10:00:00', '2024-01-02 10:00:00'", id - 3)
        } else {
            "NULL, 'primary', '2024-01-01 10:00:00', '2024-01-01 10:00:00'".to_owned()
        };
        format!("({id}, '{email}', '{phone}', {link})")
    };
    let ids: Vec<_> = (1..=CONTACTS).collect();
    ids.chunks(2_500)
        .map(|ids| {
            let rows: Vec<_> = ids.iter().map(|id| row(*id)).collect();
            format!(
                "INSERT INTO Contact (id, email, phoneNumber, linkedId, linkPrecedence, createdAt, updatedAt) VALUES {}",
                rows.join(", ")
            )
        })
        .collect()
}

fn email(id: usize) -> String {
    format!("known{id}@x.io")
}

fn phone(id: usize) -> String {
    format!("{}", 1_000_000 + id)
}

fn request(email: &str, phone: &str) -> IdentifyRequest {
    let mut request = IdentifyRequest::new();
    if !email.is_empty() {
        request = request.email(email);
    }
    if !phone.is_empty() {
        request = request.phone_number(phone);
    }
    request
}

/// Two resolvers on a store, and somebody else who writes to the table.
#[derive(Debug)]
pub(crate) struct Workload<O> {
    resolver: IdentityResolver,
    /// One that imports in small chunks.
    importer: IdentityResolver,
    /// Runs SQL on a connection of its own.
    outsider: O,
    /// The half of [`contacts`] that is used up, so that two may follow each other on a table: 0 or 1.
    half: usize,
}

impl<O: AsyncFn(String)> Workload<O> {
    pub(crate) fn new(store: impl ContactStore + Clone, outsider: O, half: usize) -> Self {
        // More callers than one statement takes, so that several go together.
        let resolver = IdentityResolver::builder().batch_size(2_000).build(store.clone());
        let importer = IdentityResolver::builder().import_size(CHUNK).build(store);
        Self { resolver, importer, outsider, half }
    }

    /// Ends with the store closed.
    pub(crate) async fn run(self) {
        self.single_calls().await;
        self.reads().await;
        self.bursts().await;
        self.returning().await;
        for size in sizes() {
            self.writes(size).await;
        }
        for size in [1, 3, 10, 50, 300] {
            self.after_deletions(size).await;
        }
        // Waits for what is under way, which includes the log.
        self.resolver.close().await;
    }

    /// What nobody else uses.
    fn fresh_email(&self, name: &str) -> String {
        format!("{name}-{}@x.io", self.half)
    }

    /// One of the contacts that were there, with an email and a phone number.
    fn known(&self, position: usize) -> (String, String) {
        let id = 1 + position + self.half * CONTACTS / 2;
        (email(id), phone(id))
    }

    async fn identify(&self, email: &str, phone: &str) -> ConsolidatedContact {
        self.resolver.identify(request(email, phone)).await.expect("identify")
    }

    async fn identify_many(&self, requests: Vec<(String, String)>) -> Vec<ConsolidatedContact> {
        identify_many(&self.resolver, requests).await
    }

    /// As many callers at the same time.
    async fn identify_at_once(&self, requests: Vec<(String, String)>) -> Vec<ConsolidatedContact> {
        join_all(requests.iter().map(|(email, phone)| self.identify(email, phone))).await
    }

    /// Deletes as an application does, whatever the number of contacts.
    async fn delete(&self, emails: &[String]) {
        let emails: Vec<_> = emails.iter().map(|email| format!("'{email}'")).collect();
        let emails = emails.join(", ");
        (self.outsider)(format!("UPDATE Contact SET deletedAt = updatedAt WHERE email IN ({emails})")).await;
    }

    async fn single_calls(&self) {
        let (email, phone) = self.known(0);
        let person = self.identify(&email, "").await;
        assert_eq!(self.identify("", &phone).await, person);
        assert_eq!(self.identify(&email, &phone).await, person);
        let (other_email, other_phone) = self.known(1);
        let secondary = self.identify(&email, &format!("71{}", self.half)).await;
        assert_eq!(secondary.secondary_contact_ids.len(), 2);
        assert_eq!(self.identify(&self.fresh_email("second"), &phone).await.secondary_contact_ids.len(), 3);
        let merged = self.identify(&email, &other_phone).await;
        assert_eq!(merged.secondary_contact_ids.len(), 4);
        assert_eq!(
            self.resolver.lookup(request(&other_email, &self.known(8).1)).await.expect("lookup").len(),
            2
        );
        for id in [merged.primary_contact_id, merged.secondary_contact_ids[0]] {
            assert_eq!(self.resolver.get(id).await.expect("get").as_ref(), Some(&merged));
        }
        self.identify(&self.fresh_email("both"), &format!("72{}", self.half)).await;
        self.identify(&self.fresh_email("email"), "").await;
        self.identify("", &format!("73{}", self.half)).await;
        self.resolver.ping().await.expect("ping");
    }

    /// Nothing new, by so many emails and so many phone numbers.
    async fn reads(&self) {
        let counts = [0, 1, 3, 10, 40, 200, 1_000];
        for emails in counts {
            for phones in counts {
                let by_email = (0..emails).map(|n| (self.known(100 + n).0, String::new()));
                let by_phone = (0..phones).map(|n| (String::new(), self.known(2_000 + n).1));
                self.identify_many(by_email.chain(by_phone).collect()).await;
            }
        }
    }

    /// More callers at once than one statement looks up.
    async fn bursts(&self) {
        let each =
            |request: &dyn Fn(usize) -> (String, String)| (0..LONGEST + 50).map(request).collect::<Vec<_>>();
        let known = |n| self.known(4_000 + n);
        let (email, phone) =
            (|n| self.fresh_email(&format!("burst-{n}")), |n| format!("74{}{n:03}", self.half));
        self.identify_at_once(each(&known)).await;
        self.identify_at_once(each(&|n| (email(n), phone(n)))).await;
        let linked = self.identify_at_once(each(&|n| (known(n).0, format!("75{}{n:03}", self.half)))).await;
        assert!(linked.iter().all(|person| !person.secondary_contact_ids.is_empty()));
    }

    /// Imports of which a later chunk meets so many people again: whether they are as they were is asked by their ids.
    async fn returning(&self) {
        let known = |n| self.known(5_000 + n);
        for size in [1, 3, 10, 50, CHUNK] {
            let again = (0..size).chain(CHUNK..2 * CHUNK - size);
            let rows: Vec<_> = (0..CHUNK).chain(again).map(known).collect();
            let people = identify_many(&self.importer, rows).await;
            assert_eq!(people[..size], people[CHUNK..CHUNK + size]);
        }
        // Known from the chunk before, and something new of each.
        let phone = |n: usize| format!("76{}{n:03}", self.half);
        let rows = (0..CHUNK).map(known).chain((0..CHUNK).map(|n| (known(n).0, phone(n))));
        let people = identify_many(&self.importer, rows.collect()).await;
        assert!(people[CHUNK..].iter().all(|person| !person.secondary_contact_ids.is_empty()));
    }

    /// So many new people, secondaries of new and of known people, and merges of both.
    async fn writes(&self, size: usize) {
        let email = |name: &str, n: usize| self.fresh_email(&format!("{name}-{size}-{n}"));
        let phone = |digit: usize, n: usize| format!("8{digit}{}{size:03}{n:03}", self.half);
        let each = |request: &dyn Fn(usize) -> (String, String)| (0..size).map(request).collect::<Vec<_>>();
        self.identify_many(each(&|n| (email("a", n), phone(1, n)))).await;
        self.identify_many(each(&|n| (email("b", n), phone(2, n)))).await;
        self.identify_many(each(&|n| (email("c", n), phone(2, n)))).await;
        let merged = self.identify_many(each(&|n| (email("c", n), phone(1, n)))).await;
        assert!(merged.iter().all(|person| person.secondary_contact_ids.len() == 2), "a, b and c are one");
        // New people who turn out to be one within the batch.
        let requests = [(3, 3), (4, 4), (3, 4)];
        let all = requests
            .iter()
            .flat_map(|(first, second)| each(&|n| (email(&first.to_string(), n), phone(*second, n))));
        let merged = self.identify_many(all.collect()).await;
        assert!(merged[2 * size..].iter().all(|person| person.secondary_contact_ids.len() == 1));
    }

    /// So many people lose their primary, and then everything.
    async fn after_deletions(&self, size: usize) {
        let email = |name: &str, n: usize| self.fresh_email(&format!("{name}-of-{size}-{n}"));
        let phone = |n: usize| format!("9{}{size:03}{n:03}", self.half);
        let each = |request: &dyn Fn(usize) -> (String, String)| (0..size).map(request).collect::<Vec<_>>();
        let emails = |name: &str| (0..size).map(|n| email(name, n)).collect::<Vec<_>>();
        self.identify_many(each(&|n| (email("primary", n), phone(n)))).await;
        self.identify_many(each(&|n| (email("oldest", n), phone(n)))).await;
        let whole = self.identify_many(each(&|n| (email("other", n), phone(n)))).await;
        self.delete(&emails("primary")).await;
        let promoted = self.identify_many(each(&|n| (email("other", n), String::new()))).await;
        for (before, after) in whole.iter().zip(&promoted) {
            assert_eq!(after.primary_contact_id, before.secondary_contact_ids[0], "the oldest is promoted");
        }
        self.delete(&[emails("oldest"), emails("other")].concat()).await;
        let again = self.identify_many(each(&|n| (email("other", n), phone(n)))).await;
        assert!(
            again.iter().all(|person| person.secondary_contact_ids.is_empty()),
            "the claims are taken over"
        );
    }
}

async fn identify_many(
    resolver: &IdentityResolver,
    requests: Vec<(String, String)>,
) -> Vec<ConsolidatedContact> {
    let requests = requests.iter().map(|(email, phone)| request(email, phone));
    let replies = resolver.identify_many(requests).await;
    replies.into_iter().map(|reply| reply.expect("identify_many")).collect()
}
