//! The npm package in a Node process: on the memory store, and on MySQL beside this process and beside what backends write by
//! hand.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use identity_core::{IdentifyRequest, MemoryStore, PhoneNumber};
use serde_json::json;

use super::connections::best_connections;
use super::turns::{balanced, take_turns};
use super::{at_least, per_second, rounds_of, with_p99};
use crate::measure::{Measured, median};
use crate::node::{By, NodeProcess};
use crate::report::Line;
use crate::scene::{Contender, Scene};
use crate::visits::Visits;
use crate::work::Work;
use crate::{Failure, Options};

pub(super) const MEMORY: &str = "from JavaScript, memory store";
pub(super) const MYSQL: &str = "from JavaScript, mixed";

/// Requests of one `identifyMany`. It takes a sixth of a second, too short for one to tell anything, so a round has many.
const MANY: u64 = 100_000;

/// Who takes turns on the memory store.
#[derive(Clone, Copy)]
enum InMemory {
    Identify,
    IdentifyMany,
    InRust,
}

/// Who takes turns on MySQL.
#[derive(Clone, Copy)]
enum OnMySql {
    Ours,
    InRust,
    ByHand,
}

/// The line on the memory store.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn memory(options: &Options) -> Result<Line, Failure> {
    let visits: Vec<_> = Visits::new(MANY).collect();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("visits.jsonl");
    tokio::fs::write(&file, lines(&visits)).await?;
    let mut node = NodeProcess::start()?;
    node.visits(&file).await?;
    let who = [InMemory::Identify, InMemory::IdentifyMany, InMemory::InRust];
    let measured = take_turns(options.rounds(), who, async |who| match who {
        InMemory::Identify => node.memory(options.callers, options.round()).await,
        InMemory::IdentifyMany => node.many(options.round()).await,
        InMemory::InRust => identify_many(options, &visits, options.round()).await,
    });
    let [single, many, in_rust] = measured.await?.map(|rounds| median(&rounds));
    Ok(Line {
        work: MEMORY,
        rounds: rounds_of(balanced(who.len(), options.rounds()), options.round()),
        figures: vec![
            ("identify", with_p99(single)),
            ("identifyMany of 100,000", per_second(many)),
            ("identify_many in Rust", per_second(in_rust)),
        ],
        bars: vec![
            at_least("identify, in 100,000/s", single.per_second / 1e5, 1.0),
            at_least("identifyMany / identify_many in Rust", many.per_second / in_rust.per_second, 0.5),
        ],
    })
}

/// The line on MySQL: each on a table of its own, which nobody has written to before.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn mysql(options: &Options, scene: &Scene) -> Result<Line, Failure> {
    let (people, callers) = (scene.people(), options.callers);
    let package = scene.package().await?.url();
    let by_hand = scene.by_hand().await?.url();
    let in_rust = Contender::ours(scene.server().await?, options, people).await?;
    let mut node = NodeProcess::start()?;
    let found = best_connections(options, async |connections, time| {
        node.mysql(By::Hand { connections }, &by_hand, people, callers, time).await
    });
    let found = found.await?;
    let by = By::Hand { connections: found.connections };
    let who = [OnMySql::Ours, OnMySql::InRust, OnMySql::ByHand];
    let measured = take_turns(options.rounds(), who, async |who| match who {
        OnMySql::Ours => node.mysql(By::Package, &package, people, callers, options.round()).await,
        OnMySql::InRust => in_rust.measure(callers, options.round(), Work::Mixed).await,
        OnMySql::ByHand => node.mysql(by, &by_hand, people, callers, options.round()).await,
    });
    let measured = measured.await?;
    in_rust.close().await?;
    let [ours, in_rust, plain] = measured.map(|rounds| median(&rounds));
    Ok(Line {
        work: MYSQL,
        rounds: rounds_of(balanced(who.len(), options.rounds()), options.round()),
        figures: vec![
            ("ours", with_p99(ours)),
            ("in Rust", with_p99(in_rust)),
            ("by hand with mysql2", format!("{} ({found})", with_p99(plain))),
        ],
        bars: vec![
            at_least("ours / in Rust", ours.per_second / in_rust.per_second, 0.9),
            at_least("ours / by hand with mysql2", ours.per_second / plain.per_second, 6.0),
        ],
    })
}

/// All requests by one call on an empty store, again and again.
async fn identify_many(
    options: &Options,
    visits: &[IdentifyRequest],
    time: Duration,
) -> Result<Measured, Failure> {
    let end = Instant::now() + time;
    let (mut rows, mut took) = (0, Duration::ZERO);
    loop {
        let resolver = options.builder().build(MemoryStore::new());
        let visits = visits.to_vec();
        let begun = Instant::now();
        let answers = resolver.identify_many(visits).await;
        took += begun.elapsed();
        rows += answers.len();
        answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        if Instant::now() >= end {
            return Ok(Measured { per_second: rows as f64 / took.as_secs_f64(), ..Measured::default() });
        }
    }
}

fn lines(visits: &[IdentifyRequest]) -> String {
    let mut text = String::new();
    for visit in visits {
        let phone = visit.phone_number.as_ref().map(|phone| match phone {
            PhoneNumber::Text(text) => json!(text),
            PhoneNumber::Number(number) => json!(number),
        });
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}", json!({ "email": visit.email, "phoneNumber": phone }));
    }
    text
}
