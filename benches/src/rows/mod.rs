//! The lines of the tables.

mod best;
mod callers;
mod connections;
mod grid;
mod growth;
mod http;
mod import;
mod memory;
mod node;
mod partition;
mod python;
mod python_callers;
mod resident;
mod turns;

use std::time::Duration;

use crate::kept::Kept;
use crate::measure::Measured;
use crate::report::{Bar, Line, Must};
use crate::scene::Scene;
use crate::{Failure, Options};

use callers::Callers;

/// A line that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Known,
    New,
    Mixed,
    LoneKnown,
    LoneNew,
    Http,
    Growth,
    ImportMySql,
    NodeMySql,
    ImportSqlite,
    Memory,
    NodeMemory,
    Resident,
    Python,
    PythonCallers,
}

impl Row {
    /// Those that share a server, in the order in which they are measured.
    const ON_A_SERVER: [Self; 10] = [
        Self::Known,
        Self::New,
        Self::Mixed,
        Self::LoneKnown,
        Self::LoneNew,
        Self::Http,
        Self::Growth,
        Self::NodeMySql,
        Self::PythonCallers,
        Self::ImportMySql,
    ];

    /// Those that come after it, and have the machine to themselves.
    const ALONE: [Self; 5] =
        [Self::ImportSqlite, Self::Memory, Self::NodeMemory, Self::Resident, Self::Python];

    /// The kind of work.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Known => callers::KNOWN,
            Self::New => callers::NEW,
            Self::Mixed => callers::MIXED,
            Self::LoneKnown => callers::LONE_KNOWN,
            Self::LoneNew => callers::LONE_NEW,
            Self::Http => http::WORK,
            Self::Growth => growth::WORK,
            Self::ImportMySql => import::MYSQL,
            Self::NodeMySql => node::MYSQL,
            Self::NodeMemory => node::MEMORY,
            Self::ImportSqlite => import::SQLITE,
            Self::Memory => memory::WORK,
            Self::Resident => resident::WORK,
            Self::Python => python::WORK,
            Self::PythonCallers => python_callers::WORK,
        }
    }

    /// Whether it measures the pip package.
    fn needs_python(self) -> bool {
        matches!(self, Self::Python | Self::PythonCallers)
    }

    /// Whether one that is wanted does.
    pub(crate) fn any_needs_python(options: &Options) -> bool {
        Self::wanted(options).any(Self::needs_python)
    }

    /// Whether one that is wanted measures the npm package.
    pub(crate) fn any_needs_node(options: &Options) -> bool {
        Self::wanted(options).any(|row| matches!(row, Self::NodeMySql | Self::NodeMemory))
    }

    /// Whether ours is, or is compared with, a program that has the library's defaults.
    fn needs_defaults(self) -> bool {
        matches!(self, Self::Http | Self::NodeMySql | Self::NodeMemory | Self::PythonCallers)
    }

    /// Whether it can be measured with these options.
    fn can_be(self, options: &Options) -> bool {
        !self.needs_defaults() || options.overrides.is_empty()
    }

    fn is_wanted(self, options: &Options) -> bool {
        options.wants(self.name()) && self.can_be(options)
    }

    fn wanted(options: &Options) -> impl Iterator<Item = Self> {
        Self::all().filter(|row| row.is_wanted(options))
    }

    fn all() -> impl Iterator<Item = Self> {
        Self::ON_A_SERVER.into_iter().chain(Self::ALONE)
    }

    /// The names of all that can be measured with these options.
    pub(crate) fn names(options: &Options) -> impl Iterator<Item = &'static str> {
        Self::all().filter(|row| row.can_be(options)).map(Self::name)
    }

    /// The names of those that are asked for, and cannot.
    pub(crate) fn left_out(options: &Options) -> Vec<&'static str> {
        let left_out = Self::all().filter(|row| options.wants(row.name()) && !row.can_be(options));
        left_out.map(Self::name).collect()
    }

    async fn measure(self, options: &Options, scene: &Scene) -> Result<Vec<Line>, Failure> {
        let callers = Callers { options, scene };
        let line = match self {
            Self::Known => callers.known().await,
            Self::New => callers.new_people().await,
            Self::Mixed => callers.mixed().await,
            Self::LoneKnown => callers.lone_known().await,
            Self::LoneNew => callers.lone_new().await,
            Self::Http => http::line(options, scene).await,
            Self::Growth => growth::line(options, scene).await,
            Self::ImportMySql => import::mysql(options, scene).await,
            Self::NodeMySql => node::mysql(options, scene).await,
            Self::NodeMemory => node::memory(options).await,
            Self::ImportSqlite => import::sqlite(options).await,
            Self::Memory => memory::line(options).await,
            Self::Resident => resident::line(options).await,
            Self::PythonCallers => python_callers::line(options, scene).await,
            Self::Python => return python::lines(options).await,
        };
        Ok(vec![line?])
    }
}

