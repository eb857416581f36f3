//! A request that the database itself refuses fails alone, not with its batch: here an email that the shop's column does not
//! hold.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::sync::Arc;

use futures_util::future::join_all;
use identity_core::{
    ConsolidatedContact, ContactStore, Error, ErrorKind, IdentifyRequest, IdentityResolver, MySqlStore,
    StoreOptions,
};
use identity_tests::databases::{Flavor, FreshDatabase, shared};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{Connection, Executor, MySqlConnection};

const CALLERS: usize = 64;

/// Those whose emails are too long, neither the first nor the last of a batch nor next to each other.
const TOO_LONG: [usize; 2] = [17, 40];

/// Whose pool it is.
#[derive(Clone, Copy, Debug)]
enum Pool {
    ItsOwn,
    TheApplications,
}

use Pool::{ItsOwn, TheApplications};

async fn table(flavor: Flavor) -> FreshDatabase {
    let database = shared(flavor).fresh_database().await.expect("a fresh database");
    let mut connection = MySqlConnection::connect(&database.url()).await.expect("a connection");
    let table = "CREATE TABLE Contact (id INT AUTO_INCREMENT PRIMARY KEY, phoneNumber VARCHAR(30), \
                 email VARCHAR(10), linkedId INT, linkPrecedence VARCHAR(9), createdAt DATETIME, \
                 updatedAt DATETIME, deletedAt DATETIME, KEY (linkedId))";
    connection.execute(table).await.expect("a table");
    connection.close().await.expect("closed");
    database
}

async fn connect(database: &FreshDatabase, pool: Pool) -> IdentityResolver {
    let store = match pool {
        ItsOwn => MySqlStore::connect(&database.url(), StoreOptions::default()).await,
        TheApplications => {
            let pool = MySqlPoolOptions::new().connect(&database.url()).await.expect("a pool");
            MySqlStore::new(pool).await
        }
    };
    let store: Arc<dyn ContactStore> = Arc::new(store.expect("a table that fits"));
    // So that callers at once are one batch.
    IdentityResolver::builder().concurrent_loads(1).concurrent_writes(1).build(store)
}

fn request(n: usize) -> IdentifyRequest {
    let name = if TOO_LONG.contains(&n) { "much.too.long" } else { "c" };
    IdentifyRequest::new().email(format!("{name}{n}@x.io")).phone_number(n as u64 + 1)
}

async fn refuses_two(database: &FreshDatabase, outcomes: &[Result<ConsolidatedContact, Error>]) {
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(person) => assert_eq!(person.emails, [format!("c{n}@x.io")]),
            Err(error) => assert_eq!((error.kind(), TOO_LONG.contains(&n)), (ErrorKind::Refused, true)),
        }
    }
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), TOO_LONG.len());
    let mut connection = MySqlConnection::connect(&database.url()).await.expect("a connection");
    let counts = "SELECT (SELECT COUNT(*) FROM Contact), (SELECT COUNT(*) FROM ContactIdentifier), \
                  (SELECT COUNT(*) FROM ContactEvent)";
    let counts: (i64, i64, i64) = sqlx::query_as(counts).fetch_one(&mut connection).await.expect("counts");
    let people = (CALLERS - TOO_LONG.len()) as i64;
    assert_eq!(counts, (people, 2 * people, people), "nothing is left of those who were refused");
    connection.close().await.expect("closed");
}

async fn callers_at_once(flavor: Flavor, pool: Pool) {
    let database = table(flavor).await;
    let resolver = connect(&database, pool).await;
    let outcomes = join_all((0..CALLERS).map(|n| resolver.identify(request(n)))).await;
    refuses_two(&database, &outcomes).await;
    resolver.close().await;
}

async fn one_call(flavor: Flavor, pool: Pool) {
    let database = table(flavor).await;
    let resolver = connect(&database, pool).await;
    let outcomes = resolver.identify_many((0..CALLERS).map(request)).await;
    refuses_two(&database, &outcomes).await;
    resolver.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_once_on_a_pool_of_its_own() {
    for flavor in Flavor::ALL {
        callers_at_once(flavor, ItsOwn).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_once_on_the_pool_of_the_application() {
    for flavor in Flavor::ALL {
        callers_at_once(flavor, TheApplications).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identify_many_on_a_pool_of_its_own() {
    for flavor in Flavor::ALL {
        one_call(flavor, ItsOwn).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identify_many_on_the_pool_of_the_application() {
    for flavor in Flavor::ALL {
        one_call(flavor, TheApplications).await;
    }
}
