//! Contacts that others left are taken over, or refused.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use identity_core::conformance::{Inspect, assert_sound};
use identity_core::{
    Error, EventKind, IdentifyRequest, IdentityResolver, MySqlStore, SqliteStore, StoreOptions,
};
use identity_tests::databases::{Flavor, shared};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, SqliteConnection};

use super::{run, table, with_table};

const PEOPLE: &str = "INSERT INTO Contact (id, phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt, deletedAt) \
    VALUES (5, '1', 'a@x.io', NULL, 'primary', '2024-01-01 10:00:00', '2024-01-01 10:00:00', NULL), \
    (7, '1', 'B@X.io', 5, 'secondary', '2024-01-02 10:00:00', '2024-01-02 10:00:00', NULL), \
    (9, '(2)', 'b@x.io', 5, 'secondary', '2024-01-03 10:00:00', '2024-01-03 10:00:00', NULL), \
    (11, '3', NULL, NULL, 'primary', '2024-01-04 10:00:00', '2024-01-04 10:00:00', NULL), \
    (13, '4', 'gone@x.io', 99, 'secondary', '2024-01-04 10:00:00', '2024-01-04 10:00:00', '2024-01-05 10:00:00')";

/// Refused without `adopt`, taken over with it, the same when it is done again; then the rules go on from there.
async fn adopt(url: &str, rows: &dyn Fn(IdentityResolver) -> IdentityResolver) {
    let refused = IdentityResolver::connect(url).await.expect_err("a filled table");
    assert!(matches!(refused, Error::NotAdopted) && refused.to_string().contains("adopt"), "{refused}");
    for _ in 0..2 {
        let resolver = IdentityResolver::builder().adopt(true).connect(url).await.expect("adopt");
        rows(resolver).close().await;
    }
    let resolver = IdentityResolver::connect(url).await.expect("an adopted table needs no asking");
    let person = resolver.identify(IdentifyRequest::new().email("b@x.io")).await.expect("identify");
    assert_eq!(person.primary_contact_id.get(), 5);
    assert_eq!(person.emails, ["a@x.io", "b@x.io"], "normalised, and once");
    assert_eq!(person.phone_numbers, ["1", "2"]);
    let merged =
        resolver.identify(IdentifyRequest::new().email("a@x.io").phone_number("3")).await.expect("identify");
    assert_eq!(merged.secondary_contact_ids.len(), 3);
    let free = resolver
        .identify(IdentifyRequest::new().email("gone@x.io").phone_number("4"))
        .await
        .expect("identify");
    assert!(free.primary_contact_id.get() > 13, "deleted contacts have no claims");
    resolver.close().await;
}

async fn assert_adopted(rows: &dyn Inspect) {
    let claims = rows.claims().await;
    assert_sound_but_for_form(rows).await;
    let holders: Vec<_> =
        claims.iter().map(|(identifier, holder)| (&*identifier.value, holder.get())).collect();
    assert!(
        holders.starts_with(&[("a@x.io", 5), ("b@x.io", 7)]),
        "the contact that introduced it: {holders:?}"
    );
    let adopted = rows.events().await.iter().filter(|event| event.kind == EventKind::Adopted).count();
    assert_eq!(adopted, 4, "once each");
}