/// Measures every line that is wanted, and keeps each as soon as it is there.
///
/// # Errors
/// What goes wrong while measuring.
pub(crate) async fn all(options: &Options, kept: &mut Kept) -> Result<(), Failure> {
    // Before hours of measuring, not after.
    if Row::any_needs_python(options) {
        python::interpreter(options)?;
    }
    for rows in [&Row::ON_A_SERVER[..], &Row::ALONE] {
        // The server ends along with it.
        let scene = Scene::new(options);
        for row in rows.iter().filter(|row| row.is_wanted(options)) {
            for line in row.measure(options, &scene).await? {
                kept.add(line, scene.facts().await?)?;
            }
        }
    }
    Ok(())
}

fn at_least(ratio: &'static str, is: f64, bound: f64) -> Bar {
    Bar { ratio, is, must: Must::AtLeast(bound) }
}

fn at_most(ratio: &'static str, is: f64, bound: f64) -> Bar {
    Bar { ratio, is, must: Must::AtMost(bound) }
}

/// How often each had its turn, and for how long.
fn rounds_of(rounds: usize, each: Duration) -> String {
    format!("{rounds} of {} s", each.as_secs())
}

fn per_second(measured: Measured) -> String {
    format!("{:.0}/s", measured.per_second)
}

fn with_p99(measured: Measured) -> String {
    format!("{:.0}/s, p99 {:.1} ms", measured.per_second, measured.p99.as_secs_f64() * 1e3)
}

fn micros(measured: Measured) -> String {
    format!("{:.0} µs", measured.median.as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// benches/run makes a Python only then.
    #[test]
    fn lines_of_the_pip_package_need_a_python() {
        for (only, needs) in [
            (&[][..], true),
            (&["--quick", "--only", "new people"], true),
            (&["--only", "callers"], true),
            (&["--only", "pip package, 8"], true),
            (&["--only", "mixed", "--only", "import"], false),
            (&["--only", "from JavaScript"], false),
        ] {
            let options = Options::parse_from(["benches"].iter().chain(only));
            assert_eq!(Row::any_needs_python(&options), needs, "{only:?}");
        }
    }

    /// The server and the packages have the library's defaults, whatever this program is told.
    #[test]
    fn lines_of_other_programs_need_the_defaults() {
        let loads = Options::parse_from(["benches", "--loads", "8", "--only", "mixed", "--only", "callers"]);
        assert_eq!(Row::wanted(&loads).collect::<Vec<_>>(), [Row::Mixed]);
        assert_eq!(Row::left_out(&loads), [node::MYSQL, python_callers::WORK]);
        let refused =
            loads.check_only(&Row::names(&loads).collect::<Vec<_>>()).map_err(|error| error.to_string());
        assert!(refused.is_err_and(|error| error.contains("named \"callers\"")));
        assert!(Row::left_out(&Options::parse_from(["benches"])).is_empty());
    }
}
