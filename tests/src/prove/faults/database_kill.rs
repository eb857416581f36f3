use std::time::Duration;

use async_trait::async_trait;

use super::{Disturb, Stage};
use crate::prove::ProveError;

/// The server is killed, stays away for a moment, and is started again.
#[derive(Debug)]
pub(super) struct DatabaseKill;

#[async_trait]
impl Disturb for DatabaseKill {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        let mut server = stage.scene.server().await?;
        server.kill()?;
        tokio::time::sleep(Duration::from_millis(random.u64(0..1000))).await;
        server.restart().await?;
        Ok(1)
    }
}
