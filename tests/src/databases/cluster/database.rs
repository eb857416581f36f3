use sqlx::{AssertSqlSafe, Executor, MySqlConnection};

use super::{Cluster, POLL};
use crate::databases::{DatabaseError, fresh};

/// A database for one test, on every member: empty at first, and gone along with the cluster.
#[derive(Clone, Debug)]
pub struct ClusterDatabase {
    name: String,
    urls: Vec<String>,
}

impl ClusterDatabase {
    pub(super) async fn create(cluster: &Cluster, on: usize) -> Result<Self, DatabaseError> {
        let name = fresh::unique_name();
        let mut connection = cluster.member(on).address().connect().await?;
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        let urls = cluster.members().iter().map(|member| member.url(&name)).collect();
        for number in cluster.running() {
            let mut connection = cluster.member(number).address().connect().await?;
            wait_for(&mut connection, &name).await?;
        }
        Ok(Self { name, urls })
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of the database on each member.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The URL of the database on one member.
    ///
    /// # Panics
    ///
    /// If there is no member of this number; they begin at 0.
    pub fn url(&self, number: usize) -> &str {
        &self.urls[number]
    }
}

async fn wait_for(connection: &mut MySqlConnection, name: &str) -> Result<(), DatabaseError> {
    let known = "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?";
    while sqlx::query(known).bind(name).fetch_optional(&mut *connection).await?.is_none() {
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}
