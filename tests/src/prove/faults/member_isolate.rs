use async_trait::async_trait;

use super::{Disturb, Stage};
use crate::prove::ProveError;

/// A member stands still until the others have given it up, goes on, and joins them again.
#[derive(Debug)]
pub(super) struct MemberIsolate;

#[async_trait]
impl Disturb for MemberIsolate {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        let mut cluster = stage.scene.members().await?;
        let member = super::member_of(&cluster, random).await?;
        cluster.isolate(member).await?;
        cluster.bring_back(member).await?;
        Ok(1)
    }
}
