//! Private clusters of three members: MySQL Group Replication, and MariaDB with Galera.
//!
//! Each member is a [`DatabaseServer`] of its own on 127.0.0.1, with its own folder and ports. Nothing is tuned for speed;
//! what is set is what a cluster needs, and how soon a member that does not answer is given up.
//!
//! | where | what |
//! |---|---|
//! | `mod.rs` | [`Cluster`]: starting one, losing members and having them back |
//! | `kind.rs` | [`ClusterKind`] |
//! | `view.rs` | what a member says of the cluster |
//! | `group_replication.rs`, `galera.rs` | how members of each kind are set up, form a cluster and join it |
//! | `wsrep_sst_folder` | how a Galera member gets the state of another |
//! | `database.rs` | a database for one test |
//! | `router.rs` | [`Router`]: leads callers to the member that takes writes |
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use identity_tests::databases::cluster::{Cluster, ClusterKind};
//!
//! let mut cluster = Cluster::start(ClusterKind::Galera).await?;
//! let database = cluster.fresh_database().await?;
//! println!("{:?}", database.urls()); // one for each member
//! cluster.kill(1)?;
//! cluster.rejoin(1).await?;
//! # Ok(())
//! # }
//! ```

mod database;
mod galera;
mod group_replication;
mod kind;
mod router;
mod view;

use std::time::{Duration, Instant};

use super::port::free_port;
use super::{DatabaseError, DatabaseServer, Flavor};
use view::View;

pub use database::ClusterDatabase;
pub use kind::ClusterKind;
pub use router::Router;

/// How many members a cluster has: the fewest of which one may be lost.
pub const MEMBERS: usize = 3;

/// Far more than it takes on a busy machine (20 s): past it, something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a member that comes back may take. It may be refused as long as the others have not given up the member that it
/// was, and needs the data of another where it lacks more than the others keep.
const RETURN: Duration = Duration::from_secs(240);

/// How long a member tries by itself before it is told to.
const OVERDUE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);

/// Three database servers that replicate to each other, up to its drop.
#[derive(Debug)]
pub struct Cluster {
    kind: ClusterKind,
    members: Vec<DatabaseServer>,
}

impl Cluster {
    /// Starts a cluster with empty data, and waits until all its members are online.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Missing`] if a program is not installed, [`DatabaseError::Died`] with the end of its log if a member
    /// does not start, [`DatabaseError::TimedOut`] if one does not join.
    pub async fn start(kind: ClusterKind) -> Result<Self, DatabaseError> {
        Self::start_with(kind, &[]).await
    }

