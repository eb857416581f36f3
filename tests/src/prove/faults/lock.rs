use std::time::Duration;

use async_trait::async_trait;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::{Connection, Executor, MySqlConnection, Row};

use super::{Disturb, Fault, Stage};
use crate::databases::DatabaseError;
use crate::prove::ProveError;

/// How many of the latest contacts are locked: those that the workers are about to change.
const CONTACTS: usize = 40;

/// What the session has written of its own. A database that finds a deadlock gives up the transaction that wrote least, and
/// that is to be a worker's.
const WEIGHT: usize = 400;

/// Somebody outside locks the latest contacts and their claims: for longer than a worker waits for a lock, or in the order
/// opposite to the workers', so that both wait for each other.
#[derive(Debug)]
pub(super) struct Lock;

#[async_trait]
impl Disturb for Lock {
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError> {
        // Where one member takes all writes, that one.
        let urls = stage.scene.urls();
        let url =
            random.choice(&urls).ok_or(ProveError::NotHere { fault: Fault::Lock, on: stage.scene.on() })?;
        let mut outsider = MySqlConnection::connect(url).await.map_err(DatabaseError::from)?;
        outsider
            .execute("CREATE TABLE IF NOT EXISTS ProveOutsider (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL)")
            .await
            .map_err(DatabaseError::from)?;
        let before = provoked(&mut outsider).await.map_err(DatabaseError::from)?;
        let mut victim = 0;
        if random.bool() {
            let time = Duration::from_millis(random.u64(1_100..2_500));
            victim += lock(&mut outsider, time).await.map_err(DatabaseError::from)?;
        } else {
            for _ in 0..10 {
                let pause = Duration::from_micros(random.u64(0..4_000));
                victim += lock_backwards(&mut outsider, pause).await.map_err(DatabaseError::from)?;
            }
        }
        let after = provoked(&mut outsider).await.map_err(DatabaseError::from)?;
        outsider.close().await.map_err(DatabaseError::from)?;
        // The server counts the outsider along with the workers where it gave that up.
        Ok(after.saturating_sub(before).saturating_sub(victim))
    }
}

/// How many lock time-outs and deadlocks the server counts so far.
async fn provoked(outsider: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
    let counts = "SELECT CAST(SUM(COUNT) AS UNSIGNED) FROM information_schema.INNODB_METRICS \
                  WHERE NAME IN ('lock_timeouts', 'lock_deadlocks')";
    let sum: Option<u64> = sqlx::query_scalar(counts).fetch_one(outsider).await?;
    Ok(sum.unwrap_or_default())
}

/// Contacts, with the gap in which new ones are inserted, then claims, and holds them. Tells how often the outsider itself was
/// given up.
async fn lock(outsider: &mut MySqlConnection, time: Duration) -> Result<u64, sqlx::Error> {
    outsider.execute("START TRANSACTION").await?;
    let locked = async {
        let latest = latest(outsider, " FOR UPDATE").await?;
        for (_, email) in latest {
            lock_claim(outsider, &email).await?;
        }
        Ok(())
    };
    let victim = forgive(locked.await)?;
    tokio::time::sleep(time).await;
    Ok(victim + forgive(outsider.execute("ROLLBACK").await.map(drop))?)
}

/// Claims, then contacts, the latest first: workers go the other way.
async fn lock_backwards(outsider: &mut MySqlConnection, pause: Duration) -> Result<u64, sqlx::Error> {
    outsider.execute("START TRANSACTION").await?;
    let locked = async {
        let rows = vec!["(0)"; WEIGHT].join(", ");
        let insert = format!("INSERT INTO ProveOutsider (n) VALUES {rows}");
        outsider.execute(sqlx::AssertSqlSafe(insert)).await?;
        let latest = latest(outsider, "").await?;
        for (_, email) in &latest {
            lock_claim(outsider, email).await?;
        }
        for (id, _) in &latest {
            tokio::time::sleep(pause).await;
            let lock = sqlx::query("SELECT id FROM Contact WHERE id = ? FOR UPDATE").bind(id);
            lock.fetch_optional(&mut *outsider).await?;
        }
        Ok(())
    };
    let victim = forgive(locked.await)?;
    Ok(victim + forgive(outsider.execute("ROLLBACK").await.map(drop))?)
}

async fn latest(
    outsider: &mut MySqlConnection,
    locking: &str,
) -> Result<Vec<(i64, Option<String>)>, sqlx::Error> {
    let select = format!("SELECT id, email FROM Contact ORDER BY id DESC LIMIT {CONTACTS}{locking}");
    let rows = outsider.fetch_all(sqlx::AssertSqlSafe(select)).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// With the gap before it, into which others would insert.
async fn lock_claim(outsider: &mut MySqlConnection, email: &Option<String>) -> Result<(), sqlx::Error> {
    let lock = "SELECT contactId FROM ContactIdentifier WHERE kind = 'email' AND value >= ? \
                ORDER BY kind, value LIMIT 1 FOR UPDATE";
    sqlx::query(lock).bind(email).fetch_optional(outsider).await.map(drop)
}

/// That the outsider is given up itself is no fault of anyone's, and counts as no hit. Tells whether that was for a time-out (1205) or
/// a deadlock (1213), which the server counts.
fn forgive(locked: Result<(), sqlx::Error>) -> Result<u64, sqlx::Error> {
    match locked {
        Err(sqlx::Error::Database(error)) => {
            match error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number) {
                Some(1205 | 1213) => Ok(1),
                Some(1020 | 1180 | 3101) => Ok(0),
                _ => Err(sqlx::Error::Database(error)),
            }
        }
        locked => locked.map(|()| 0),
    }
}
