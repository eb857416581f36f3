use std::time::Duration;

use async_trait::async_trait;

use super::{Disturb, Stage};
use crate::prove::ProveError;

/// A member is killed, and joins again after a moment, before or after the others have given it up.
#[derive(Debug)]
pub(super) struct MemberKill;

#[async_trait]
impl Disturb for MemberKill {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        let mut cluster = stage.scene.members().await?;
        let member = super::member_of(&cluster, random).await?;
        cluster.kill(member)?;
        tokio::time::sleep(Duration::from_millis(random.u64(0..15_000))).await;
        cluster.rejoin(member).await?;
        Ok(1)
    }
}
