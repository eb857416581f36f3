//! The databases that are measured on: one server, a table for each contender, the same people in each.

use std::sync::Arc;

use identity_core::{IdentifyRequest, IdentityResolver};
use identity_tests::databases::{DatabaseServer, Flavor, FreshDatabase};
use sqlx::mysql::MySqlPoolOptions;
use sqlx::{Executor, MySqlPool, Row};

use crate::contenders::usual;
use crate::fill::{Tables, fill};
use crate::work::{Source, Work};
use crate::{Failure, Options};

/// Connections of the contenders that are not gathered: one for each caller.
const CONNECTIONS: u32 = 64;

/// What is measured on.
#[derive(Debug)]
pub(crate) struct Scene {
    /// People in each table at the start.
    pub(crate) people: u64,
    /// identity-core on its tables.
    pub(crate) ours: Contender<IdentityResolver>,
    /// The driver alone on identity-core's tables, in another database.
    pub(crate) limit: Contender<MySqlPool>,
    /// What shops do, without a transaction.
    pub(crate) usual: Contender<MySqlPool>,
    /// What shops do, with a transaction for each request.
    pub(crate) transactional: Contender<MySqlPool>,
    /// The server's version and durability.
    pub(crate) server: String,
    // Dropped last.
    _databases: Vec<FreshDatabase>,
    _server: DatabaseServer,
}

/// Somebody to measure, and what it is asked.
#[derive(Debug)]
pub(crate) struct Contender<T> {
    /// The one who answers.
    pub(crate) by: T,
    /// The requests.
    pub(crate) source: Arc<Source>,
}

impl<T> Contender<T> {
    fn new(by: T, people: u64) -> Self {
        Self { by, source: Arc::new(Source::new(people)) }
    }
}

impl Contender<IdentityResolver> {
    /// One request.
    ///
    /// # Errors
    /// What the library says.
    pub(crate) async fn call(by: IdentityResolver, source: Arc<Source>, work: Work) -> Result<u64, Failure> {
        let (email, phone) = source.next(work);
        by.identify(IdentifyRequest::new().email(email).phone_number(phone)).await?;
        Ok(1)
    }
}

impl Scene {
    /// Starts the server and fills the tables.
    ///
    /// # Errors
    /// What goes wrong on the way.
    pub(crate) async fn set(options: &Options) -> Result<Self, Failure> {
        let people = options.people();
        let server = DatabaseServer::start_with(
            Flavor::MySql,
            &["--innodb-buffer-pool-size=4G", "--max-connections=500"],
        )
        .await?;
        let mut databases = Vec::new();
        let mut pools = Vec::new();
        for _ in 0..4 {
            let database = server.fresh_database().await?;
            pools.push(MySqlPoolOptions::new().max_connections(CONNECTIONS).connect(&database.url()).await?);
            databases.push(database);
        }
        let [ours, limit, usual, transactional] = &pools[..] else { unreachable!("four pools") };
        for database in &databases[..2] {
            // Creates the tables.
            IdentityResolver::connect(&database.url()).await?.close().await;
        }
        for pool in [usual, transactional] {
            pool.execute(usual::TABLE).await?;
        }
        for (pool, tables) in [
            (ours, Tables::Ours),
            (limit, Tables::Ours),
            (usual, Tables::ContactAlone),
            (transactional, Tables::ContactAlone),
        ] {
            fill(pool, tables, people).await?;
            pool.execute("ANALYZE TABLE Contact").await?;
        }
        for pool in [ours, limit] {
            pool.execute("ANALYZE TABLE ContactIdentifier, ContactEvent").await?;
        }
        let facts = "SELECT CONCAT('MySQL ', VERSION(), ', flush at commit ', @@innodb_flush_log_at_trx_commit, \
                     ', binlog synced every ', @@sync_binlog)";
        let facts: String = ours.fetch_one(facts).await?.try_get(0)?;
        let resolver = options.builder().connect(&databases[0].url()).await?;
        Ok(Self {
            people,
            ours: Contender::new(resolver, people),
            limit: Contender::new(limit.clone(), people),
            usual: Contender::new(usual.clone(), people),
            transactional: Contender::new(transactional.clone(), people),
            server: facts,
            _databases: databases,
            _server: server,
        })
    }
}
