use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::{Connection, Executor, MySqlConnection};

use super::{Disturb, Stage};
use crate::databases::{Ballast, DatabaseError};
use crate::prove::{On, ProveError};

/// How long a server may take to notice that there is room again: MySQL looks once a minute.
const PATIENCE: Duration = Duration::from_secs(180);

/// The disk of the database is full for some seconds, and for as long as it takes the database to notice that it no longer is.
#[derive(Debug)]
pub(super) struct DiskFull;

#[async_trait]
impl Disturb for DiskFull {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        let ballast = Ballast::fill(&stage.scene.small_disk().await?)?;
        tokio::time::sleep(Duration::from_millis(random.u64(500..3_000))).await;
        drop(ballast);
        if stage.scene.on() != On::Sqlite {
            wait_for_writes(&stage.scene.direct_url()).await.map_err(DatabaseError::from)?;
        }
        Ok(1)
    }
}

async fn wait_for_writes(url: &str) -> Result<(), sqlx::Error> {
    let start = Instant::now();
    loop {
        match write(url).await {
            Err(_) if start.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(100)).await,
            written => return written,
        }
    }
}

async fn write(url: &str) -> Result<(), sqlx::Error> {
    let mut outsider = MySqlConnection::connect(url).await?;
    outsider.execute("CREATE TABLE IF NOT EXISTS ProveDisk (n INT NOT NULL)").await?;
    outsider.execute("INSERT INTO ProveDisk VALUES (1)").await?;
    outsider.close().await
}
