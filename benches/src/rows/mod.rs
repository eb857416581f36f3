//! The lines of the tables.

mod callers;
mod growth;
mod http;
mod import;
mod memory;
mod python;
mod resident;

use crate::measure::Measured;
use crate::report::{Bar, Line, Must};
use crate::scene::Scene;
use crate::{Failure, Options};

/// Every line that is wanted, and what is to be known of the database server, if one was needed.
///
/// # Errors
/// What goes wrong while measuring.
pub(crate) async fn all(options: &Options) -> Result<(Vec<Line>, Option<String>), Failure> {
    // Before hours of measuring, not after.
    if options.wants(python::WORK) {
        python::interpreter(options)?;
    }
    let scene = Scene::new(options);
    let mut lines = callers::lines(options, &scene).await?;
    if options.wants(http::WORK) {
        lines.push(http::line(options, &scene).await?);
    }
    if options.wants(growth::WORK) {
        lines.push(growth::line(options, &scene).await?);
    }
    if options.wants(import::MYSQL) {
        lines.push(import::mysql(options, &scene).await?);
    }
    let server = scene.facts().await?;
    // What comes next has the machine to itself.
    drop(scene);
    if options.wants(import::SQLITE) {
        lines.push(import::sqlite(options).await?);
    }
    if options.wants(memory::WORK) {
        lines.push(memory::line(options).await?);
    }
    if options.wants(resident::WORK) {
        lines.push(resident::line(options).await?);
    }
    if options.wants(python::WORK) {
        lines.extend(python::lines(options).await?);
    }
    Ok((lines, server))
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
