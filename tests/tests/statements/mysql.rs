//! MySQL and MariaDB: what the general log tells is what EXPLAIN is asked about.
//!
//! EXPLAIN estimates, so what a statement read is counted as well.

use std::collections::{BTreeMap, BTreeSet};

use identity_core::{ContactStore, IdentifyRequest, IdentityResolver, MySqlStore, StoreOptions};
use identity_tests::databases::{DatabaseServer, Flavor, FreshDatabase};
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, MySqlPool, Row};
use tokio::sync::Mutex;

use super::plan::{BAD, Subject};
use super::text::{LONGEST, Shapes, TABLES, assert_complete, loads_of_several, shapes};
use super::workload::{CONTACTS, Workload, contacts};

/// How many prepared statements sqlx keeps for a connection by default. More of them push each other out, and calls
/// prepare theirs again and again.
const KEPT: usize = 100;

/// Ways to find rows by an index: by the whole key, by a part of it, by several values or ranges of it.
const BY_INDEX: [&str; 7] =
    ["const", "eq_ref", "ref", "range", "unique_subquery", "index_subquery", "index_merge"];

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_finds_its_rows_by_an_index_on_mariadb() {
    by_index(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_finds_its_rows_by_an_index_on_mysql() {
    by_index(Flavor::MySql).await;
}

async fn by_index(flavor: Flavor) {
    let database = Database::start(flavor).await;
    // The tables to look at are those of the migrations.
    IdentityResolver::connect(&database.url()).await.expect("connect").close().await;
    for rows in contacts() {
        database.run(rows).await;
    }
    database.start_log().await;
    IdentityResolver::builder().adopt(true).connect(&database.url()).await.expect("adopt").close().await;
    let adopting = database.stop_log().await;
    // As the database does by itself after a while.
    database.run(ANALYZE.to_owned()).await;

    let own_pool = MySqlStore::connect(&database.url(), StoreOptions::default()).await.expect("the store");
    let own_pool = database.log_of(own_pool, 0).await;
    let pool = MySqlPool::connect(&database.url()).await.expect("a pool");
    let given_pool = database.log_of(MySqlStore::new(pool).await.expect("the store"), 1).await;

    let mut faults = Vec::new();
    let adopting = ("adopting", adopting.shapes());
    let logs = [("on a pool of its own", &own_pool), ("on the application's pool", &given_pool)].map(
        |(name, log)| {
            assert_complete(&log.shapes());
            assert!(log.loads_of_several() > 0, "{flavor}, {name}: no load took several statements");
            let texts = log.prepared.len();
            assert!(
                texts < KEPT,
                "{flavor}, {name}: {texts} distinct statements were prepared, and a connection keeps {KEPT}"
            );
            (name, log.shapes())
        },
    );
    for (name, shapes) in [adopting].into_iter().chain(logs) {
        for (_, statement) in shapes.values().flatten() {
            let subject = Subject::new(statement);
            for fault in database.faults(&subject).await {
                faults.push(format!("{flavor}, {name}: {fault}\n  {}", subject.shape));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for statement in BAD {
        let faults = database.faults(&Subject::new(statement)).await;
        assert!(!faults.is_empty(), "{flavor} has a fine plan for {statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_without_secondaries_is_not_read_whole_on_mariadb() {
    without_secondaries(Flavor::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_without_secondaries_is_not_read_whole_on_mysql() {
    without_secondaries(Flavor::MySql).await;
}

/// The statistics of an index count all its NULLs as one value; those of a table that was just filled know of no row.
async fn without_secondaries(flavor: Flavor) {
    let database = Database::start(flavor).await;
    let resolver = IdentityResolver::connect(&database.url()).await.expect("connect");
    for table in TABLES {
        database.run(format!("ALTER TABLE {table} STATS_PERSISTENT = 1, STATS_AUTO_RECALC = 0")).await;
    }
    database.run(ANALYZE.to_owned()).await;
    for person in resolver.identify_many((0..CONTACTS).map(person)).await {
        person.expect("a new person");
    }
    let mut faults = Vec::new();
    for (round, statistics) in ["of an empty table", "of now"].into_iter().enumerate() {
        if round > 0 {
            database.run(ANALYZE.to_owned()).await;
        }
        let own_pool =
            MySqlStore::connect(&database.url(), StoreOptions::default()).await.expect("the store");
        let pool = MySqlPool::connect(&database.url()).await.expect("a pool");
        let given_pool = MySqlStore::new(pool).await.expect("the store");
        for (number, (name, store)) in
            [("on a pool of its own", own_pool), ("on the application's pool", given_pool)]
                .into_iter()
                .enumerate()
        {
            let name = format!("{flavor}, {name}, statistics {statistics}");
            database.start_log().await;
            for size in [1, 10, 64, 300] {
                let before = database.rows_read().await;
                people_come_back(&store, 2 * round + number, size).await;
                // As it was sent, prepared or not.
                let read = database.rows_read().await - before;
                if read >= CONTACTS {
                    faults.push(format!("{name}: {read} rows are read for {size} people"));
                }
            }
            store.close().await;
            let log = database.stop_log().await.shapes();
            for (begin, part) in
                [("UPDATE Contact ", " SET updatedAt = "), ("SELECT ", " deletedAt IS ? AND id IN (?)")]
            {
                let is_there = |shape: &String| shape.starts_with(begin) && shape.contains(part);
                assert!(log.keys().any(is_there), "{name}: no {begin}… {part}");
            }
            for (_, statement) in log.values().flatten() {
                let subject = Subject::new(statement);
                // Not what EXPLAIN expects, which is wrong here.
                for fault in database.scans(&subject).await {
                    faults.push(format!("{name}: {fault}\n  {}", subject.shape));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // An index that was replaced since is found again.
    database
        .run("ALTER TABLE Contact ADD KEY another (linkedId), DROP KEY Contact_linkedId".to_owned())
        .await;
    resolver.identify(person(1)).await.expect("a known person");
    database.run("ALTER TABLE Contact DROP KEY another".to_owned()).await;
    resolver.identify(person(1)).await.expect("a known person");
    resolver.close().await;
}

const ANALYZE: &str = "ANALYZE TABLE Contact, ContactIdentifier, ContactEvent";

fn person(n: usize) -> IdentifyRequest {
    IdentifyRequest::new().email(format!("{n}@x.io")).phone_number(n as u64)
}

/// So many people come back: with nothing new, in a later chunk of an import, with something new, and as the same as others.
async fn people_come_back(store: &MySqlStore, part: usize, size: usize) {
    let resolver = IdentityResolver::new(store.clone());
    // More than one statement asks for.
    let chunk = LONGEST + 44;
    let importer = IdentityResolver::builder().import_size(chunk).build(store.clone());
    let email = |n: usize| IdentifyRequest::new().email(format!("{n}@x.io"));
    // Others for each call.
    let at = |n: usize| (part * 700 + size + n) * 2;
    let known = (0..size).map(|n| person(at(n)));
    let linked = (0..size).map(|n| email(at(n)).phone_number(100_000 + at(n) as u64));
    let merged = (0..size).map(|n| email(at(n)).phone_number(1 + at(n) as u64));
    let twice = (0..chunk).chain(0..size).map(|n| person(at(n)));
    for replies in [
        resolver.identify_many(known).await,
        importer.identify_many(twice).await,
        resolver.identify_many(linked).await,
        resolver.identify_many(merged).await,
    ] {
        replies.into_iter().for_each(|reply| drop(reply.expect("a known person")));
    }
}

/// What the server was asked.
#[derive(Debug, Default)]
struct Log {
    /// By the number of the connection, in their order, with their values.
    executed: BTreeMap<u64, Vec<String>>,
    /// Without.
    prepared: BTreeSet<String>,
}

impl Log {
    fn shapes(&self) -> Shapes {
        shapes(self.executed.values().flatten().map(String::as_str))
    }

    fn loads_of_several(&self) -> usize {
        self.executed.values().map(|texts| loads_of_several(texts.iter().map(String::as_str))).sum()
    }
}

/// A database on a server of its own, since the log is the whole server's.
struct Database {
    /// The test's own connection, which is not in the log.
    outsider: Mutex<MySqlConnection>,
    database: FreshDatabase,
    _server: DatabaseServer,
}

impl Database {
    async fn start(flavor: Flavor) -> Self {
        let server = DatabaseServer::start_with(flavor, &["--log-output=TABLE"]).await.expect("a server");
        let database = server.fresh_database().await.expect("a fresh database");
        let mut outsider = MySqlConnection::connect(&database.url()).await.expect("a connection");
        outsider.execute("SET SESSION sql_log_off = ON").await.expect("a session outside the log");
        Self { outsider: Mutex::new(outsider), database, _server: server }
    }

    fn url(&self) -> String {
        self.database.url()
    }

    async fn run(&self, sql: String) {
        self.fetch(sql).await;
    }

    async fn fetch(&self, sql: String) -> Vec<MySqlRow> {
        let mut connection = self.outsider.lock().await;
        sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.expect("a statement of the test")
    }

    async fn log_of(&self, store: MySqlStore, half: usize) -> Log {
        self.start_log().await;
        Workload::new(store, async |sql| self.run(sql).await, half).run().await;
        self.stop_log().await
    }

    async fn start_log(&self) {
        self.run("TRUNCATE TABLE mysql.general_log".to_owned()).await;
        self.run("SET GLOBAL general_log = ON".to_owned()).await;
    }

    async fn stop_log(&self) -> Log {
        self.run("SET GLOBAL general_log = OFF".to_owned()).await;
        let rows = "SELECT CAST(thread_id AS UNSIGNED), command_type, CONVERT(argument USING utf8mb4) FROM mysql.general_log";
        let mut log = Log::default();
        for row in self.fetch(rows.to_owned()).await {
            let (connection, command, text): (u64, String, String) = (row.get(0), row.get(1), row.get(2));
            match &*command {
                "Query" | "Execute" => log.executed.entry(connection).or_default().push(text),
                "Prepare" => drop(log.prepared.insert(text)),
                "Connect" | "Quit" | "Close stmt" | "Reset stmt" | "Ping" => {}
                other => panic!("a command of an unknown kind: {other}"),
            }
        }
        log
    }

    /// What is wrong with a statement's plan, and with what it reads.
    async fn faults(&self, subject: &Subject<'_>) -> Vec<String> {
        let mut faults = self.scans(subject).await;
        for step in self.explain(subject).await {
            if step.expects_too_many(subject) {
                faults.push(format!("more rows are expected than {}: {step:?}", subject.most_expected()));
            }
        }
        faults
    }

    /// Where it reads more than it needs.
    async fn scans(&self, subject: &Subject<'_>) -> Vec<String> {
        let steps = self.explain(subject).await;
        let bad = steps.iter().filter(|step| !step.is_good(subject));
        let mut faults: Vec<_> = bad.map(|step| format!("{step:?}")).collect();
        let read = self.read_by(subject).await;
        if read > subject.most_read() {
            faults.push(format!("{read} rows are read, more than {}", subject.most_read()));
        }
        faults
    }

    /// How many rows the server has read since its start, for whomever. Asking for it adds some thousand.
    async fn rows_read(&self) -> usize {
        self.handler_reads("GLOBAL").await
    }

    async fn handler_reads(&self, scope: &str) -> usize {
        let counts = self.fetch(format!("SHOW {scope} STATUS LIKE 'Handler_read%'")).await;
        counts.iter().map(|row| text(row, "Value").parse::<usize>().expect("a number")).sum()
    }

    async fn explain(&self, subject: &Subject<'_>) -> Vec<Step> {
        let rows = self.fetch(format!("EXPLAIN FORMAT=TRADITIONAL {}", subject.statement)).await;
        assert!(!rows.is_empty(), "a statement without a plan: {}", subject.shape);
        rows.iter().map(Step::new).collect()
    }

    /// How many rows a statement reads; what an INSERT would do cannot be done twice.
    async fn read_by(&self, subject: &Subject<'_>) -> usize {
        if subject.shape.starts_with("INSERT ") {
            return 0;
        }
        self.run("FLUSH STATUS".to_owned()).await;
        self.run("START TRANSACTION".to_owned()).await;
        self.run(subject.statement.to_owned()).await;
        let read = self.handler_reads("SESSION").await;
        self.run("ROLLBACK".to_owned()).await;
        read
    }
}

/// A row of EXPLAIN; empty text for NULL.
#[derive(Debug)]
struct Step {
    select_type: String,
    table: String,
    access: String,
    key: String,
    rows: usize,
    extra: String,
}

impl Step {
    fn new(row: &MySqlRow) -> Self {
        Self {
            select_type: text(row, "select_type"),
            table: text(row, "table"),
            access: text(row, "type"),
            key: text(row, "key"),
            rows: text(row, "rows").parse().unwrap_or_default(),
            extra: text(row, "Extra"),
        }
    }

    fn is_good(&self, subject: &Subject<'_>) -> bool {
        // An UPDATE of the column by which it finds its rows notes their ids first, and calls that temporary.
        let notes_ids = subject.shape.starts_with("UPDATE ") && self.access == "range";
        if self.extra.contains("filesort") || (self.extra.contains("temporary") && !notes_ids) {
            return false;
        }
        !self.is_one_of_ours(subject) || BY_INDEX.contains(&&*self.access)
    }

    /// Whether more rows are expected than the statement has values for.
    fn expects_too_many(&self, subject: &Subject<'_>) -> bool {
        let is_page = subject.is_page() && self.access == "range" && self.key == "PRIMARY";
        self.is_one_of_ours(subject) && !is_page && self.rows > subject.most_expected()
    }

    /// Whether it reads a table that grows. The one that rows go into is not read.
    fn is_one_of_ours(&self, subject: &Subject<'_>) -> bool {
        let is_target = self.select_type == "INSERT" && self.key.is_empty() && self.rows == 0;
        !is_target && subject.must_not_scan(&self.table)
    }
}

fn text(row: &MySqlRow, column: &str) -> String {
    row.try_get_unchecked::<Option<String>, _>(column).expect("a column").unwrap_or_default()
}
