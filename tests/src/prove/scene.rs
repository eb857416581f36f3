use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use identity_core::{MySqlStore, SqliteStore, StoreOptions};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use super::error::Context;
use super::finale::Finale;
use super::{Fault, ProveError};
use crate::databases::cluster::{Cluster, ClusterDatabase, ClusterKind, MEMBERS, Router};
use crate::databases::{DatabaseServer, Flavor, FreshDatabase, ServerAddress, SmallDisk};
use crate::proxy::Proxy;

/// What is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum On {
    /// One MySQL server.
    Mysql,
    /// One MariaDB server.
    Mariadb,
    /// One SQLite file.
    Sqlite,
    /// MySQL Group Replication, several primaries.
    GroupReplication,
    /// MySQL Group Replication, one primary, which workers reach by a router.
    SinglePrimary,
    /// MariaDB Galera Cluster.
    Galera,
    /// All of them, one after the other.
    All,
}

impl On {
    /// The single ones that it stands for.
    pub fn each(self) -> Vec<Self> {
        match self {
            Self::All => {
                let servers = [Self::Sqlite, Self::Mariadb, Self::Mysql];
                let clusters = [Self::GroupReplication, Self::SinglePrimary, Self::Galera];
                [servers, clusters].concat()
            }
            one => vec![one],
        }
    }

    /// The kind of cluster, where it is one.
    pub fn cluster(self) -> Option<ClusterKind> {
        match self {
            Self::GroupReplication => Some(ClusterKind::GroupReplication),
            Self::SinglePrimary => Some(ClusterKind::SinglePrimary),
            Self::Galera => Some(ClusterKind::Galera),
            Self::Mysql | Self::Mariadb | Self::Sqlite | Self::All => None,
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
            Self::Sqlite => "SQLite",
            Self::GroupReplication => "Group Replication, several primaries",
            Self::SinglePrimary => "Group Replication, one primary",
            Self::Galera => "Galera",
            Self::All => "all databases",
        })
    }
}

/// In megabytes: what the servers write before the first call, and some room.
const SMALLEST_DISK: u64 = 500;

/// How many calls leave a megabyte in tables and logs, at least.
const CALLS_PER_MEGABYTE: u64 = 200;

/// The database under test: a file, a server, or the members of a cluster.
#[derive(Debug)]
pub struct Scene {
    on: On,
    place: Place,
    /// Before each member, in the order of the URLs; one before all members of which only one takes writes. None before a file.
    proxies: Vec<Arc<Proxy>>,
    /// Which leads that one.
    _router: Option<Router>,
}

#[derive(Debug)]
enum Place {
    File(TempDir),
    FileOnSmallDisk(SmallDisk),
    /// On a server that others use as well, and that nobody may kill.
    Shared(FreshDatabase),
    /// On a server of our own. The database comes first: it is dropped while the server may still run.
    Own {
        database: FreshDatabase,
        server: Box<Mutex<DatabaseServer>>,
    },
    /// On all members of a cluster of our own.
    Cluster {
        database: ClusterDatabase,
        cluster: Box<Mutex<Cluster>>,
    },
}

impl Scene {
    /// A scene of its own, on which these faults can happen, for so many calls. `options` are more of the servers' own.
    ///
    /// # Errors
    /// [`ProveError::Database`] where a server does not start.
    pub async fn start(on: On, faults: &[Fault], calls: u64, options: &[String]) -> Result<Self, ProveError> {
        let disk = faults.contains(&Fault::DiskFull).then(|| SMALLEST_DISK + calls / CALLS_PER_MEGABYTE);
        let of_faults = faults.iter().flat_map(|fault| fault.server_options()).copied();
        let options: Vec<&str> = of_faults.chain(options.iter().map(String::as_str)).collect();
        if let Some(kind) = on.cluster() {
            return Self::cluster(on, kind, &options).await;
        }
        let flavor = match on {
            On::Sqlite => return Self::file(disk),
            On::Mariadb => Flavor::MariaDb,
            _ => Flavor::MySql,
        };
        let server = match disk {
            Some(megabytes) => DatabaseServer::start_on_small_disk(flavor, &options, megabytes).await?,
            None => DatabaseServer::start_with(flavor, &options).await?,
        };
        let database = server.fresh_database().await?;
        let proxies = vec![proxy_to(server.address()).await?];
        let place = Place::Own { database, server: Box::new(Mutex::new(server)) };
        Ok(Self { on, place, proxies, _router: None })
    }

