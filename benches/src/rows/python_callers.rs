//! The pip package's two faces: threads that wait, and tasks that are awaited. Who has threads should not need asyncio.

use super::{at_least, python, rounds_of};
use crate::report::Line;
use crate::scene::Scene;
use crate::{Failure, Options};

pub(super) const WORK: &str = "pip package, 8 callers, new people";

/// Those of `callers.py`.
const ROUNDS: usize = 5;

/// The line.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn line(options: &Options, scene: &Scene) -> Result<Line, Failure> {
    let url = scene.package().await?.url();
    let seconds = options.round().as_secs_f64().to_string();
    let output =
        python::run(python::interpreter(options)?, "callers.py", &[url.as_ref(), seconds.as_ref()]).await?;
    let told: Result<Vec<f64>, _> = output.split_whitespace().map(str::parse).collect();
    let [threads, tasks, alone] = *told?.as_slice() else {
        return Err("callers.py told something else".into());
    };
    let per_second = |figure: f64| format!("{figure:.0}/s");
    Ok(Line {
        work: WORK,
        rounds: rounds_of(ROUNDS, options.round()),
        figures: vec![
            ("8 threads", per_second(threads)),
            ("8 tasks of asyncio", per_second(tasks)),
            ("one thread", per_second(alone)),
        ],
        bars: vec![
            at_least("threads / tasks of asyncio", threads / tasks, 1.0),
            at_least("8 threads / one", threads / alone, 1.2),
        ],
    })
}
