//! What is done to a batch.

use std::sync::Arc;

use super::super::engine::{Loaded, Patience, People, leading};
use super::super::settled;
use super::Slot;
use super::state::Job;
use crate::error::ErrorKind;
use crate::graph::Graph;
use crate::identifier::IdentifierPair;
use crate::normalize::Normalizer;

/// Loads what a batch touches, answers those who bring nothing new, and passes the others on.
pub(super) async fn serve_load(slot: Slot, mut jobs: Vec<Job>) {
    let gatherer = Arc::clone(&slot.gatherer);
    let mut people = People::default();
    let mut asked = leading(&pairs(&jobs));
    while !asked.is_empty() {
        match gatherer.engine.load(&mut people, asked).await {
            Ok(()) => {
                jobs = answer_known(&people.graph, jobs);
                asked = people.graph.unknown(&pairs(&jobs));
            }
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                jobs.drain(..).for_each(|job| job.answer(Err(error.clone())));
                break;
            }
            // Which request is at fault, or met somebody else's changes, is found out from the start.
            Err(_) => {
                people = People::default();
                break;
            }
        }
    }
    if !jobs.is_empty() {
        gatherer.write(people, jobs);
    }
    tokio::task::yield_now().await;
    drop(slot);
}

/// Answers those who bring nothing new; tells the others.
fn answer_known(graph: &Graph, jobs: Vec<Job>) -> Vec<Job> {
    let mut others = Vec::with_capacity(jobs.len());
    for job in jobs {
        match graph.known(&job.pair) {
            Some(person) => job.answer(settled(graph.describe(person))),
            None => others.push(job),
        }
    }
    others
}

/// Writes a batch; on `graph`, or else on what was loaded for each.
pub(super) async fn serve_write(mut slot: Slot, graph: Option<Graph>, jobs: Vec<Job>) {
    let gatherer = Arc::clone(&slot.gatherer);
    let engine = &gatherer.engine;
    let pairs = pairs(&jobs);
    let graph = graph.unwrap_or_else(|| loaded(&jobs, &engine.normalizer));
    let outcome = slot.write(engine.finish(graph, &pairs)).await;
    gatherer.forget(&pairs);
    let mut apart = Vec::new();
    for (job, reply) in jobs.into_iter().zip(outcome.answers) {
        match engine.may_go_on(&reply) {
            true => apart.push(job),
            false => job.answer(reply),
        }
    }
    if !apart.is_empty() {
        gatherer.set_apart(apart);
    }
    tokio::task::yield_now().await;
    drop(slot);
}

/// Writes requests that came to no end with others.
pub(super) async fn serve_apart(slot: Slot, jobs: Vec<Job>) {
    let pairs = pairs(&jobs);
    let outcome = slot.gatherer.engine.run(&pairs, Patience::Full).await;
    slot.gatherer.forget(&pairs);
    jobs.into_iter().zip(outcome.answers).for_each(|(job, reply)| job.answer(reply));
    drop(slot);
}

/// What was loaded for requests; the latest counts. Nothing where it does not fit together.
fn loaded(jobs: &[Job], normalizer: &Normalizer) -> Graph {
    let mut graph = Graph::default();
    let mut last: Option<&Arc<Loaded>> = None;
    for loaded in jobs.iter().rev().filter_map(|job| job.loaded.as_ref()) {
        if last.is_some_and(|last| Arc::ptr_eq(last, loaded)) {
            continue;
        }
        if loaded.add_to(&mut graph, normalizer).is_err() {
            return Graph::default();
        }
        last = Some(loaded);
    }
    graph
}

fn pairs(jobs: &[Job]) -> Vec<IdentifierPair> {
    jobs.iter().map(|job| job.pair.clone()).collect()
}