    /// A fresh SQLite file, in a folder or on a disk of so many megabytes.
    ///
    /// # Errors
    /// [`ProveError::Io`] where there is no folder for it, [`ProveError::Database`] where no disk can be mounted.
    pub fn file(disk: Option<u64>) -> Result<Self, ProveError> {
        let place = match disk {
            Some(megabytes) => Place::FileOnSmallDisk(SmallDisk::mount(megabytes)?),
            None => Place::File(tempfile::tempdir().context(|| "make a folder".to_owned())?),
        };
        Ok(Self { on: On::Sqlite, place, proxies: Vec::new(), _router: None })
    }

    async fn cluster(on: On, kind: ClusterKind, options: &[&str]) -> Result<Self, ProveError> {
        let cluster = Cluster::start_with(kind, options).await?;
        let database = cluster.fresh_database().await?;
        let mut proxies = Vec::new();
        let router = match kind {
            ClusterKind::SinglePrimary => Some(Router::start(&cluster).await?),
            ClusterKind::GroupReplication | ClusterKind::Galera => None,
        };
        match &router {
            Some(router) => proxies.push(Arc::clone(router.proxy())),
            None => {
                for member in cluster.members() {
                    proxies.push(proxy_to(member.address()).await?);
                }
            }
        }
        let place = Place::Cluster { database, cluster: Box::new(Mutex::new(cluster)) };
        Ok(Self { on, place, proxies, _router: router })
    }

    /// A fresh database on a server that runs already. Faults cannot strike the server.
    ///
    /// # Errors
    /// [`ProveError::Database`] where it does not answer.
    pub async fn shared(server: &ServerAddress) -> Result<Self, ProveError> {
        let on = match server.flavor() {
            Flavor::MySql => On::Mysql,
            Flavor::MariaDb => On::Mariadb,
        };
        let proxies = vec![proxy_to(server).await?];
        let place = Place::Shared(server.fresh_database().await?);
        Ok(Self { on, place, proxies, _router: None })
    }

    /// What it is.
    pub fn on(&self) -> On {
        self.on
    }

    /// Where workers call it: one URL for each member. Worker `w` uses the one at `w % members`.
    pub fn urls(&self) -> Vec<String> {
        let url = self.direct_url();
        match &self.proxies[..] {
            [] => vec![url],
            proxies => proxies.iter().map(|proxy| proxy.url_of(&url)).collect(),
        }
    }

    /// What lies before one of the members.
    ///
    /// # Errors
    /// [`ProveError::NotHere`] where nothing does.
    pub fn proxy(&self, random: &mut fastrand::Rng) -> Result<&Proxy, ProveError> {
        random
            .choice(&self.proxies)
            .map(Arc::as_ref)
            .ok_or(ProveError::NotHere { fault: Fault::Cut, on: self.on })
    }

    /// What proxies decide by chance follows from this until the next time.
    pub(super) fn seed_proxies(&self, random: &mut fastrand::Rng) {
        for proxy in &self.proxies {
            proxy.seed(random.u64(..));
        }
    }

    /// The folder of the disk that can be filled.
    ///
    /// # Errors
    /// [`ProveError::NotHere`] where the scene was not started for that.
    pub async fn small_disk(&self) -> Result<PathBuf, ProveError> {
        let disk = match &self.place {
            Place::FileOnSmallDisk(disk) => Some(disk.path()),
            Place::Own { server, .. } => server.lock().await.small_disk(),
            Place::File(_) | Place::Shared(_) | Place::Cluster { .. } => None,
        };
        disk.ok_or(ProveError::NotHere { fault: Fault::DiskFull, on: self.on })
    }

