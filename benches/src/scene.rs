//! The databases that are measured on: one server, and a table for each contender with the same people in each. All of it is
//! made when it is first asked for, since not every line needs it.

use std::sync::Arc;
use std::time::Duration;

use identity_core::{IdentifyRequest, IdentityResolver};
use identity_tests::databases::{DatabaseServer, Flavor, FreshDatabase};
use sqlx::{Connection, Executor, MySqlConnection};
use tokio::sync::OnceCell;

use crate::contenders::{Connections, Link, connect, usual};
use crate::facts::server_facts;
use crate::fill::{Tables, fill};
use crate::measure::{Measured, closed_loop};
use crate::work::{Source, Work};
use crate::{Failure, Options};

/// The most connections over which the driver alone is tried.
pub(crate) const LIMIT_CONNECTIONS: u64 = 16;

/// The most connections over which the usual code is tried.
pub(crate) const USUAL_CONNECTIONS: u64 = 64;

/// What is measured on.
#[derive(Debug)]
pub(crate) struct Scene {
    options: Options,
    ours: OnceCell<Contender<IdentityResolver>>,
    limit: OnceCell<Contender<Connections>>,
    usual: OnceCell<Contender<Connections>>,
    transactional: OnceCell<Contender<Connections>>,
    package: OnceCell<FreshDatabase>,
    by_hand: OnceCell<FreshDatabase>,
    // Dropped last.
    server: OnceCell<DatabaseServer>,
}

/// Somebody to measure, and what it is asked.
#[derive(Debug)]
pub(crate) struct Contender<T> {
    /// The one who answers.
    pub(crate) by: T,
    /// The requests.
    pub(crate) source: Arc<Source>,
    /// Where the people are.
    pub(crate) database: FreshDatabase,
}

impl Contender<IdentityResolver> {
    /// identity-core on fresh tables of so many people.
    ///
    /// # Errors
    /// What goes wrong on the way.
    pub(crate) async fn ours(
        server: &DatabaseServer,
        options: &Options,
        people: u64,
    ) -> Result<Self, Failure> {
        let database = our_tables(server, people).await?;
        let by = options.builder().connect(&database.url()).await?;
        Ok(Self { by, source: Arc::new(Source::new(people)), database })
    }

    /// That many callers at once, for that long.
    ///
    /// # Errors
    /// What the library says.
    pub(crate) async fn measure(
        &self,
        callers: u64,
        time: Duration,
        work: Work,
    ) -> Result<Measured, Failure> {
        let (by, source) = (self.by.clone(), Arc::clone(&self.source));
        let call = move |_| {
            let (by, source) = (by.clone(), Arc::clone(&source));
            async move {
                let (email, phone) = source.next(work);
                by.identify(IdentifyRequest::new().email(email).phone_number(phone)).await?;
                Ok(1)
            }
        };
        closed_loop(callers, time, call).await
    }

    /// Lets the tables go.
    ///
    /// # Errors
    /// Where the database refuses.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        self.by.close().await;
        Ok(self.database.close().await?)
    }
}

impl Scene {
    /// A scene with nothing on it.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            options: options.clone(),
            ours: OnceCell::new(),
            limit: OnceCell::new(),
            usual: OnceCell::new(),
            transactional: OnceCell::new(),
            package: OnceCell::new(),
            by_hand: OnceCell::new(),
            server: OnceCell::new(),
        }
    }

    /// The server. Its buffer pool holds the largest table as a shop's would, and its redo log is as large as such a pool needs:
    /// with the default of 100 MB each contender also writes back the pages of the one before it. Its durability is the
    /// default.
    ///
    /// # Errors
    /// Where it does not start.
    pub(crate) async fn server(&self) -> Result<&DatabaseServer, Failure> {
        let options =
            ["--innodb-buffer-pool-size=8G", "--innodb-redo-log-capacity=2G", "--max-connections=500"];
        let start = || DatabaseServer::start_with(Flavor::MySql, &options);
        Ok(self.server.get_or_try_init(start).await?)
    }

    /// identity-core on its tables.
    ///
    /// # Errors
    /// What goes wrong on the way.
    pub(crate) async fn ours(&self) -> Result<&Contender<IdentityResolver>, Failure> {
        let set = async || Contender::ours(self.server().await?, &self.options, self.people()).await;
        self.ours.get_or_try_init(set).await
    }

    /// The driver alone on identity-core's tables, in another database.
    ///
    /// # Errors
    /// What goes wrong on the way.
    pub(crate) async fn limit(&self) -> Result<&Contender<Connections>, Failure> {
        let set = async || {
            let database = our_tables(self.server().await?, self.people()).await?;
            let by = connect(&database.url(), Link::Bare, LIMIT_CONNECTIONS).await?;
            Ok::<_, Failure>(Contender { by, source: Arc::new(Source::new(self.people())), database })
        };
        self.limit.get_or_try_init(set).await
    }

    /// What shops do, with a transaction for each request or without.
    ///
    /// # Errors
    /// What goes wrong on the way.
    pub(crate) async fn usual(&self, transaction: bool) -> Result<&Contender<Connections>, Failure> {
        let contender = if transaction { &self.transactional } else { &self.usual };
        let set = async || {
            let database = usual_table(self.server().await?, self.people()).await?;
            let connections = self.options.callers.min(USUAL_CONNECTIONS);
            let by = connect(&database.url(), Link::AsOurs, connections).await?;
            Ok::<_, Failure>(Contender { by, source: Arc::new(Source::new(self.people())), database })
        };
        contender.get_or_try_init(set).await
    }

    /// Tables for the npm package and the pip package.
    ///
    /// # Errors
    /// What goes wrong on the way.
    pub(crate) async fn package(&self) -> Result<&FreshDatabase, Failure> {
        let set = async || our_tables(self.server().await?, self.people()).await;
        self.package.get_or_try_init(set).await
    }

    /// A table for what Node backends write by hand.
    ///
    /// # Errors
    /// What goes wrong on the way.
    pub(crate) async fn by_hand(&self) -> Result<&FreshDatabase, Failure> {
        let set = async || usual_table(self.server().await?, self.people()).await;
        self.by_hand.get_or_try_init(set).await
    }

    /// People in each contender's table at the start.
    pub(crate) fn people(&self) -> u64 {
        self.options.people()
    }

    /// What is to be known of the server; `None` where no line needed one.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn facts(&self) -> Result<Option<Vec<String>>, Failure> {
        match self.server.get() {
            Some(server) => Ok(Some(server_facts(server.address().admin_url()).await?)),
            None => Ok(None),
        }
    }
}

/// A database with so many people in identity-core's tables.
async fn our_tables(server: &DatabaseServer, people: u64) -> Result<FreshDatabase, Failure> {
    let database = server.fresh_database().await?;
    create_tables(&database.url()).await?;
    fill(&database.url(), Tables::Ours, people).await?;
    Ok(database)
}

/// A database with so many people in the one table that shops have.
async fn usual_table(server: &DatabaseServer, people: u64) -> Result<FreshDatabase, Failure> {
    let database = server.fresh_database().await?;
    let mut connection = MySqlConnection::connect(&database.url()).await?;
    connection.execute(usual::TABLE).await?;
    connection.close().await?;
    fill(&database.url(), Tables::ContactAlone, people).await?;
    Ok(database)
}

/// Creates identity-core's tables in a database, and leaves them empty.
///
/// # Errors
/// What the library says.
pub(crate) async fn create_tables(url: &str) -> Result<(), Failure> {
    IdentityResolver::connect(url).await?.close().await;
    Ok(())
}
