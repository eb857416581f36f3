//! No email and no phone number in the logs, also when the driver logs every statement.
//!
//! A test binary of its own, since it takes what the whole process logs.
#![allow(clippy::expect_used, clippy::panic, reason = "how a test fails")]

use std::io::Write;
use std::sync::{Arc, Mutex};

use identity_core::{IdentifyRequest, IdentityResolver, MySqlStore};
use identity_tests::databases::{Flavor, shared};
use tracing_subscriber::filter::LevelFilter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_in_the_log_hold_no_values() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone()).init();
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = format!("sqlite://{}/contacts.db", folder.path().display());
    let mut resolvers = vec![IdentityResolver::connect(&sqlite).await.expect("connect")];
    let mut databases = Vec::new();
    for flavor in Flavor::ALL {
        for own_pool in [true, false] {
            let database = shared(flavor).fresh_database().await.expect("a fresh database");
            resolvers.push(if own_pool {
                IdentityResolver::connect(&database.url()).await.expect("connect")
            } else {
                // With the driver's defaults: every statement at DEBUG, slow ones at WARN.
                let pool = sqlx::MySqlPool::connect(&database.url()).await.expect("a pool");
                IdentityResolver::new(MySqlStore::new(pool).await.expect("the store"))
            });
            databases.push(database);
        }
    }
    for resolver in &resolvers {
        // Creations, links and merges, enough of them for long statements.
        for step in 0..3 {
            let requests = (0..40).map(|n| {
                let phone = format!("555010{}", 1_000 + n + step / 2);
                IdentifyRequest::new()
                    .email(format!("secret{}@x.io", n + 100 * (step % 2)))
                    .phone_number(phone)
            });
            for reply in resolver.identify_many(requests).await {
                reply.expect("identify_many");
            }
        }
    }
    let text = String::from_utf8_lossy(&log.0.lock().expect("the log")).into_owned();
    assert!(text.contains("INSERT INTO Contact"), "the driver logs the statements of an application's pool");
    let hidden: String = "secret".bytes().map(|byte| format!("{byte:02x}")).collect();
    for value in ["secret", "555010", &hidden] {
        assert!(!text.contains(value), "a customer's value is in the log");
    }
}
