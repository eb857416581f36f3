//! SQLite: what the driver logs is what EXPLAIN QUERY PLAN is asked about.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use identity_core::{IdentityResolver, SqliteStore, StoreOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row, SqliteConnection};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::plan::{BAD, Subject};
use super::text::{assert_complete, shapes};
use super::workload::{Workload, contacts};

/// How many prepared statements sqlx keeps for a connection by default.
const KEPT: usize = 100;

/// Lines of a plan that read no table.
const HARMLESS: [&str; 10] = [
    // The values of an UPDATE.
    "MATERIALIZE v",
    "COMPOUND QUERY",
    "LEFT-MOST SUBQUERY",
    "UNION ALL",
    "MULTI-INDEX OR",
    "INDEX ",
    "LIST SUBQUERY ",
    "SCALAR SUBQUERY ",
    "CORRELATED SCALAR SUBQUERY ",
    "CO-ROUTINE ",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_finds_its_rows_by_an_index_on_sqlite() {
    let log = Log::default();
    let subscriber = tracing_subscriber::registry().with(LevelFilter::DEBUG).with(log.clone());
    tracing::subscriber::set_global_default(subscriber).expect("the only log of this process");
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/contacts.db", folder.path().display());
    // The tables to look at are those of the migrations.
    IdentityResolver::connect(&url).await.expect("connect").close().await;
    let outsider = SqliteConnectOptions::from_str(&url).expect("a URL").disable_statement_logging();
    let outsider = tokio::sync::Mutex::new(outsider.connect().await.expect("a connection"));
    let run = async |sql: String| {
        outsider.lock().await.execute(AssertSqlSafe(sql)).await.expect("a statement of the test");
    };
    for rows in contacts() {
        run(rows).await;
    }

    let options = StoreOptions::default().adopt(true);
    let store = SqliteStore::connect_logged(&url, options).await.expect("adopt");
    let adopting = log.take();
    Workload::new(store, run, 0).run().await;
    let log = log.take();
    let texts = log.iter().collect::<BTreeSet<_>>().len();
    assert!(texts < KEPT, "{texts} distinct statements were prepared, and a connection keeps {KEPT}");
    assert_complete(&shapes(log.iter().map(String::as_str)));
    let shapes = shapes(adopting.iter().chain(&log).map(String::as_str));

    let mut connection = outsider.into_inner();
    let mut faults = Vec::new();
    // Before the database knows how the values are spread, as it is by default, and after.
    for prepare in ["SELECT 1", "ANALYZE"] {
        connection.execute(prepare).await.expect("a statement of the test");
        for (_, statement) in shapes.values().flatten() {
            let subject = Subject::new(statement);
            for fault in faults_of(&mut connection, &subject).await {
                faults.push(format!("after {prepare}: {fault}\n  {}", subject.shape));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for statement in BAD {
        let faults = faults_of(&mut connection, &Subject::new(statement)).await;
        assert!(!faults.is_empty(), "SQLite has a fine plan for {statement}");
    }
    connection.close().await.expect("closed");
}

/// The lines of a statement's plan that it should not have.
async fn faults_of(connection: &mut SqliteConnection, subject: &Subject<'_>) -> Vec<String> {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", subject.statement));
    let plan = connection.fetch_all(sqlx::raw_sql(explain)).await.expect("a plan");
    let lines = plan.iter().map(|row| row.get::<String, _>("detail"));
    lines.filter(|line| !is_good(line, subject)).collect()
}

fn is_good(line: &str, subject: &Subject<'_>) -> bool {
    let mut words = line.split(' ');
    match words.next() {
        // An index that is made for this one statement reads the whole table first.
        Some("SEARCH") if line.contains(" USING AUTOMATIC ") => false,
        Some("SEARCH") => match line.rsplit_once('(') {
            // All emails are no answer to who has one of them.
            Some((_, "kind=?)")) => false,
            Some((_, by)) => !by.contains(['<', '>']) || subject.is_page(),
            // The least or the greatest key.
            None => true,
        },
        Some("SCAN") => !words.next().is_some_and(|name| subject.must_not_scan(name)),
        _ => HARMLESS.iter().any(|harmless| line.starts_with(harmless)),
    }
}

/// The statements of logged stores.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // The driver gives each connection to SQLite a thread. Tests of other databases run on other ones.
        let of_sqlite =
            std::thread::current().name().is_some_and(|name| name.starts_with("sqlx-sqlite-worker"));
        if of_sqlite && event.metadata().target() == "sqlx::query" {
            let mut logged = Logged::default();
            event.record(&mut logged);
            // A short statement is its own summary.
            let text = if logged.statement.is_empty() { logged.summary } else { logged.statement };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
}

/// The fields of an event.
#[derive(Default)]
struct Logged {
    summary: String,
    statement: String,
}

impl Visit for Logged {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
