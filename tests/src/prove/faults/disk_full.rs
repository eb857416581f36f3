use std::time::Duration;

use async_trait::async_trait;

use super::{Disturb, Stage};
use crate::databases::Ballast;
use crate::prove::ProveError;

/// The disk of the database is full for some seconds.
#[derive(Debug)]
pub(super) struct DiskFull;

#[async_trait]
impl Disturb for DiskFull {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        let ballast = Ballast::fill(&stage.scene.small_disk().await?)?;
        tokio::time::sleep(Duration::from_millis(random.u64(500..3_000))).await;
        drop(ballast);
        Ok(1)
    }
}
