use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{Disturb, Stage};
use crate::prove::ProveError;
use crate::proxy::AtCommit;

/// How many connections a stroke cuts, and how long it tries: there may be nothing to commit just then.
const COMMITS: u64 = 40;
const PATIENCE: Duration = Duration::from_secs(2);

/// Connections are cut when they commit: before COMMIT reaches the member, while it is on its way, or when it was answered.
#[derive(Debug)]
pub(super) struct CutCommit;

#[async_trait]
impl Disturb for CutCommit {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        let proxy = stage.scene.proxy(random)?;
        let mut places = [AtCommit::Lost, AtCommit::InFlight, AtCommit::ReplyLost];
        random.shuffle(&mut places);
        let before_all = proxy.commits_cut();
        let chance = 0.2 + 0.8 * random.f64();
        for at in places {
            let (start, before) = (Instant::now(), proxy.commits_cut());
            proxy.cut_commits(at, chance, COMMITS / 3);
            while proxy.commits_cut() < before + COMMITS / 3 && start.elapsed() < PATIENCE / 3 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        proxy.let_commits_pass();
        Ok(proxy.commits_cut() - before_all)
    }
}
