use async_trait::async_trait;

use super::{Disturb, Stage};
use crate::prove::ProveError;

/// A worker is killed, and another takes its place.
#[derive(Debug)]
pub(super) struct WorkerKill;

#[async_trait]
impl Disturb for WorkerKill {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        stage.workers.replace(random.usize(0..stage.workers.len())).await.map(u64::from)
    }
}
