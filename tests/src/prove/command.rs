use std::time::Duration;

use clap::Parser;
use tokio::process::Command;

use super::error::Context;
use super::options::{Options, Part};
use super::plan::Plan;
use super::run::Run;
use super::scene::Scene;
use super::{Fault, On, ProveError, report, worker};
use crate::overload::{HEAD, overload};

/// The program `prove`: reads the command line, makes the runs, prints the table. Tells whether every promise held.
///
/// # Errors
/// [`ProveError`] where a run cannot be made.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's own output")]
pub async fn command() -> Result<bool, ProveError> {
    let options = Options::parse();
    match &options.part {
        Some(Part::Worker(orders)) => return worker::work(orders).await.map(|()| true),
        Some(Part::Overload(orders)) => {
            let outcome = overload(&orders.url, Duration::from_secs(orders.seconds)).await?;
            print!("{}", outcome.line(&orders.name));
            return Ok(outcome.broken().is_empty());
        }
        None => {}
    }
    if let Some(seconds) = options.overload {
        return overloads(&options, seconds).await;
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

/// Each in a process of its own, whose memory is nobody else's.
#[expect(clippy::print_stdout, reason = "a program's own output")]
async fn overloads(options: &Options, seconds: u64) -> Result<bool, ProveError> {
    let calling = || "run this program".to_owned();
    let mut held = true;
    print!("{HEAD}");
    for on in options.on.each() {
        let scene = Scene::start(on, &[], 0, &options.server_option).await?;
        scene.prepare().await?;
        let program = std::env::current_exe().context(calling)?;
        let mut process = Command::new(program);
        process.args(["overload", "--name", &on.to_string(), "--url", &scene.direct_url()]);
        process.args(["--seconds", &seconds.to_string()]).kill_on_drop(true);
        held &= process.status().await.context(calling)?.success();
    }
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
