use std::time::Duration;

use async_trait::async_trait;

use super::{Disturb, Stage};
use crate::prove::ProveError;
use crate::proxy::Toward;

/// What a member is sent, or what it answers, or both, takes long for a second or so.
#[derive(Debug)]
pub(super) struct Delay;

#[async_trait]
impl Disturb for Delay {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        let proxy = stage.scene.proxy(random)?;
        let before = proxy.delayed();
        let mut delay = || Duration::from_millis(random.u64(1..100));
        let (toward_server, toward_client) = (delay(), delay());
        let which = random.u8(0..3);
        if which != 0 {
            proxy.delay(Toward::Server, toward_server);
        }
        if which != 1 {
            proxy.delay(Toward::Client, toward_client);
        }
        tokio::time::sleep(Duration::from_millis(random.u64(500..1_500))).await;
        proxy.calm();
        Ok(proxy.delayed() - before)
    }
}