    /// Starts a cluster whose members have more options on their command lines.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_with(kind: ClusterKind, options: &[&str]) -> Result<Self, DatabaseError> {
        let mut members = match kind.flavor() {
            Flavor::MySql => group_replication::prepare(kind).await?,
            Flavor::MariaDb => galera::prepare().await?,
        };
        for member in &mut members {
            member.settings.options.extend(options.iter().map(Into::into));
        }
        match kind.flavor() {
            Flavor::MySql => group_replication::form(&mut members).await?,
            Flavor::MariaDb => galera::form(&mut members).await?,
        }
        let cluster = Self { kind, members };
        cluster.wait_until_online().await?;
        Ok(cluster)
    }

    /// The kind of cluster.
    pub fn kind(&self) -> ClusterKind {
        self.kind
    }

    /// Its members, whether they run or not.
    pub fn members(&self) -> &[DatabaseServer] {
        &self.members
    }

    /// One of its members.
    ///
    /// # Panics
    ///
    /// If there is none of this number; they begin at 0.
    pub fn member(&self, number: usize) -> &DatabaseServer {
        &self.members[number]
    }

    /// Makes a database that nobody else uses, and waits until every running member has it.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Sql`] if no member takes it, [`DatabaseError::TimedOut`] if it does not reach all.
    pub async fn fresh_database(&self) -> Result<ClusterDatabase, DatabaseError> {
        let on = self.primary().await?;
        ClusterDatabase::create(self, on).await
    }

    /// Kills a member (SIGKILL), as a crash would. The others notice after some seconds.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Io`] if the system refuses.
    pub fn kill(&mut self, number: usize) -> Result<(), DatabaseError> {
        self.members[number].kill()
    }

    /// Makes a member stand still (SIGSTOP). The others give it up after some seconds.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Io`] if the system refuses.
    pub fn pause(&mut self, number: usize) -> Result<(), DatabaseError> {
        self.members[number].pause()
    }

    /// Lets a paused member go on. If the others have given it up it learns so, and joins again by itself.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Io`] if the system refuses.
    pub fn resume(&mut self, number: usize) -> Result<(), DatabaseError> {
        self.members[number].resume()
    }

    /// Makes a member stand still until the others have given it up, and go on: for a moment it believes that it still
    /// belongs to them, then it learns better and joins again by itself. Takes about ten seconds.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::TimedOut`] if they do not give it up.
    pub async fn isolate(&mut self, number: usize) -> Result<(), DatabaseError> {
        self.pause(number)?;
        let given_up = self.wait_until_given_up(number).await;
        self.resume(number)?;
        given_up
    }

    /// Cuts a member of Galera off from the others, as a network does: it runs, answers its callers, and learns after some seconds
    /// that it is alone. [`heal`](Self::heal) ends it.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Sql`] if the member refuses; members of other kinds of clusters do.
    pub async fn partition(&self, number: usize) -> Result<(), DatabaseError> {
        galera::isolate(&self.members[number], true).await
    }

    /// Lets a member that was [cut off](Self::partition) reach the others again. It joins them by itself.
    ///
    /// # Errors
    ///
    /// As [`partition`](Self::partition).
    pub async fn heal(&self, number: usize) -> Result<(), DatabaseError> {
        galera::isolate(&self.members[number], false).await
    }

    /// Waits until the other running members have given up one that was killed, paused or cut off.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::TimedOut`] if they do not.
    pub async fn wait_until_given_up(&self, number: usize) -> Result<(), DatabaseError> {
        let others = || self.running().filter(move |&other| other != number);
        let expected = others().count();
        self.wait(others(), "give up a member", move |view| view.is_online && view.known == expected).await
    }

    /// Starts a member again, after stopping it if it runs, and waits until it is online along with the others. There must
    /// be others: a cluster of which nothing is left is not formed anew.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn rejoin(&mut self, number: usize) -> Result<(), DatabaseError> {
        self.members[number].stop().await?;
        self.bring_back(number).await
    }

    /// Waits until a member that was killed, [isolated](Self::isolate) or cut off for a while is online along with the others. One that ended, or
    /// that does not come back by itself, is started or told to, again and again.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::TimedOut`] with the end of its log.
    pub async fn bring_back(&mut self, number: usize) -> Result<(), DatabaseError> {
        let start = Instant::now();
        let mut told = start;
        while !self.is_back(number).await {
            if start.elapsed() > RETURN {
                return Err(self.members[number].timed_out("come back", RETURN));
            }
            let is_overdue = told.elapsed() > OVERDUE;
            if is_overdue {
                told = Instant::now();
            }
            let (flavor, member) = (self.kind.flavor(), &mut self.members[number]);
            let approach = async {
                match flavor {
                    Flavor::MySql => group_replication::approach(member, is_overdue).await,
                    Flavor::MariaDb => galera::approach(member).await,
                }
            };
            // That it was refused, or ended, or is late, says that it came too early.
            let approached = tokio::time::timeout(PATIENCE, approach).await;
            if let Ok(Err(error @ (DatabaseError::Io { .. } | DatabaseError::Missing { .. }))) = approached {
                return Err(error);
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Whether a member and all others that run are online and know of each other, as each of them says.
    async fn is_back(&self, number: usize) -> bool {
        let others = self.running().filter(|&other| other != number);
        let members: Vec<_> = others.chain([number]).collect();
        let count = members.len();
        for number in members {
            match View::of(self.members[number].address()).await {
                Some(view) if view.is_online && view.online == count && view.known == count => {}
                _ => return false,
            }
        }
        true
    }

    /// Has a member take the writes, where only one does. The one that did goes on as another.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Sql`] if the group refuses.
    pub async fn make_primary(&self, number: usize) -> Result<(), DatabaseError> {
        group_replication::make_primary(&self.members[number]).await
    }

    /// Waits until all members that run are online, and know of each other.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::TimedOut`] with the end of a member's log.
    pub async fn wait_until_online(&self) -> Result<(), DatabaseError> {
        let expected = self.running().count();
        let all = move |view: View| view.is_online && view.online == expected && view.known == expected;
        self.wait(self.running(), "come online", all).await
    }

    /// Whether a member is online: what it says itself.
    pub async fn is_online(&self, number: usize) -> bool {
        View::of(self.members[number].address()).await.is_some_and(|view| view.is_online)
    }

    /// The number of the member that takes writes; where all do, of the first that is online.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::TimedOut`] if none comes to be that.
    pub async fn primary(&self) -> Result<usize, DatabaseError> {
        let start = Instant::now();
        loop {
            for number in self.running() {
                if let Some(View { is_online: true, is_primary: true, .. }) =
                    View::of(self.members[number].address()).await
                {
                    return Ok(number);
                }
            }
            if start.elapsed() > PATIENCE {
                return Err(self.members[0].timed_out("have a primary", PATIENCE));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The numbers of the members whose processes run.
    fn running(&self) -> impl Iterator<Item = usize> {
        self.members
            .iter()
            .enumerate()
            .filter(|(_, member)| member.process_id().is_some())
            .map(|(number, _)| number)
    }

    /// Waits until each of some members says of the cluster what is expected.
    async fn wait(
        &self,
        numbers: impl Iterator<Item = usize>,
        what: &'static str,
        is_expected: impl Fn(View) -> bool,
    ) -> Result<(), DatabaseError> {
        let start = Instant::now();
        let mut left: Vec<_> = numbers.collect();
        while let Some(&number) = left.last() {
            let member = &self.members[number];
            if View::of(member.address()).await.is_some_and(&is_expected) {
                left.pop();
            } else if start.elapsed() > PATIENCE {
                return Err(member.timed_out(what, PATIENCE));
            } else {
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }
}

/// As many free ports as there are members, that differ from each other's, from the members' own and from others.
fn ports(members: &[DatabaseServer], others: &[u16]) -> Vec<u16> {
    let mut ports = Vec::new();
    while ports.len() < members.len() {
        let port = free_port();
        let is_taken = ports.contains(&port) || others.contains(&port);
        if !is_taken && !members.iter().any(|member| member.port() == port) {
            ports.push(port);
        }
    }
    ports
}
