//! Who waits, and what is in flight.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::super::engine::Loaded;
use super::{Gatherer, Reply};
use crate::error::Error;
use crate::identifier::IdentifierPair;

/// Shared by all callers.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) to_load: VecDeque<Job>,
    pub(super) to_write: VecDeque<Job>,
    pub(super) apart: VecDeque<Job>,
    pub(super) loading: usize,
    pub(super) writing: usize,
    pub(super) working_apart: usize,
    /// Requests of the batches that are being written, and thought to be soon done.
    pub(super) in_writing: usize,
    /// Callers that have gone while they waited, about.
    pub(super) gone: usize,
}

/// A request that waits, and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) pair: IdentifierPair,
    pub(super) caller: oneshot::Sender<Reply>,
    /// What was loaded for it and for those who called with it, as far as that is thought to hold.
    pub(super) loaded: Option<Arc<Loaded>>,
    /// Where its caller waits.
    pub(super) runtime: Handle,
}

/// A caller that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    reply: oneshot::Receiver<Reply>,
    is_answered: bool,
    gatherer: Arc<Gatherer>,
}

impl Waiting {
    pub(super) fn new(reply: oneshot::Receiver<Reply>, gatherer: Arc<Gatherer>) -> Self {
        Self { reply, is_answered: false, gatherer }
    }

    pub(super) async fn reply(mut self) -> Reply {
        let reply = (&mut self.reply).await;
        self.is_answered = true;
        reply.unwrap_or_else(|gone| Err(Error::unavailable(gone)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.is_answered {
            self.reply.close();
            self.gatherer.state().gone += 1;
        }
    }
}

/// What is done to requests, each with its queue and its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Load,
    Write,
    /// Each by itself, since it came to no end with others.
    Apart,
}

impl Job {
    pub(super) fn answer(self, reply: Reply) {
        // A caller that has gone wants no answer.
        let _ = self.caller.send(reply);
    }
}

impl State {
    pub(super) fn waiting(&self) -> usize {
        self.to_load.len() + self.to_write.len() + self.apart.len()
    }

    /// Drops those whose callers have gone; tells whether there were any. It looks through the queues only where somebody has
    /// gone since it last did, so that refusing costs nothing.
    pub(super) fn make_room(&mut self) -> bool {
        if std::mem::take(&mut self.gone) == 0 {
            return false;
        }
        let before = self.waiting();
        for queue in [&mut self.to_load, &mut self.to_write, &mut self.apart] {
            queue.retain(|job| !job.caller.is_closed());
        }
        self.waiting() < before
    }

    pub(super) fn queue(&mut self, stage: Stage) -> &mut VecDeque<Job> {
        match stage {
            Stage::Load => &mut self.to_load,
            Stage::Write => &mut self.to_write,
            Stage::Apart => &mut self.apart,
        }
    }

    pub(super) fn taken(&mut self, stage: Stage) -> &mut usize {
        match stage {
            Stage::Load => &mut self.loading,
            Stage::Write => &mut self.writing,
            Stage::Apart => &mut self.working_apart,
        }
    }

    /// Whether so many requests are worth a batch of their own: not while more are being written than wait. They would finish
    /// hardly sooner, and later ones would find ever more small batches before them.
    pub(super) fn pays_off(&self, stage: Stage, requests: usize) -> bool {
        match stage {
            Stage::Load | Stage::Apart => true,
            Stage::Write => requests >= self.in_writing,
        }
    }

    /// Up to `most` requests of a queue, without those whose callers have gone.
    pub(super) fn next_batch(&mut self, stage: Stage, most: usize) -> Vec<Job> {
        let queue = self.queue(stage);
        let mut jobs = Vec::with_capacity(most.min(queue.len()));
        while jobs.len() < most {
            match queue.pop_front() {
                Some(job) if job.caller.is_closed() => {}
                Some(job) => jobs.push(job),
                None => break,
            }
        }
        jobs
    }
}
