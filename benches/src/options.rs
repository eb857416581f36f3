//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use identity_core::ResolverBuilder;

use crate::Failure;
use crate::overrides::Overrides;

/// Measures, prints the tables as Markdown, and keeps them.
#[derive(Clone, Debug, Parser)]
pub(crate) struct Options {
    /// Exits with 1, and lists them, if bars are missed
    #[arg(long)]
    pub(crate) check: bool,
    /// Smaller tables and shorter rounds, the same lines
    #[arg(long)]
    pub(crate) quick: bool,
    /// Where the tables are kept
    #[arg(long, default_value = "target/benches.md")]
    pub(crate) keep: PathBuf,
    /// Only lines whose name contains this; may be given several times
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// A Python that has the pip package and those it is compared with; benches/run makes one
    #[arg(long, env = "IDENTITY_BENCHES_PYTHON", hide = true)]
    pub(crate) python: Option<PathBuf>,
    /// Callers at once, other than the 64 that the bars are for
    #[arg(long, default_value_t = 64)]
    pub(crate) callers: u64,
    /// What is measured with other options
    #[command(flatten)]
    pub(crate) overrides: Overrides,
    /// What this program runs as a process of its own.
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
}

/// A part of a line that needs a process of its own.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Part {
    /// Imports generated requests, and tells how much memory that took
    #[command(hide = true)]
    Import {
        /// Where to
        url: String,
        /// How many
        requests: u64,
    },
    /// Tells whether the lines that are asked for need a Python with the pip package: yes or no
    #[command(hide = true)]
    NeedsPython,
}

impl Options {
    /// People in the tables of most lines.
    pub(crate) fn people(&self) -> u64 {
        self.size(1_000_000)
    }

    /// The size of something that is so large in a full run.
    pub(crate) fn size(&self, full: u64) -> u64 {
        if self.quick { full / 10 } else { full }
    }

    /// Rounds of what takes as long as one wants it to, at the least.
    pub(crate) fn rounds(&self) -> usize {
        if self.quick { 3 } else { 5 }
    }

    /// Rounds of what runs until it is done, at the least.
    pub(crate) fn long_rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    /// How long a round is.
    pub(crate) fn round(&self) -> Duration {
        if self.quick { Duration::from_secs(2) } else { Duration::from_secs(5) }
    }

    /// A resolver's builder with the options that were given.
    pub(crate) fn builder(&self) -> ResolverBuilder {
        self.overrides.builder()
    }

    /// Refuses an `--only` that no line's name contains, of those that there are with these options: a check of nothing would
    /// pass.
    ///
    /// # Errors
    /// Tells which, and what there is.
    pub(crate) fn check_only(&self, names: &[&str]) -> Result<(), Failure> {
        let Some(only) = self.only.iter().find(|only| !names.iter().any(|name| name.contains(*only))) else {
            return Ok(());
        };
        let with = match self.overrides.arguments().join(" ") {
            arguments if arguments.is_empty() => String::new(),
            arguments => format!(
                " that can be measured with {arguments} (the server and the packages have the defaults)"
            ),
        };
        Err(format!("no line{with} is named {only:?}; there are: {}", names.join("; ")).into())
    }

    /// Whether a line is asked for.
    pub(crate) fn wants(&self, line: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| line.contains(only))
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

    #[test]
    fn only_must_select_something() {
        let names = ["known people", "new people", "mixed"];
        let parse = |given: &[&str]| Options::parse_from(["benches"].iter().chain(given));
        let several = parse(&["--only", "new", "--only", "mixed"]);
        assert!(several.check_only(&names).is_ok());
        assert_eq!(names.map(|name| several.wants(name)), [false, true, true]);
        assert!(parse(&["--only", "new", "--only", "mixture"]).check_only(&names).is_err());
        assert!(parse(&[]).check_only(&names).is_ok());
    }
}
