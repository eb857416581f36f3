//! What goes wrong during a run.
//!
//! A fault is a [`Disturb`]: one stroke of it begins and ends, so that the run goes on as before afterwards; the run makes
//! strokes until its calls are over. What a fault changes of the whole run instead, it says in [`Fault::settings`].

pub(super) mod clock;
mod cut;
mod cut_commit;
mod database_kill;
mod delay;
mod disk_full;
mod lock;
mod member_isolate;
mod member_kill;
mod member_partition;
mod worker_kill;

use std::fmt;

use async_trait::async_trait;
use clap::ValueEnum;
use identity_core::ErrorKind;

use super::{On, ProveError, Scene, Workers};
use crate::databases::DatabaseError;
use crate::databases::cluster::{Cluster, ClusterKind, MEMBERS};

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Fault {
    /// A worker is killed (SIGKILL) and another takes its place.
    WorkerKill,
    /// The database server is killed (SIGKILL) and started again.
    DatabaseKill,
    /// Connections are cut.
    Cut,
    /// What is sent takes long.
    Delay,
    /// Connections are cut just when a COMMIT was sent, so that nobody learns its outcome.
    CutCommit,
    /// Somebody outside holds locks. Not in a cluster of several primaries, which takes them away.
    Lock,
    /// The database's disk is full.
    DiskFull,
    /// Half of the workers have one connection.
    Pool,
    /// Each worker's clock is hours away from the others'. Needs libfaketime.
    Clock,
    /// A member of the cluster is killed and comes back.
    MemberKill,
    /// A member of the cluster stands still until the others give it up, and comes back.
    MemberIsolate,
    /// A member of Galera loses the others, goes on to answer callers, and comes back.
    MemberPartition,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

/// What a worker is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most connections it opens.
    pub connections: u32,
    /// After how many milliseconds it gives a call up.
    pub deadline: Option<u64>,
    /// By how many seconds its clock is ahead of the machine's; below zero: behind.
    pub clock_ahead: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { connections: 10, deadline: None, clock_ahead: 0 }
    }
}

impl Fault {
    /// Whether it can happen there.
    pub fn can_happen_on(self, on: On) -> bool {
        match self {
            Self::WorkerKill | Self::Pool | Self::Clock => true,
            Self::MemberKill | Self::MemberIsolate => on.cluster().is_some(),
            Self::MemberPartition => on == On::Galera,
            Self::DiskFull => on.cluster().is_none(),
            Self::DatabaseKill => matches!(on, On::Mysql | On::Mariadb),
            Self::Cut | Self::Delay | Self::CutCommit => on != On::Sqlite,
            // Where several members take writes, what others have written takes the locks from whoever holds them, at once: whenever
            // that was tried, the one who locked was given up, and no worker was seen to be.
            Self::Lock => matches!(on, On::Mysql | On::Mariadb | On::SinglePrimary),
        }
    }

    /// What goes wrong in a run on it where nothing else is asked for. Not a full disk: it takes a small one, which only root
    /// can mount, and on which no large run has its place.
    pub fn default_on(on: On) -> Vec<Self> {
        let all = Self::value_variants().iter().copied();
        all.filter(|fault| fault.can_happen_on(on) && *fault != Self::DiskFull).collect()
    }

    /// With what more a server is started.
    pub(super) fn server_options(self) -> &'static [&'static str] {
        match self {
            // Nobody waits for 50 seconds, which is the default.
            Self::Lock => &["--innodb-lock-wait-timeout=1"],
            _ => &[],
        }
    }

    /// The errors that may reach a caller while it strikes, and shortly after. All others break a promise.
    ///
    /// What only makes callers wait, locks and slow networks, is no reason for any: conflicts are tried again inside, for longer
    /// than a stroke lasts. Calls of a run with faults have a deadline, which passes where a database stands still.
    pub fn allows(self) -> &'static [ErrorKind] {
        match self {
            Self::WorkerKill | Self::Pool | Self::Clock | Self::Delay | Self::Lock => &[],
            Self::DatabaseKill | Self::Cut | Self::CutCommit => &[ErrorKind::Unavailable],
            Self::DiskFull | Self::MemberKill | Self::MemberIsolate | Self::MemberPartition => {
                &[ErrorKind::Unavailable, ErrorKind::Timeout]
            }
        }
    }

    /// What it changes of a worker for the whole run.
    pub fn settings(self, worker: usize, settings: &mut Settings) {
        match self {
            // Fewer than the batches that a resolver has in flight. The others have as many as ever.
            Self::Pool if worker.is_multiple_of(2) => settings.connections = 1,
            Self::Clock => settings.clock_ahead = clock::ahead(worker),
            Self::Pool | Self::WorkerKill => {}
            _ => settings.deadline = Some(20_000),
        }
    }

    /// Its strokes; `None` where the settings are all of it.
    pub fn disturbance(self) -> Option<Box<dyn Disturb>> {
        match self {
            Self::WorkerKill => Some(Box::new(worker_kill::WorkerKill)),
            Self::DatabaseKill => Some(Box::new(database_kill::DatabaseKill)),
            Self::Cut => Some(Box::new(cut::Cut)),
            Self::Delay => Some(Box::new(delay::Delay)),
            Self::CutCommit => Some(Box::new(cut_commit::CutCommit)),
            Self::Lock => Some(Box::new(lock::Lock)),
            Self::DiskFull => Some(Box::new(disk_full::DiskFull)),
            Self::MemberKill => Some(Box::new(member_kill::MemberKill)),
            Self::MemberIsolate => Some(Box::new(member_isolate::MemberIsolate)),
            Self::MemberPartition => Some(Box::new(member_partition::MemberPartition)),
            Self::Pool | Self::Clock => None,
        }
    }
}

/// Which member of a cluster is struck: any; where one takes all writes, that one, so that another has to.
async fn member_of(cluster: &Cluster, random: &mut fastrand::Rng) -> Result<usize, DatabaseError> {
    match cluster.kind() {
        ClusterKind::SinglePrimary => cluster.primary().await,
        ClusterKind::GroupReplication | ClusterKind::Galera => Ok(random.usize(0..MEMBERS)),
    }
}

/// What a stroke can reach.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// The database.
    pub scene: &'a Scene,
    /// The processes that call it.
    pub workers: &'a Workers,
}

/// A fault that strikes again and again.
#[async_trait]
pub trait Disturb: fmt::Debug + Send + Sync {
    /// One stroke, from its beginning until everything works again. It is never given up halfway. Tells how often it hit
    /// ([`Stroke::hits`](super::Stroke::hits)): a fault that hits nothing shows nothing.
    async fn strike(&self, stage: Stage<'_>, random: &mut fastrand::Rng) -> Result<u64, ProveError>;
}
