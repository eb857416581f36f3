//! `benches/run`: what identity-core costs, beside the limit of the database and beside what shops do today.
//!
//! Every ratio is measured in one run: the contenders take turns, round after round, and the medians are compared.
//!
//! | file | what |
//! |---|---|
//! | `options.rs` | the command line |
//! | `rows/` | the lines of the tables |
//! | `scene.rs`, `fill.rs`, `people.rs` | the server, the tables, who is in them |
//! | `work.rs`, `visits.rs` | what callers ask, what is imported |
//! | `contenders/`, `tables.rs` | the limit, and what shops do |
//! | `import.rs`, `resident.rs` | imports, and how much memory they take |
//! | `http/` | identify-server as a process, and a client |
//! | `node.rs`, `node/` | the npm package in a Node process |
//! | `measure.rs`, `report.rs` | closed loops, Markdown |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program's own output")]

mod contenders;
mod fill;
mod http;
mod import;
mod measure;
mod node;
mod options;
mod people;
mod report;
mod resident;
mod rows;
mod scene;
mod tables;
mod visits;
mod work;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Options, Part};

/// Whatever goes wrong.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match &options.part {
        Some(part) => run_part(part).await.map(|()| 0),
        None => run(&options).await,
    };
    match outcome {
        Ok(missed) if missed > 0 && options.check => {
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

async fn run_part(part: &Part) -> Result<(), Failure> {
    match part {
        Part::Import { url, requests } => println!("{}", resident::import_here(url, *requests).await?.line()),
    }
    Ok(())
}

/// Tells how many bars were missed.
async fn run(options: &Options) -> Result<usize, Failure> {
    let (lines, server) = rows::all(options).await?;
    let heading = format!(
        "## identity-core {}\n\n{} cores, {}; {}; {} people in the table where no other number is given, {} callers{}",
        env!("CARGO_PKG_VERSION"),
        std::thread::available_parallelism().map_or(0, usize::from),
        cpu(),
        server.as_deref().unwrap_or("no database server"),
        options.people(),
        options.callers,
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
