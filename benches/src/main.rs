//! `benches/run`: what identity-core costs, beside the limit of the database and beside what shops do today.
//!
//! Every ratio is measured in one run: the contenders take turns, round after round, and the medians are compared.
//!
//! | file | what |
//! |---|---|
//! | `scene.rs`, `fill.rs`, `people.rs` | the server, the tables, who is in them |
//! | `contenders/` | the limit, and what shops do |
//! | `work.rs` | what callers ask |
//! | `rows.rs` | the lines of the tables |
//! | `measure.rs`, `report.rs` | closed loops, Markdown |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program's own output")]

mod contenders;
mod fill;
mod measure;
mod people;
mod report;
mod rows;
mod scene;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use identity_core::{IdentityResolver, ResolverBuilder};

use crate::scene::Scene;

/// Whatever goes wrong.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures, prints the tables as Markdown, and keeps them.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// Exits with 1, and lists them, if bars are missed
    #[arg(long)]
    check: bool,
    /// Smaller tables and shorter rounds, the same lines
    #[arg(long)]
    quick: bool,
    /// Where the tables are kept
    #[arg(long, default_value = "target/benches.md")]
    keep: PathBuf,
    /// Only lines whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Requests of one batch, other than the default
    #[arg(long)]
    batch_size: Option<usize>,
    /// Batches read at once, other than the default
    #[arg(long)]
    loads: Option<usize>,
    /// Batches written at once, other than the default
    #[arg(long)]
    writes: Option<usize>,
}

impl Options {
    fn people(&self) -> u64 {
        if self.quick { 100_000 } else { 1_000_000 }
    }

    fn rounds(&self) -> usize {
        if self.quick { 3 } else { 5 }
    }

    fn round(&self) -> Duration {
        if self.quick { Duration::from_secs(2) } else { Duration::from_secs(5) }
    }

    fn builder(&self) -> ResolverBuilder {
        let mut builder = IdentityResolver::builder();
        if let Some(requests) = self.batch_size {
            builder = builder.batch_size(requests);
        }
        if let Some(batches) = self.loads {
            builder = builder.concurrent_loads(batches);
        }
        if let Some(batches) = self.writes {
            builder = builder.concurrent_writes(batches);
        }
        builder
    }

    fn wants(&self, line: &str) -> bool {
        self.only.as_deref().is_none_or(|only| line.contains(only))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(missed) if options.check => {
            eprintln!("{missed} bars missed");
            ExitCode::FAILURE
        }
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::from(2)
        }
    }
}

/// Tells how many bars were missed.
async fn run(options: &Options) -> Result<usize, Failure> {
    let scene = Scene::set(options).await?;
    let lines = rows::all(options, &scene).await?;
    let heading = format!(
        "## identity-core {}\n\n{} cores, {}; {}; {} people in the table, 64 callers{}",
        env!("CARGO_PKG_VERSION"),
        std::thread::available_parallelism().map_or(0, usize::from),
        cpu(),
        scene.server,
        scene.people,
        if options.quick { "; quick" } else { "" },
    );
    let text = report::markdown(&heading, &lines);
    println!("{text}");
    std::fs::write(&options.keep, &text)?;
    let missed: Vec<_> =
        lines.iter().flat_map(|line| &line.bars).filter(|bar| !bar.is_met()).map(|bar| bar.ratio).collect();
    if options.check {
        missed.iter().for_each(|ratio| eprintln!("missed: {ratio}"));
    }
    Ok(missed.len())
}

fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}
