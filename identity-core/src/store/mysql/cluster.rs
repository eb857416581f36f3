//! What a member of a cluster needs so that it sees what the others have answered, and loses nothing.
//!
//! A cluster orders all commits, but each member applies those of the others when it comes to it: a read on another member
//! than the one that answered can be older than the answer, unless it waits until that member has caught up. Both kinds
//! of cluster have a session variable for it, which every user may set. On a server that is in no cluster nothing is set.
//!
//! | | by default | here |
//! |---|---|---|
//! | Group Replication | `group_replication_consistency = BEFORE_ON_PRIMARY_FAILOVER` (8.0: `EVENTUAL`) | `BEFORE` |
//! | Galera | `wsrep_sync_wait = 0` | `1` |
//!
//! `AFTER` is not enough: a member that the others have given up, and that does not know it yet, answers reads at once with
//! what it last had. With `BEFORE`, as with `wsrep_sync_wait`, such a read fails.
//!
//! `BEFORE` in turn does nothing on a member whose Group Replication does not run, as after a restart while the others do not
//! let it in yet. So each load also asks the member whether it is online.
//!
//! How statements are sent to Galera is in `session.rs`.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{Executor, MySqlConnection, Row};

use super::session;
use crate::error::Error;
use crate::store::sql::fault;

/// The values of `group_replication_consistency` with which reads wait.
const WAITING: [&str; 2] = ["BEFORE", "BEFORE_AND_AFTER"];

/// What a server tells of the cluster that it belongs to.
#[derive(Debug, Default)]
struct Facts {
    is_group: bool,
    is_galera: bool,
    /// Whether reads of the session wait for what other members have answered.
    reads_wait: bool,
}

impl Facts {
    async fn of(connection: &mut MySqlConnection) -> Result<Self, sqlx::Error> {
        let variables = "SHOW SESSION VARIABLES WHERE Variable_name IN ('group_replication_group_name', \
                         'group_replication_consistency', 'wsrep_on', 'wsrep_sync_wait')";
        let mut facts = Self::default();
        for row in sqlx::raw_sql(variables).fetch_all(connection).await? {
            let (name, value): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            match name.as_str() {
                // The plugin may be there and not be used.
                "group_replication_group_name" => facts.is_group = !value.is_empty(),
                "wsrep_on" => facts.is_galera = value == "ON",
                "group_replication_consistency" => facts.reads_wait = WAITING.contains(&value.as_str()),
                // A set of bits, of which the lowest is for reads.
                _ => facts.reads_wait = value.parse::<u32>().is_ok_and(|bits| bits & 1 == 1),
            }
        }
        Ok(facts)
    }

    /// The statement without which reads may be older than another member's answer.
    fn cure(&self) -> Option<&'static str> {
        match self {
            Self { reads_wait: true, .. } => None,
            Self { is_group: true, .. } => Some("SET SESSION group_replication_consistency = 'BEFORE'"),
            Self { is_galera: true, .. } => Some("SET SESSION wsrep_sync_wait = 1"),
            _ => None,
        }
    }
}

/// Whether the store's connections lead to members of a cluster.
#[derive(Debug, Default)]
pub(super) struct Membership {
    is_group: AtomicBool,
    is_galera: AtomicBool,
}

impl Membership {
    pub(super) fn is_group(&self) -> bool {
        self.is_group.load(Ordering::Relaxed)
    }

    pub(super) fn is_galera(&self) -> bool {
        self.is_galera.load(Ordering::Relaxed)
    }

    /// Once a member, always one: connections of before may still be in use.
    fn note(&self, facts: &Facts) {
        self.is_group.fetch_or(facts.is_group, Ordering::Relaxed);
        self.is_galera.fetch_or(facts.is_galera, Ordering::Relaxed);
    }

    /// Sets up a connection of the store's own pool.
    pub(super) async fn set_up(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        connection.execute(session::SET_UP).await?;
        let facts = Facts::of(connection).await?;
        self.note(&facts);
        if let Some(cure) = facts.cure() {
            connection.execute(cure).await?;
        }
        Ok(())
    }

    /// Refuses sessions of the application's pool whose reads may be older than another member's answer.
    pub(super) async fn check_session(&self, connection: &mut MySqlConnection) -> Result<(), Error> {
        let facts = Facts::of(connection).await.map_err(fault::classify)?;
        self.note(&facts);
        match facts.cure() {
            None => Ok(()),
            Some(cure) => Err(Error::Configuration(format!(
                "the database is a member of a cluster, where the pool's sessions may read what is older than the last \
                 answer of another member; have the pool run this on each connection (after_connect): {cure}"
            ))),
        }
    }
}
