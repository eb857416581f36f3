use std::time::Duration;

use async_trait::async_trait;

use super::{Disturb, Stage};
use crate::prove::ProveError;

/// A member is cut off from the others, and goes on to answer its callers: as one of the cluster until it notices, and with errors
/// from then on. It is alone for some seconds more, and joins the others again.
#[derive(Debug)]
pub(super) struct MemberPartition;

#[async_trait]
impl Disturb for MemberPartition {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        let mut cluster = stage.scene.members().await?;
        let member = super::member_of(&cluster, random).await?;
        cluster.partition(member).await?;
        let given_up = cluster.wait_until_given_up(member).await;
        tokio::time::sleep(Duration::from_millis(random.u64(0..4_000))).await;
        cluster.heal(member).await?;
        given_up?;
        cluster.bring_back(member).await?;
        Ok(1)
    }
}
