//! Other column types work; what would lose something is refused.

use identity_core::conformance::{Inspect, RandomCalls, assert_outcome};
use identity_core::{ErrorKind, IdentifyRequest, IdentityResolver, MySqlStore, StoreOptions};
use identity_tests::databases::{Flavor, FreshDatabase};
use sqlx::{Connection, Executor, MySqlConnection, MySqlPool, Row};

use super::{run, table, with_table};

async fn definition(database: &FreshDatabase) -> String {
    let mut connection = MySqlConnection::connect(&database.url()).await.expect("a connection");
    let row = connection.fetch_one("SHOW CREATE TABLE Contact").await.expect("the table");
    let text: String = row.get(1);
    connection.close().await.expect("closed");
    // The next id is part of the text, and changes.
    text.split_whitespace().filter(|word| !word.starts_with("AUTO_INCREMENT=")).collect::<Vec<_>>().join(" ")
}

/// Small loads on a table of another shape: the rules hold, and the table's definition stays.
async fn shape_works(flavor: Flavor, sql: &str) {
    let database = with_table(flavor, sql).await;
    let before = definition(&database).await;
    let store = MySqlStore::connect(&database.url(), StoreOptions::default()).await.expect(sql);
    let load = RandomCalls { tasks: 16, calls: 40, ..RandomCalls::MANY };
    let resolver = IdentityResolver::new(store.clone());
    load.run(&resolver).await;
    assert_outcome(&store as &dyn Inspect, &[load]).await;
    let merged = resolver.identify_many([
        IdentifyRequest::new().email("older@x.io").phone_number("900"),
        IdentifyRequest::new().email("younger@x.io").phone_number("901"),
        IdentifyRequest::new().email("older@x.io").phone_number("901"),
    ]);
    let people: Vec<_> = merged.await.into_iter().map(|reply| reply.expect("identify_many")).collect();
    assert_eq!(people[2].primary_contact_id, people[0].primary_contact_id);
    assert_eq!(people[2].secondary_contact_ids, [people[1].primary_contact_id]);
    assert_eq!(definition(&database).await, before, "an existing table stays as it is");
}

const SHAPES: [(&str, &str, &str, &str); 6] = [
    ("INT", "INT", "ENUM('secondary','primary') NOT NULL", "DATETIME(3)"),
    ("INT UNSIGNED", "INT UNSIGNED", "VARCHAR(20)", "DATETIME"),
    ("BIGINT UNSIGNED", "BIGINT UNSIGNED", "VARCHAR(255) NOT NULL", "DATETIME(6)"),
    ("INT", "INT", "VARCHAR(10) NOT NULL", "TIMESTAMP NULL"),
    ("BIGINT", "BIGINT", "ENUM('primary','secondary')", "TIMESTAMP(6) NULL"),
    ("MEDIUMINT", "MEDIUMINT", "TEXT", "DATETIME"),
];

