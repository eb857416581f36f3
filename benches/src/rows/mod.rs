//! The lines of the tables.

mod callers;
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

    /// The names of all.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::ON_A_SERVER.into_iter().chain(Self::ALONE).map(Self::name)
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
    if [Row::Python, Row::PythonCallers].iter().any(|row| options.wants(row.name())) {
        python::interpreter(options)?;
    }
    for rows in [&Row::ON_A_SERVER[..], &Row::ALONE] {
        // The server ends along with it.
        let scene = Scene::new(options);
        for row in rows.iter().filter(|row| options.wants(row.name())) {
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

fn per_second(measured: Measured) -> String {
    format!("{:.0}/s", measured.per_second)
}

fn with_p99(measured: Measured) -> String {
    format!("{:.0}/s, p99 {:.1} ms", measured.per_second, measured.p99.as_secs_f64() * 1e3)
}

fn micros(measured: Measured) -> String {
    format!("{:.0} µs", measured.median.as_secs_f64() * 1e6)
}
