//! Connections that are kept in hand between calls.
//!
//! sqlx pings a connection whenever it goes back to its pool, which is a round trip for each call. A store with a pool of
//! its own therefore keeps a few; one on the application's pool takes and returns them, since they are not its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::mysql::MySqlPoolOptions;
use sqlx::pool::PoolConnection;
use sqlx::{Connection, MySql, MySqlPool};

use crate::error::{Error, ErrorKind};
use crate::store::sql::fault;

#[derive(Debug)]
pub(super) struct Connections {
    pub(super) pool: MySqlPool,
    state: Mutex<State>,
    most: usize,
    losses: Losses,
}

/// When a connection was last found dead. Those that were idle by then may have died as well: each of them is pinged before
/// it is used again, so that no caller has to find them out one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Losses(Arc<Mutex<Option<Instant>>>);

impl Losses {
    /// Has a pool look after its idle connections.
    pub(super) fn watched_by(&self, pool: MySqlPoolOptions) -> MySqlPoolOptions {
        let losses = self.clone();
        pool.before_acquire(move |connection, idle| {
            let is_suspect = losses.happened_within(idle.idle_for);
            Box::pin(async move { Ok(!is_suspect || connection.ping().await.is_ok()) })
        })
    }

    fn happen(&self) {
        *self.last() = Some(Instant::now());
    }

    fn happened_within(&self, time: Duration) -> bool {
        self.last().is_some_and(|last| last.elapsed() <= time)
    }

    fn last(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct State {
    kept: Vec<PoolConnection<MySql>>,
    /// How many wait for the pool. While somebody does nothing is kept, or they would wait for what the pool never gets.
    waiting: usize,
    /// From then on none is kept.
    is_closed: bool,
}

impl State {
    fn keeps(&self, most: usize) -> bool {
        !self.is_closed && self.waiting == 0 && self.kept.len() < most
    }
}

/// One of those who wait, as long as it does.
struct Waiting<'a>(&'a Connections);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

impl Connections {
    /// Keeps up to `most` connections.
    pub(super) fn new(pool: MySqlPool, most: usize, losses: Losses) -> Self {
        Self { pool, state: Mutex::default(), most, losses }
    }

    /// A connection that is kept, or one of the pool.
    pub(super) async fn take(&self) -> Result<PoolConnection<MySql>, Error> {
        let _waiting = {
            let mut state = self.state();
            if let Some(connection) = state.kept.pop() {
                return Ok(connection);
            }
            state.waiting += 1;
            Waiting(self)
        };
        self.pool.acquire().await.map_err(fault::classify)
    }

    /// Gives a connection back after a call. Only one whose call succeeded is kept: the pool's ping ends what another may
    /// have begun. Where the database went away, the others that are kept have died as well; and the connection itself is
    /// closed, though it may be alive: after a failover it may lead to the server that took the writes before, which
    /// answers pings, and a new one leads to the server that takes them now.
    pub(super) fn give_back<T>(&self, connection: PoolConnection<MySql>, outcome: &Result<T, Error>) {
        let mut state = self.state();
        match outcome {
            Ok(_) if state.keeps(self.most) => state.kept.push(connection),
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                self.losses.happen();
                let dead = std::mem::take(&mut state.kept);
                drop(state);
                dead.into_iter().chain([connection]).for_each(|connection| drop(connection.detach()));
            }
            _ => {}
        }
    }

    /// Closes the pool, and what is kept first: the pool waits for it, and so for what calls on their way give back.
    pub(super) async fn close(&self) {
        let kept = {
            let mut state = self.state();
            state.is_closed = true;
            std::mem::take(&mut state.kept)
        };
        for connection in kept {
            // Closing politely is a courtesy; the server notices either way.
            let _ = connection.detach().close().await;
        }
        self.pool.close().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connections {
    /// Going back to the pool needs a runtime, which may have ended before.
    fn drop(&mut self) {
        let kept = std::mem::take(&mut self.state().kept);
        kept.into_iter().for_each(|connection| drop(connection.detach()));
    }
}
