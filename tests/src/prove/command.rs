use std::time::Duration;

use clap::Parser;
use identify_server::Chain;
use tokio::process::Command;

use super::error::Context;
use super::options::{Options, Part};
use super::plan::Plan;
use super::run::{Run, Verdict};
use super::scene::Scene;
use super::{Fault, On, ProveError, report, worker};
use crate::overload::{HEAD, overload};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Every promise held.
    Held,
    /// Some run could not be made, and says nothing about the promises.
    NotMade,
    /// A promise is broken.
    Broken,
}

impl Ending {
    fn of(held: bool) -> Self {
        if held { Self::Held } else { Self::Broken }
    }

    fn of_error(error: &ProveError) -> Self {
        if error.is_broken_promise() { Self::Broken } else { Self::NotMade }
    }
}

/// The program `prove`: reads the command line, makes the runs, prints the table.
///
/// # Errors
/// [`ProveError`] where a part that is a process of its own fails. What fails on one of the databases is in the table.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's own output")]
pub async fn command() -> Result<Ending, ProveError> {
    let options = Options::parse();
    match &options.part {
        Some(Part::Worker(orders)) => return worker::work(orders).await.map(|()| Ending::Held),
        Some(Part::Overload(orders)) => {
            let outcome = overload(&orders.url, Duration::from_secs(orders.seconds)).await?;
            print!("{}", outcome.line(&orders.name));
            return Ok(Ending::of(outcome.broken().is_empty()));
        }
        None => {}
    }
    if let Some(seconds) = options.overload {
        return Ok(overloads(&options, seconds).await);
    }
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    let mut table = report::HEAD.to_owned();
    let mut ending = Ending::Held;
    for on in options.on.each() {
        let run = run(&options, on, seed)?;
        eprintln!("{on}, seed {seed}: {} calls", run.calls);
        match prove(options.server_option.clone(), on, run.clone()).await {
            Ok(verdict) => {
                eprint!("{}", report::violations(&verdict));
                table.push_str(&report::line(on, &run, &verdict));
                ending = ending.max(Ending::of(verdict.violations.is_empty()));
            }
            // The others are proved all the same.
            Err(error) => {
                eprintln!("{on}: {}", Chain(&error));
                table.push_str(&report::line_of_failure(on, &run, &error));
                ending = ending.max(Ending::of_error(&error));
            }
        }
    }
    println!("seed {seed}\n\n{table}");
    Ok(ending)
}

/// In a task of its own: where the tables cannot be read, or the checker meets what it holds to be impossible, it panics.
async fn prove(server_options: Vec<String>, on: On, run: Run) -> Result<Verdict, ProveError> {
    let proved = tokio::spawn(async move {
        let scene = Scene::start(on, &run.faults, run.calls, &server_options).await?;
        run.on(&scene).await
    });
    proved.await.unwrap_or_else(|panic| Err(ProveError::Panicked(panic)))
}

/// Each in a process of its own, whose memory is nobody else's. Of all of them the single databases: a cluster on one machine shows
/// how much the machine can bear, and nothing about the library.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's own output")]
async fn overloads(options: &Options, seconds: u64) -> Ending {
    let mut ending = Ending::Held;
    print!("{HEAD}");
    for on in options.on.each().into_iter().filter(|on| options.on != On::All || on.cluster().is_none()) {
        let one = overload_of(options, on, seconds).await.unwrap_or_else(|error| {
            eprintln!("{on}: {}", Chain(&error));
            Ending::of_error(&error)
        });
        ending = ending.max(one);
    }
    ending
}

async fn overload_of(options: &Options, on: On, seconds: u64) -> Result<Ending, ProveError> {
    let calling = || "run this program".to_owned();
    let scene = Scene::start(on, &[], 0, &options.server_option).await?;
    scene.prepare().await?;
    let program = std::env::current_exe().context(calling)?;
    let mut process = Command::new(program);
    process.args(["overload", "--name", &on.to_string(), "--url", &scene.direct_url()]);
    process.args(["--seconds", &seconds.to_string()]).kill_on_drop(true);
    match process.status().await.context(calling)?.code() {
        Some(2) => Ok(Ending::NotMade),
        code => Ok(Ending::of(code == Some(0))),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_promise_outweighs_a_run_that_was_not_made() {
        let apart = Ending::of_error(&ProveError::Apart(Duration::from_secs(1)));
        let not_here = Ending::of_error(&ProveError::NotHere { fault: Fault::Lock, on: On::Sqlite });
        assert_eq!((apart, not_here), (Ending::Broken, Ending::NotMade));
        assert_eq!(Ending::Held.max(not_here).max(apart).max(Ending::of(true)), Ending::Broken);
    }
}