/// Values in an adopted table stay as they are written, so compare what they mean.
async fn assert_sound_but_for_form(rows: &dyn Inspect) {
    let mut contacts = rows.contacts().await;
    for contact in &mut contacts {
        contact.email = contact.email.take().map(|email| email.to_lowercase());
        contact.phone_number = contact.phone_number.take().map(|phone| phone.replace(['(', ')'], ""));
    }
    let claims = rows.claims().await;
    assert_sound(&contacts, &claims);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filled_table_is_adopted_on_mysql_and_mariadb() {
    for flavor in Flavor::ALL {
        let database = with_table(flavor, &table("INT", "INT", "VARCHAR(9)", "DATETIME")).await;
        run(&database, PEOPLE).await;
        adopt(&database.url(), &|resolver| resolver).await;
        let store = MySqlStore::connect(&database.url(), StoreOptions::default()).await.expect("the store");
        assert_adopted(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filled_table_is_adopted_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/contacts.db", folder.path().display());
    let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.expect("a file");
    let sql = "CREATE TABLE Contact (id INTEGER PRIMARY KEY, phoneNumber TEXT, email TEXT, linkedId INTEGER, \
               linkPrecedence TEXT, createdAt DATETIME, updatedAt DATETIME, deletedAt DATETIME)";
    connection.execute(sql).await.expect("the table");
    connection.execute(PEOPLE).await.expect("the rows");
    connection.close().await.expect("closed");
    adopt(&url, &|resolver| resolver).await;
    let store = SqliteStore::connect(&url, StoreOptions::default()).await.expect("the store");
    assert_adopted(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_that_others_insert_are_adopted_later() {
    for flavor in Flavor::ALL {
        let database = shared(flavor).fresh_database().await.expect("a fresh database");
        let resolver = IdentityResolver::connect(&database.url()).await.expect("connect");
        resolver.identify(IdentifyRequest::new().email("first@x.io")).await.expect("identify");
        run(
            &database,
            "INSERT INTO Contact (email, linkPrecedence, createdAt, updatedAt) VALUES ('other@x.io', 'primary', NOW(), NOW())",
        )
        .await;
        let adopting = IdentityResolver::builder().adopt(true).connect(&database.url()).await.expect("adopt");
        let person = adopting.identify(IdentifyRequest::new().email("other@x.io").phone_number("1")).await;
        assert_eq!(person.expect("identify").primary_contact_id.get(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsound_table_is_refused_with_counts_and_nothing_is_written() {
    let unsound = "INSERT INTO Contact (id, phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt) VALUES \
        (1, '1', 'a@x.io', NULL, 'primary', '2024-01-01', '2024-01-01'), \
        (2, '1', 'b@x.io', NULL, 'primary', '2024-01-02', '2024-01-02'), \
        (3, '2', 'c@x.io', 2, 'secondary', '2024-01-03', '2024-01-03'), \
        (4, '3', 'd@x.io', 3, 'secondary', '2024-01-04', '2024-01-04'), \
        (5, '4', 'e@x.io', 77, 'secondary', '2024-01-05', '2024-01-05'), \
        (6, 'call me', 'nobody', NULL, 'primary', '2024-01-06', '2024-01-06'), \
        (7, '7', 'f@x.io', NULL, 'secondary', '2024-01-07', '2024-01-07'), \
        (8, '8', 'g@x.io', 1, 'secondary', '2023-01-01', '2024-01-07'), \
        (9, '9', 'h@x.io', NULL, 'primary', NULL, '2024-01-07')";
    for flavor in Flavor::ALL {
        let database = with_table(flavor, &table("INT", "INT", "VARCHAR(9)", "DATETIME NULL")).await;
        run(&database, unsound).await;
        let builder = IdentityResolver::builder().adopt(true);
        let error = builder.connect(&database.url()).await.expect_err("an unsound table");
        let Error::NotAdoptable(defects) = &error else { panic!("{error}") };
        let counts = defects.counts().map(|(_, count)| count);
        assert_eq!(counts, [1, 1, 1, 1, 1, 1, 1, 1], "{error}");
        assert!(!error.to_string().contains("x.io"), "{error}");
        let mut connection = MySqlConnection::connect(&database.url()).await.expect("a connection");
        for table in ["ContactIdentifier", "ContactEvent", "ContactSetup"] {
            let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.expect("the table");
            assert_eq!(rows, 0, "{table}");
        }
        connection.close().await.expect("closed");
        let still = IdentityResolver::connect(&database.url()).await.expect_err("not adopted");
        assert!(matches!(still, Error::NotAdopted), "{still}");
    }
}

/// An empty database of any of the three, which goes with this value.
struct Place {
    url: String,
    _keep: Box<dyn Any>,
}

impl Place {
    async fn all() -> Vec<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/contacts.db?mode=rwc", folder.path().display());
        let mut places = vec![Self { url, _keep: Box::new(folder) }];
        for flavor in Flavor::ALL {
            let database = shared(flavor).fresh_database().await.expect("a fresh database");
            places.push(Self { url: database.url(), _keep: Box::new(database) });
        }
        places
    }

    fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    async fn run(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(&self.url).await.expect("a connection");
            connection.execute(sql).await.expect("the statement");
            connection.close().await.expect("closed");
        } else {
            let mut connection = MySqlConnection::connect(&self.url).await.expect("a connection");
            connection.execute(sql).await.expect("the statement");
            connection.close().await.expect("closed");
        }
    }

    async fn rows(&self) -> Arc<dyn Inspect> {
        if self.is_sqlite() {
            Arc::new(SqliteStore::connect(&self.url, StoreOptions::default()).await.expect("the store"))
        } else {
            Arc::new(MySqlStore::connect(&self.url, StoreOptions::default()).await.expect("the store"))
        }
    }

    async fn adopting(&self) -> Result<IdentityResolver, Error> {
        IdentityResolver::builder().adopt(true).connect(&self.url).await
    }
}

/// People with an email and a phone number each, every fifth of them with a secondary that brings another email.
/// Together they are more than two of the pages in which a table is adopted.
fn many_people() -> [String; 2] {
    let insert = |rows: Vec<String>| {
        format!(
            "INSERT INTO Contact (id, phoneNumber, email, linkedId, linkPrecedence, createdAt, updatedAt) VALUES {}",
            rows.join(", ")
        )
    };
    let day = |day: u8| format!("'2024-01-0{day} 10:00:00', '2024-01-0{day} 10:00:00'");
    let primary = |id| format!("({id}, '{id}', '{id}@x.io', NULL, 'primary', {})", day(1));
    let secondary = |id| format!("({}, '{id}', 'also{id}@x.io', {id}, 'secondary', {})", 10_000 + id, day(2));
    [
        insert((1..=MANY).map(primary).collect()),
        insert((1..=MANY).filter(|id| id % 5 == 0).map(secondary).collect()),
    ]
}

const MANY: usize = 2_500;

#[tokio::test(flavor = "multi_thread")]
async fn a_large_table_is_adopted_by_several_processes_at_once() {
    for place in Place::all().await {
        let sql = if place.is_sqlite() {
            "CREATE TABLE Contact (id INTEGER PRIMARY KEY, phoneNumber TEXT, email TEXT, linkedId INTEGER, \
             linkPrecedence TEXT, createdAt DATETIME, updatedAt DATETIME, deletedAt DATETIME)"
                .to_owned()
        } else {
            table("INT", "INT", "VARCHAR(9)", "DATETIME")
        };
        place.run(&sql).await;
        for rows in many_people() {
            place.run(&rows).await;
        }
        let (one, two, three) = tokio::join!(place.adopting(), place.adopting(), place.adopting());
        for resolver in [one, two, three] {
            let resolver = resolver.unwrap_or_else(|error| panic!("{}: {error:?}", place.url));
            let person = resolver.identify(IdentifyRequest::new().email(format!("also{MANY}@x.io"))).await;
            assert_eq!(person.expect("identify").primary_contact_id.get(), MANY as i64);
            resolver.close().await;
        }
        let rows = place.rows().await;
        let (contacts, claims) = (rows.contacts().await, rows.claims().await);
        assert_eq!(contacts.len(), MANY + MANY / 5);
        assert_sound(&contacts, &claims);
        assert_eq!(claims.len(), 2 * MANY + MANY / 5, "one for each identifier");
        let mut times: BTreeMap<_, usize> = contacts.iter().map(|contact| (contact.id, 0)).collect();
        for event in rows.events().await {
            assert_eq!(event.kind, EventKind::Adopted);
            *times.entry(event.contact).or_default() += 1;
        }
        let not_once: Vec<_> = times.iter().filter(|(_, times)| **times != 1).collect();
        assert!(not_once.is_empty(), "{}: {} contacts were not adopted once", place.url, not_once.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_table_may_lose_a_primary_and_be_adopted_again() {
    for place in Place::all().await {
        let resolver = IdentityResolver::connect(&place.url).await.expect("connect");
        let identify = async |resolver: &IdentityResolver, email: &str, phone: &str| {
            let request = IdentifyRequest::new().email(email).phone_number(phone);
            resolver.identify(request).await.expect("identify")
        };
        let deleted = identify(&resolver, "a@x.io", "1").await.primary_contact_id;
        let oldest = identify(&resolver, "b@x.io", "1").await.secondary_contact_ids[0];
        identify(&resolver, "c@x.io", "1").await;
        place.rows().await.soft_delete(deleted).await;
        let again = place.adopting().await.unwrap_or_else(|error| panic!("{}: {error}", place.url));
        let person = identify(&again, "c@x.io", "1").await;
        assert_eq!((person.primary_contact_id, person.secondary_contact_ids.len()), (oldest, 1));
        let free = identify(&again, "a@x.io", "").await;
        assert_eq!(free.secondary_contact_ids, [], "nobody live carries it");
        let rows = place.rows().await;
        assert_sound(&rows.contacts().await, &rows.claims().await);
        let adopted = rows.events().await.iter().filter(|event| event.kind == EventKind::Adopted).count();
        assert_eq!(adopted, 0, "each of them has its evidence");
        resolver.close().await;
        again.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_that_another_service_replaced_is_free() {
    for place in Place::all().await {
        let resolver = IdentityResolver::connect(&place.url).await.expect("connect");
        let identify = async |email: &str, phone: &str| {
            let request = IdentifyRequest::new().email(email).phone_number(phone);
            resolver.identify(request).await.expect("identify")
        };
        let first = identify("old@x.io", "1").await;
        place.run("UPDATE Contact SET email = 'new@x.io'").await;
        let other = identify("old@x.io", "").await;
        assert_ne!(other.primary_contact_id, first.primary_contact_id, "{}", place.url);
        assert_eq!((&*other.emails, &*other.phone_numbers), (&["old@x.io".to_owned()][..], &[][..]));
        let still = identify("", "1").await;
        assert_eq!((still.primary_contact_id, &*still.emails[0]), (first.primary_contact_id, "new@x.io"));
        assert_eq!(identify("old@x.io", "").await, other, "the claim went over");
        let claims = place.rows().await.claims().await;
        let holders: Vec<_> = claims.iter().filter(|(claim, _)| &*claim.value == "old@x.io").collect();
        assert_eq!(holders.len(), 1);
        assert_eq!(holders[0].1, other.primary_contact_id);
        resolver.close().await;
    }
}
