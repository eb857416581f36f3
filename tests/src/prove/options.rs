use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, value_parser};

use super::plan::Plan;
use super::planted::Planted;
use super::{Fault, On};

/// Makes very many calls from several processes while things go wrong, checks every promise, and prints a table.
///
/// Exits with 1 if a promise is broken on one of the databases, a run broke down or came to a standstill, or a fault that was asked for
/// hit nothing;
/// with 2 if none was and a run could not be made. The table has a line for each database all the same.
#[derive(Clone, Debug, Parser)]
#[command(name = "prove", args_conflicts_with_subcommands = true)]
pub struct Options {
    /// The database
    #[arg(long, value_enum, default_value = "all")]
    pub on: On,
    /// How many calls
    #[arg(long, default_value_t = 100_000, value_parser = value_parser!(u64).range(1..))]
    pub calls: u64,
    /// How many processes make them
    #[arg(long, default_value_t = 3, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub processes: usize,
    /// How many calls each process makes at once
    #[arg(long, default_value_t = 16, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub tasks: usize,
    /// What goes wrong meanwhile: a list, or `none`. Default: whatever can happen to the database
    #[arg(long, value_parser = Faults::parse)]
    pub faults: Option<Faults>,
    /// What the requests and the faults are drawn from: the same seed plans the same ones. Default: another one each time
    #[arg(long)]
    pub seed: Option<u64>,
    /// How many identifiers a group of calls is about; half of them are emails
    #[arg(long, default_value_t = Plan::IDENTIFIERS, value_parser = value_parser!(u32).range(2..))]
    pub identifiers: u32,
    /// How many calls a group has. Calls of one group are made at about the same time
    #[arg(long, default_value_t = Plan::CALLS_PER_GROUP, value_parser = value_parser!(u64).range(1..))]
    pub calls_per_group: u64,
    /// One more option on the servers' command lines, such as `--server-option=--wsrep-sync-wait=7`
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub server_option: Vec<String>,
    /// Keeps histories and tables in this file. It holds no email and no phone number
    #[arg(long)]
    pub keep: Option<PathBuf>,
    /// A known bug, in a store of the tests' own: the run has to find it
    #[arg(long, value_enum)]
    pub planted: Option<Planted>,
    /// Instead of all that: ten times what can be served, for so many seconds. Of all databases: on SQLite, MariaDB and MySQL
    #[arg(long, value_name = "SECONDS")]
    pub overload: Option<u64>,
    /// What this program runs as a process of its own.
    #[command(subcommand)]
    pub part: Option<Part>,
}

/// A part of a run that is a process of its own.
#[derive(Clone, Debug, Subcommand)]
pub enum Part {
    /// Makes calls, as many as the tickets on its standard input say
    #[command(hide = true)]
    Worker(WorkerOptions),
    /// Calls more than can be served, and prints a line of the table
    #[command(hide = true)]
    Overload(OverloadOptions),
}

/// What an overload is told.
#[derive(Clone, Debug, Args)]
pub struct OverloadOptions {
    /// What to call the database in the table
    #[arg(long)]
    pub name: String,
    /// The database
    #[arg(long)]
    pub url: String,
    /// How long it lasts
    #[arg(long)]
    pub seconds: u64,
}

/// What a worker is told.
#[derive(Clone, Debug, Args)]
pub struct WorkerOptions {
    /// The database
    #[arg(long)]
    pub url: String,
    /// The seed of the plan
    #[arg(long)]
    pub seed: u64,
    /// As for the run
    #[arg(long)]
    pub identifiers: u32,
    /// As for the run
    #[arg(long)]
    pub calls_per_group: u64,
    /// How many calls it makes at once
    #[arg(long)]
    pub tasks: usize,
    /// The most connections it opens
    #[arg(long)]
    pub connections: u32,
    /// After how many milliseconds it gives a call up
    #[arg(long)]
    pub deadline: Option<u64>,
    /// By how many seconds its clock is ahead; whoever starts it sees to that
    #[arg(skip)]
    pub clock_ahead: i64,
    /// Calls that the worker before this one did not come to the end of
    #[arg(long, value_delimiter = ',')]
    pub unfinished: Vec<u64>,
    /// The file of its history
    #[arg(long)]
    pub history: PathBuf,
    /// A known bug
    #[arg(long, value_enum)]
    pub planted: Option<Planted>,
}

impl WorkerOptions {
    /// What it calls.
    pub(super) fn plan(&self) -> Plan {
        Plan { seed: self.seed, identifiers: self.identifiers, calls_per_group: self.calls_per_group }
    }

    /// The command line that is read as these options, but for the history.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["worker".to_owned()];
        let mut add = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
        add("url", self.url.clone());
        add("seed", self.seed.to_string());
        add("identifiers", self.identifiers.to_string());
        add("calls-per-group", self.calls_per_group.to_string());
        add("tasks", self.tasks.to_string());
        add("connections", self.connections.to_string());
        if let Some(deadline) = self.deadline {
            add("deadline", deadline.to_string());
        }
        if !self.unfinished.is_empty() {
            add("unfinished", self.unfinished.iter().map(u64::to_string).collect::<Vec<_>>().join(","));
        }
        if let Some(name) = self.planted.as_ref().and_then(clap::ValueEnum::to_possible_value) {
            add("planted", name.get_name().to_owned());
        }
        arguments
    }
}

/// What goes wrong in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// `none`, or names of faults with commas between them.
    fn parse(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::default());
        }
        text.split(',').map(|name| clap::ValueEnum::from_str(name, false)).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_is_sound() {
        Options::command().debug_assert();
    }

    /// It would show nothing, and end as one in which every promise held.
    #[test]
    fn a_run_without_calls_is_no_run() {
        for name in ["calls", "processes", "tasks", "identifiers", "calls-per-group"] {
            assert!(Options::try_parse_from(["prove", &format!("--{name}=0")]).is_err(), "{name}");
            assert!(Options::try_parse_from(["prove", &format!("--{name}=2")]).is_ok(), "{name}");
        }
    }

    #[test]
    fn faults_are_a_list_or_none() {
        assert_eq!(Faults::parse("none"), Ok(Faults::default()));
        assert_eq!(Faults::parse("pool,worker-kill"), Ok(Faults(vec![Fault::Pool, Fault::WorkerKill])));
        assert!(Faults::parse("worker-kill,earthquake").is_err());
    }
}
