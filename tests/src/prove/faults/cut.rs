use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{Disturb, Stage};
use crate::prove::ProveError;

/// All connections of a member are cut, at random moments of a second or so; now and then no new ones come through either.
#[derive(Debug)]
pub(super) struct Cut;

#[async_trait]
impl Disturb for Cut {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        let proxy = stage.scene.proxy(random)?;
        let (start, length) = (Instant::now(), Duration::from_millis(random.u64(300..1_500)));
        let mut hits = 0;
        while start.elapsed() < length {
            hits += proxy.cut();
            tokio::time::sleep(Duration::from_millis(random.u64(5..150))).await;
            if random.u8(0..8) == 0 {
                hits += proxy.refuse(true);
                tokio::time::sleep(Duration::from_millis(random.u64(20..400))).await;
                proxy.refuse(false);
            }
        }
        Ok(hits as u64)
    }
}