#[tokio::test(flavor = "multi_thread")]
async fn other_column_types_work_on_mariadb() {
    for (id, link, precedence, time) in SHAPES {
        shape_works(Flavor::MariaDb, &table(id, link, precedence, time)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_column_types_work_on_mysql() {
    for (id, link, precedence, time) in SHAPES {
        shape_works(Flavor::MySql, &table(id, link, precedence, time)).await;
    }
}

/// The types that times may have, with the microseconds between one and the next.
const TIMES: [(&str, i64); 6] = [
    ("DATETIME", 1_000_000),
    ("DATETIME(3)", 1_000),
    ("DATETIME(6)", 1),
    ("TIMESTAMP NULL", 1_000_000),
    ("TIMESTAMP(3) NULL", 1_000),
    ("TIMESTAMP(6) NULL", 1),
];

/// How a store gets at the database, which decides how it sends values.
#[derive(Clone, Copy, Debug)]
enum Pool {
    OfTheStore,
    OfTheApplication,
}

impl Pool {
    async fn store(self, url: &str) -> MySqlStore {
        let store = match self {
            Self::OfTheStore => MySqlStore::connect(url, StoreOptions::default()).await,
            Self::OfTheApplication => MySqlStore::new(MySqlPool::connect(url).await.expect("a pool")).await,
        };
        store.expect("a table that can be used")
    }
}

/// People who are changed again and again within a second: each time they get a greater `updatedAt`, and nothing that was seen
/// is missed. Nothing is tried again, so that a contact that is not found as it was seen fails the call.
async fn people_change_often(flavor: Flavor, pool: Pool) {
    for (time, tick) in TIMES {
        let database = with_table(flavor, &table("BIGINT", "BIGINT", "VARCHAR(9)", time)).await;
        let store = pool.store(&database.url()).await;
        let resolver = IdentityResolver::builder().max_conflicts(0).build(store);
        let mut connection = MySqlConnection::connect(&database.url()).await.expect("a connection");
        let request =
            |name: &str, n: u64| IdentifyRequest::new().email(format!("{name}{n}@x.io")).phone_number(n);
        let mut before = 0;
        for n in 0..6 {
            let person = resolver.identify(request("one", n).phone_number(1_u64)).await;
            person.unwrap_or_else(|error| panic!("{flavor}, {pool:?}, {time}, change {n}: {error}"));
            let updated_at: i64 = sqlx::query_scalar(
                "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', updatedAt) FROM Contact WHERE id = 1",
            )
            .fetch_one(&mut connection)
            .await
            .expect("the first contact");
            assert!(
                updated_at >= before + tick,
                "{flavor}, {pool:?}, {time}, change {n}: {before}, {updated_at}"
            );
            before = updated_at;
        }
        // As many at once as lists have entries, and a few that fill none.
        for people in [1, 3, 16, 50, 100_u64] {
            // Some are changed more often than others, so that versions differ, and then all of them.
            for (round, name) in (0..).zip(["a", "b", "c", "d", "e"]).chain([(0, "all")]) {
                let changed = (0..people).filter(|n| n % 5 >= round);
                let changed = changed.map(|n| request(name, 1_000 * people + n));
                for reply in resolver.identify_many(changed).await {
                    reply.unwrap_or_else(|error| {
                        panic!("{flavor}, {pool:?}, {time}, {people} {name}: {error}")
                    });
                }
            }
            // Two and two are one.
            let all = (0..people).map(|n| {
                IdentifyRequest::new()
                    .email(format!("a{}@x.io", 1_000 * people + n))
                    .phone_number(1_000 * people + (n ^ 1).min(people - 1))
            });
            for reply in resolver.identify_many(all).await {
                reply.unwrap_or_else(|error| panic!("{flavor}, {pool:?}, {time}, {people} merge: {error}"));
            }
        }
        connection.close().await.expect("closed");
        resolver.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_often_whatever_the_type_of_times_on_mariadb() {
    people_change_often(Flavor::MariaDb, Pool::OfTheStore).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_often_whatever_the_type_of_times_on_mysql() {
    people_change_often(Flavor::MySql, Pool::OfTheStore).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_often_on_the_pool_of_the_application_on_mariadb() {
    people_change_often(Flavor::MariaDb, Pool::OfTheApplication).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_often_on_the_pool_of_the_application_on_mysql() {
    people_change_often(Flavor::MySql, Pool::OfTheApplication).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_indexes_and_with_automatic_times_works() {
    let sql = "CREATE TABLE Contact (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, phoneNumber VARCHAR(20), \
               email VARCHAR(255), linkedId INT, linkPrecedence VARCHAR(9), \
               createdAt DATETIME DEFAULT CURRENT_TIMESTAMP, \
               updatedAt DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, deletedAt DATETIME)";
    for flavor in Flavor::ALL {
        shape_works(flavor, sql).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_id_of_an_unsigned_column_is_read_right() {
    for flavor in Flavor::ALL {
        let sql = table("INT UNSIGNED", "INT UNSIGNED", "VARCHAR(9)", "DATETIME");
        let database = with_table(flavor, &sql).await;
        run(&database, "ALTER TABLE Contact AUTO_INCREMENT = 4000000000").await;
        let resolver = IdentityResolver::connect(&database.url()).await.expect("connect");
        let person = resolver.identify(IdentifyRequest::new().email("a@x.io")).await.expect("identify");
        assert_eq!(person.primary_contact_id.get(), 4_000_000_000);
        assert_eq!(resolver.get(person.primary_contact_id).await.expect("get"), Some(person));
    }
}

async fn refuses_whoever_is_new(resolver: &IdentityResolver, flavor: Flavor) {
    let new = IdentifyRequest::new().email("b@x.io");
    let error = resolver.identify(new.clone()).await.expect_err("there is no id for it");
    assert_eq!(error.kind(), ErrorKind::Refused, "{flavor}: {error}");
    assert_eq!(resolver.lookup(new).await.expect("lookup"), []);
}

/// No other writer is to blame, so trying again would only keep callers waiting.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_ids_are_used_up_refuses_at_once() {
    for flavor in Flavor::ALL {
        let database = with_table(flavor, &table("INT", "INT", "VARCHAR(9)", "DATETIME")).await;
        run(&database, "ALTER TABLE Contact AUTO_INCREMENT = 2147483647").await;
        let resolver = IdentityResolver::connect(&database.url()).await.expect("connect");
        let identify = |email: &str| resolver.identify(IdentifyRequest::new().email(email));
        let last = identify("a@x.io").await.expect("identify");
        assert_eq!(last.primary_contact_id.get(), 2_147_483_647);
        refuses_whoever_is_new(&resolver, flavor).await;
        assert_eq!(identify("a@x.io").await.expect("identify"), last);
    }
}

/// Whatever a trigger does to the ids: claims and evidence never point at a contact of somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn ids_that_a_trigger_gives_are_refused() {
    for flavor in Flavor::ALL {
        let database = with_table(flavor, &table("INT", "INT", "VARCHAR(9)", "DATETIME")).await;
        let resolver = IdentityResolver::connect(&database.url()).await.expect("connect");
        let identify = |email: &str| resolver.identify(IdentifyRequest::new().email(email));
        let before = identify("a@x.io").await.expect("identify");
        run(&database, "CREATE TRIGGER ids BEFORE INSERT ON Contact FOR EACH ROW SET NEW.id = 1000").await;
        refuses_whoever_is_new(&resolver, flavor).await;
        assert_eq!(identify("a@x.io").await.expect("identify"), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shapes_that_would_lose_something_are_refused() {
    let good = table("INT", "INT", "VARCHAR(9)", "DATETIME");
    for (sql, named) in [
        (good.replace("phoneNumber VARCHAR(30)", "phoneNumber BIGINT"), "phoneNumber"),
        (good.replace("deletedAt", "removedAt"), "deletedAt"),
        (good.replace("KEY (linkedId)", "UNIQUE KEY (email)"), "email"),
        (good.replace("createdAt DATETIME", "createdAt BIGINT"), "createdAt"),
    ] {
        for flavor in Flavor::ALL {
            let database = with_table(flavor, &sql).await;
            let error = IdentityResolver::connect(&database.url()).await.expect_err(&sql);
            assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
