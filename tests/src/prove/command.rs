use clap::Parser;

use super::error::Context;
use super::options::{Options, Part};
use super::plan::Plan;
use super::run::Run;
use super::scene::Scene;
use super::{Fault, On, ProveError, report, worker};

/// The program `prove`: reads the command line, makes the runs, prints the table. Tells whether every promise held.
///
/// # Errors
/// [`ProveError`] where a run cannot be made.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's own output")]
pub async fn command() -> Result<bool, ProveError> {
    let options = Options::parse();
    if let Some(Part::Worker(orders)) = &options.part {
        return worker::work(orders).await.map(|()| true);
    }
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    let mut table = report::HEAD.to_owned();
    let mut held = true;
    for on in options.on.each() {
        let run = run(&options, on, seed)?;
        eprintln!("{on}, seed {seed}: {} calls", run.calls);
        let scene = Scene::start(on, &run.faults, run.calls, &options.server_option).await?;
        let verdict = run.on(&scene).await?;
        eprint!("{}", report::violations(&verdict));
        table.push_str(&report::line(on, &run, &verdict));
        held &= verdict.violations.is_empty();
    }
    println!("seed {seed}\n\n{table}");
    Ok(held)
}

fn run(options: &Options, on: On, seed: u64) -> Result<Run, ProveError> {
    let faults = match &options.faults {
        Some(faults) => faults.0.clone(),
        None => Fault::default_on(on),
    };
    Ok(Run {
        program: std::env::current_exe().context(|| "find this program".to_owned())?,
        plan: Plan { seed, identifiers: options.identifiers, calls_per_group: options.calls_per_group },
        calls: options.calls,
        processes: options.processes,
        tasks: options.tasks,
        faults,
        planted: options.planted,
        keep: options.keep.clone(),
    })
}
