use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// The two directions of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toward {
    /// What the client sends.
    Server,
    /// What the server answers.
    Client,
}

/// Where a connection is cut when its client commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtCommit {
    /// COMMIT never reaches the server.
    Lost,
    /// COMMIT was passed on, and nobody waits for what becomes of it: the server may be reading, running or answering it.
    InFlight,
    /// The server has answered COMMIT, and the answer never reaches the client.
    ReplyLost,
}

/// Which COMMITs are met.
#[derive(Clone, Copy, Debug)]
struct CommitRule {
    at: AtCommit,
    /// The part of them, from 0 to 1.
    chance: f64,
    /// How many more.
    left: u64,
}

/// What is done to connections now.
#[derive(Debug)]
pub(super) struct Rules {
    /// Where new connections lead.
    target: Mutex<SocketAddr>,
    /// In microseconds, for each piece of data.
    delays: [AtomicU64; 2],
    delayed: AtomicU64,
    refusing: AtomicBool,
    commit: Mutex<Option<CommitRule>>,
    commits_cut: AtomicU64,
    random: Mutex<fastrand::Rng>,
    /// Changes whenever all connections are cut.
    cuts: watch::Sender<()>,
}

impl Rules {
    pub(super) fn toward(target: SocketAddr) -> Self {
        Self {
            target: Mutex::new(target),
            delays: Default::default(),
            delayed: AtomicU64::new(0),
            refusing: AtomicBool::new(false),
            commit: Mutex::new(None),
            commits_cut: AtomicU64::new(0),
            random: Mutex::new(fastrand::Rng::new()),
            cuts: watch::Sender::new(()),
        }
    }

    pub(super) fn target(&self) -> SocketAddr {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_target(&self, target: SocketAddr) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    pub(super) fn set_delay(&self, toward: Toward, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.delays[toward as usize].store(micros, Ordering::Relaxed);
    }

    pub(super) async fn wait(&self, toward: Toward) {
        let delay = Duration::from_micros(self.delays[toward as usize].load(Ordering::Relaxed));
        if !delay.is_zero() {
            self.delayed.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(delay).await;
        }
    }

    pub(super) fn delayed(&self) -> u64 {
        self.delayed.load(Ordering::Relaxed)
    }

    pub(super) fn set_refusing(&self, refusing: bool) {
        self.refusing.store(refusing, Ordering::SeqCst);
    }

    pub(super) fn is_refusing(&self) -> bool {
        self.refusing.load(Ordering::SeqCst)
    }

    pub(super) fn set_commits(&self, at: AtCommit, chance: f64, most: u64) {
        *self.commit.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(CommitRule { at, chance, left: most });
    }

    pub(super) fn let_commits_pass(&self) {
        *self.commit.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether the COMMIT that a client has just sent is met.
    pub(super) fn meets_commit(&self) -> Option<AtCommit> {
        let mut rule = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = rule.as_mut().filter(|rule| rule.left > 0 && self.draw() < rule.chance)?;
        rule.left -= 1;
        self.commits_cut.fetch_add(1, Ordering::SeqCst);
        Some(rule.at)
    }

    pub(super) fn seed(&self, seed: u64) {
        *self.random.lock().unwrap_or_else(PoisonError::into_inner) = fastrand::Rng::with_seed(seed);
    }

    /// From 0 to 1.
    fn draw(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    pub(super) fn commits_cut(&self) -> u64 {
        self.commits_cut.load(Ordering::SeqCst)
    }

    /// The number of connections that were there.
    pub(super) fn cut(&self) -> usize {
        let connections = self.cuts.receiver_count();
        self.cuts.send_replace(());
        connections
    }

    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.cuts.subscribe()
    }

    pub(super) fn connections(&self) -> usize {
        self.cuts.receiver_count()
    }
}
