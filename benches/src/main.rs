//! `benches/run`: what identity-core costs, beside the limit of the database and beside what shops do today.
//!
//! Every ratio is measured in one run: the contenders take turns, round after round, and the medians are compared.
//!
//! | file | what |
//! |---|---|
//! | `options.rs`, `overrides.rs` | the command line, and its part that is the library's options |
//! | `rows/` | the lines of the tables |
//! | `scene.rs`, `fill.rs`, `people.rs` | the server, the tables, who is in them |
//! | `work.rs`, `visits.rs` | what callers ask, what is imported |
//! | `contenders/`, `tables.rs` | the limit, and what shops do |
//! | `import.rs`, `resident.rs` | imports, and how much memory they take |
//! | `http/` | identify-server as a process, and a client |
//! | `node.rs`, `node/` | the npm package in a Node process |
//! | `python/` | the pip package, and what data people do today |
//! | `measure.rs` | closed loops, medians |
//! | `report.rs`, `kept.rs`, `facts.rs` | the tables as Markdown, the file they are kept in, their heading |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program's own output")]

mod contenders;
mod facts;
mod fill;
mod http;
mod import;
mod kept;
mod measure;
mod node;
mod options;
mod overrides;
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

use crate::kept::Kept;
use crate::options::{Options, Part};
use crate::rows::Row;

/// Whatever goes wrong.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match &options.part {
        Some(part) => run_part(part, &options).await.map(|()| 0),
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

async fn run_part(part: &Part, options: &Options) -> Result<(), Failure> {
    match part {
        Part::Import { url, requests } => {
            println!("{}", resident::import_here(options, url, *requests).await?.line())
        }
        Part::NeedsPython => {
            check_only(options)?;
            println!("{}", if Row::any_needs_python(options) { "yes" } else { "no" });
        }
    }
    Ok(())
}

fn check_only(options: &Options) -> Result<(), Failure> {
    options.check_only(&Row::names(options).collect::<Vec<_>>())
}

/// Tells how many bars were missed.
async fn run(options: &Options) -> Result<usize, Failure> {
    check_only(options)?;
    let mut kept = Kept::new(options).await?;
    let outcome = rows::all(options, &mut kept).await;
    // Where a line fails too: those before it count.
    println!("{}", kept.markdown());
    outcome?;
    let missed = kept.missed();
    if options.check {
        missed.iter().for_each(|missed| eprintln!("missed: {missed}"));
    }
    Ok(missed.len())
}
