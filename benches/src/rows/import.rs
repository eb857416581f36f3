//! Imports into an empty database, beside bare inserts of the very rows that come out of it. The bar is for `identify_many`, as
//! one call with all requests; the streaming form, which gives ids only, is shown beside it.

use std::fmt::Display;
use std::time::Duration;

use identity_core::IdentifyRequest;
use identity_tests::databases::{DatabaseServer, FreshDatabase};
use tempfile::TempDir;

use super::at_least;
use super::best::{Best, best_of};
use super::turns::{balanced, take_turns};
use crate::contenders::{bulk_mysql, bulk_sqlite};
use crate::import::{import, import_many};
use crate::measure::median_time;
use crate::report::Line;
use crate::scene::{Scene, create_tables};
use crate::tables::Content;
use crate::visits::Visits;
use crate::{Failure, Options};

pub(super) const MYSQL: &str = "import into MySQL";
pub(super) const SQLITE: &str = "import into SQLite";

/// The line of MySQL.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn mysql(options: &Options, scene: &Scene) -> Result<Line, Failure> {
    line(options, MYSQL, 0.6, &Server(scene.server().await?)).await
}

/// The line of SQLite.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn sqlite(options: &Options) -> Result<Line, Failure> {
    line(options, SQLITE, 0.5, &Files).await
}

/// A kind of database to import into.
trait Target {
    /// Goes when it is dropped.
    type Database;
    /// How rows are inserted.
    type Way: Copy + Display;

    /// What is tried.
    fn ways(&self) -> Vec<Self::Way>;

    /// Whether there may be a better way outside of what is tried.
    fn is_at_edge(&self, way: Self::Way) -> bool;

    /// Makes an empty database.
    async fn fresh(&self) -> Result<(Self::Database, String), Failure>;

    /// What is in identity-core's tables.
    async fn read(&self, url: &str) -> Result<Vec<Content>, sqlx::Error>;

    /// Inserts that into empty ones.
    async fn insert(&self, url: &str, contents: &[Content], way: Self::Way) -> Result<Duration, sqlx::Error>;
}

async fn line<T: Target>(
    options: &Options,
    work: &'static str,
    bar: f64,
    target: &T,
) -> Result<Line, Failure> {
    let visits: Vec<_> = Visits::new(options.size(1_000_000)).collect();
    let contents = {
        let (_database, url) = target.fresh().await?;
        ours(options, &url, visits.clone(), Form::Stream).await?;
        target.read(&url).await?
    };
    let best = best(target, &contents).await?;
    let turn = async |who| match who {
        Who::Ours(form) => {
            let (_database, url) = target.fresh().await?;
            ours(options, &url, visits.clone(), form).await
        }
        Who::Bare => bare(target, &contents, best.way).await,
    };
    let who = [Who::Ours(Form::Many), Who::Bare, Who::Ours(Form::Stream)];
    let took = take_turns(options.long_rounds(), who, turn).await?;
    let [ours, bare, stream] = took.map(|rounds| median_time(rounds).as_secs_f64());
    let rows: usize = contents.iter().map(|content| content.rows.len()).sum();
    let requests = visits.len() as f64;
    Ok(Line {
        work,
        rounds: balanced(who.len(), options.long_rounds()).to_string(),
        figures: vec![
            ("ours, identify_many", format!("{ours:.2} s, {:.0} requests/s", requests / ours)),
            ("ours, identify_stream_ids", format!("{stream:.2} s, {:.0} requests/s", requests / stream)),
            ("multi-row INSERTs", format!("{bare:.2} s ({best})")),
            ("rows that came out", rows.to_string()),
        ],
        bars: vec![at_least("identify_many / multi-row INSERTs", bare / ours, bar)],
    })
}

/// Who takes turns.
#[derive(Clone, Copy)]
enum Who {
    Ours(Form),
    Bare,
}

#[derive(Clone, Copy)]
enum Form {
    Many,
    Stream,
}

async fn ours(
    options: &Options,
    url: &str,
    visits: Vec<IdentifyRequest>,
    form: Form,
) -> Result<Duration, Failure> {
    let resolver = options.builder().connect(url).await?;
    let took = match form {
        Form::Many => import_many(&resolver, visits).await?,
        Form::Stream => import(&resolver, visits, drop, drop).await?,
    };
    resolver.close().await;
    Ok(took)
}

async fn bare<T: Target>(target: &T, contents: &[Content], way: T::Way) -> Result<Duration, Failure> {
    let (_database, url) = target.fresh().await?;
    create_tables(&url).await?;
    Ok(target.insert(&url, contents, way).await?)
}

/// Those that are tried again.
const FINALISTS: usize = 3;

/// The way that is quickest.
async fn best<T: Target>(target: &T, contents: &[Content]) -> Result<Best<T::Way>, Failure> {
    let speed = async |way, _| Ok(1.0 / bare(target, contents, way).await?.as_secs_f64());
    let way = best_of(target.ways(), FINALISTS, speed).await?;
    Ok(Best { way, is_at_edge: target.is_at_edge(way) })
}

struct Server<'s>(&'s DatabaseServer);

impl Target for Server<'_> {
    type Database = FreshDatabase;
    type Way = bulk_mysql::Way;

    fn ways(&self) -> Vec<Self::Way> {
        bulk_mysql::Way::all()
    }

    fn is_at_edge(&self, way: Self::Way) -> bool {
        way.is_at_edge()
    }

    async fn fresh(&self) -> Result<(FreshDatabase, String), Failure> {
        let database = self.0.fresh_database().await?;
        let url = database.url();
        Ok((database, url))
    }

    async fn read(&self, url: &str) -> Result<Vec<Content>, sqlx::Error> {
        bulk_mysql::read(url).await
    }

    async fn insert(&self, url: &str, contents: &[Content], way: Self::Way) -> Result<Duration, sqlx::Error> {
        bulk_mysql::insert(url, contents, way).await
    }
}

struct Files;

impl Target for Files {
    type Database = TempDir;
    type Way = bulk_sqlite::Way;

    fn ways(&self) -> Vec<Self::Way> {
        bulk_sqlite::Way::all()
    }

    fn is_at_edge(&self, way: Self::Way) -> bool {
        way.is_at_edge()
    }

    async fn fresh(&self) -> Result<(TempDir, String), Failure> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}/contacts.db", folder.path().display());
        Ok((folder, url))
    }

    async fn read(&self, url: &str) -> Result<Vec<Content>, sqlx::Error> {
        bulk_sqlite::read(url).await
    }

    async fn insert(&self, url: &str, contents: &[Content], way: Self::Way) -> Result<Duration, sqlx::Error> {
        bulk_sqlite::insert(url, contents, way).await
    }
}