    /// Where nothing lies in between.
    pub(super) fn direct_url(&self) -> String {
        match &self.place {
            Place::FileOnSmallDisk(disk) => format!("sqlite://{}/contacts.db", disk.path().display()),
            Place::File(folder) => format!("sqlite://{}/contacts.db", folder.path().display()),
            Place::Shared(database) | Place::Own { database, .. } => database.url(),
            Place::Cluster { database, .. } => database.url(0).to_owned(),
        }
    }

    /// The server, for whoever kills it.
    ///
    /// # Errors
    /// [`ProveError::NotHere`] where there is none of our own.
    pub async fn server(&self) -> Result<MutexGuard<'_, DatabaseServer>, ProveError> {
        match &self.place {
            Place::Own { server, .. } => Ok(server.lock().await),
            _ => Err(ProveError::NotHere { fault: Fault::DatabaseKill, on: self.on }),
        }
    }

    /// The cluster, for whoever makes it lose members.
    ///
    /// # Errors
    /// [`ProveError::NotHere`] where there is none.
    pub async fn members(&self) -> Result<MutexGuard<'_, Cluster>, ProveError> {
        match &self.place {
            Place::Cluster { cluster, .. } => Ok(cluster.lock().await),
            _ => Err(ProveError::NotHere { fault: Fault::MemberKill, on: self.on }),
        }
    }

    /// Creates the tables, so that no worker is the first.
    ///
    /// # Errors
    /// [`ProveError::Core`] where that fails.
    pub async fn prepare(&self) -> Result<(), ProveError> {
        let (url, options) = (self.direct_url(), StoreOptions::default());
        match self.on {
            On::Sqlite => SqliteStore::connect(&url, options).await.map(drop)?,
            _ => MySqlStore::connect(&url, options).await.map(drop)?,
        }
        Ok(())
    }

    /// What the tables hold: on a cluster, what all members agree on.
    ///
    /// # Errors
    /// [`ProveError::Core`] where they cannot be read, [`ProveError::Apart`] where members do not come to agree.
    pub async fn finale(&self) -> Result<Finale, ProveError> {
        let (url, options) = (self.direct_url(), StoreOptions::default());
        Ok(match (&self.place, self.on) {
            (Place::Cluster { database, cluster }, _) => {
                let cluster = cluster.lock().await;
                cluster.wait_until_online().await?;
                agreed(&cluster, database).await?
            }
            (_, On::Sqlite) => Finale::read(&SqliteStore::connect(&url, options).await?).await,
            _ => Finale::read(&MySqlStore::connect(&url, options).await?).await,
        })
    }
}

/// Members apply what others committed some time later; how long that may take.
const AGREE: Duration = Duration::from_secs(60);

async fn agreed(cluster: &Cluster, database: &ClusterDatabase) -> Result<Finale, ProveError> {
    let start = Instant::now();
    loop {
        let mut finales = Vec::new();
        // The first one comes last, and is the one that takes writes again.
        for number in (0..MEMBERS).rev() {
            if cluster.kind() == ClusterKind::SinglePrimary {
                // A store needs one that takes writes.
                cluster.make_primary(number).await?;
            }
            let store = MySqlStore::connect(database.url(number), StoreOptions::default()).await?;
            finales.push(Finale::read(&store).await);
        }
        let last = finales.pop().unwrap_or_default();
        if finales.iter().all(|finale| *finale == last) {
            return Ok(last);
        }
        if start.elapsed() > AGREE {
            return Err(ProveError::Apart(AGREE));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn proxy_to(server: &ServerAddress) -> Result<Arc<Proxy>, ProveError> {
    Proxy::start(server.socket()).await.map(Arc::new).context(|| "start a proxy".to_owned())
}
