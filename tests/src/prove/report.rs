//! The table at the end, as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use identify_server::Chain;

use super::ProveError;
use super::history::{Answer, Attempt, Call, Outcome};
use super::run::{Run, Verdict};
use super::scene::On;
use super::schedule::schedule;

/// The head of the table.
pub const HEAD: &str = "\
| database | calls | processes | faults: strokes of those planned (hits) | answered | attempts that failed | conflicts retried | most retries of a batch | p50 | p99 | max | answered after at most | errors | time | broken promises |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
";

/// One line of the table.
pub fn line(on: On, run: &Run, verdict: &Verdict) -> String {
    let calls = &verdict.history.calls;
    let attempts = latencies(calls, |_, answer| answer.begin);
    let whole = latencies(calls, |call, _| call.begin());
    let at = |share: f64| latency(&attempts, share);
    format!(
        "| {on} | {} | {} × {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.1} s | {} |\n",
        calls.len(),
        run.processes,
        run.tasks,
        strokes(run, verdict),
        attempts.len(),
        calls.iter().map(|call| call.failed().count()).sum::<usize>(),
        verdict.history.conflicts,
        verdict.history.retries,
        at(0.5),
        at(0.99),
        at(1.0),
        latency(&whole, 1.0),
        errors(calls),
        verdict.took.as_secs_f64(),
        broken(verdict),
    )
}

/// One line of the table about a run that came to no verdict.
pub fn line_of_failure(on: On, run: &Run, error: &ProveError) -> String {
    let what = if error.is_broken_promise() { "broken" } else { "not made" };
    format!(
        "| {on} | {} | {} × {} {}| **{what}: {error}** |\n",
        run.calls,
        run.processes,
        run.tasks,
        "| - ".repeat(11)
    )
}

/// How long each call took that was answered, in nanoseconds, the quickest first.
fn latencies(calls: &[Call], since: impl Fn(&Call, Answer<'_>) -> u64) -> Vec<u64> {
    let mut latencies: Vec<u64> =
        calls.iter().filter_map(|call| call.answer().map(|answer| answer.at - since(call, answer))).collect();
    latencies.sort_unstable();
    latencies
}

/// The latency that this share of the calls does not exceed.
fn latency(latencies: &[u64], share: f64) -> String {
    let position = (latencies.len() as f64 * share).ceil() as usize;
    match latencies.get(position.saturating_sub(1)) {
        Some(nanos) => format!("{:.1} ms", Duration::from_nanos(*nanos).as_secs_f64() * 1e3),
        None => "-".to_owned(),
    }
}

fn strokes(run: &Run, verdict: &Verdict) -> String {
    let plan = schedule(run.plan.seed, run.calls, &run.faults);
    let strokes = run.faults.iter().map(|fault| match fault.disturbance() {
        Some(_) => {
            let its = || verdict.strokes.iter().filter(|stroke| stroke.fault == *fault);
            let planned = plan.iter().filter(|due| due.fault == *fault).count();
            let hits = its().map(|stroke| stroke.hits).sum::<u64>();
            format!("{} of {planned} {fault} ({hits})", its().count())
        }
        None => fault.to_string(),
    });
    or_none(strokes.collect())
}

fn errors(calls: &[Call]) -> String {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for Attempt { outcome, .. } in calls.iter().flat_map(|call| &call.attempts) {
        if let Outcome::Failed { kind, .. } = outcome {
            *kinds.entry(format!("{kind:?}")).or_default() += 1;
        }
    }
    or_none(kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect())
}

fn broken(verdict: &Verdict) -> String {
    let mut promises: BTreeMap<_, usize> = BTreeMap::new();
    for violation in &verdict.violations {
        *promises.entry(violation.promise()).or_default() += 1;
    }
    let promises = promises.into_iter().map(|(promise, count)| format!("**{promise}** ({count} times)"));
    or_none(promises.collect())
}

fn or_none(items: Vec<String>) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

/// What is broken, a line each, as many as one reads.
pub fn violations(verdict: &Verdict) -> String {
    const SHOWN: usize = 20;
    let mut text = String::new();
    for violation in verdict.violations.iter().take(SHOWN) {
        let _ = writeln!(text, "broken, {}: {violation}", violation.promise());
    }
    if let Some(error) = &verdict.broke_down {
        let _ = writeln!(text, "broke down: {}", Chain(error));
    }
    if verdict.violations.len() > SHOWN {
        let _ = writeln!(text, "and {} more", verdict.violations.len() - SHOWN);
    }
    text
}
