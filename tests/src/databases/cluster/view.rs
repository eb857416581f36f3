use std::time::Duration;

use sqlx::{MySqlConnection, Row};

use crate::databases::{DatabaseServer, Flavor};

/// A member that stands still keeps its connections open and says nothing.
const ANSWER: Duration = Duration::from_secs(2);

/// What one member says of its cluster.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {
    /// Whether it belongs to the cluster, and has caught up.
    pub(super) is_online: bool,
    /// Whether it takes writes.
    pub(super) is_primary: bool,
    /// How many members it counts that are online.
    pub(super) online: usize,
    /// How many members it counts, with those that join or do not answer.
    pub(super) known: usize,
}

impl View {
    /// `None` if the member does not answer.
    pub(super) async fn of(member: &DatabaseServer) -> Option<Self> {
        let ask = async {
            let mut connection = member.address().connect().await.ok()?;
            match member.flavor() {
                Flavor::MySql => Self::of_group(&mut connection).await.ok(),
                Flavor::MariaDb => Self::of_galera(&mut connection).await.ok(),
            }
        };
        tokio::time::timeout(ANSWER, ask).await.ok().flatten()
    }

    async fn of_group(connection: &mut MySqlConnection) -> Result<Self, sqlx::Error> {
        let members = "SELECT MEMBER_ID = @@server_uuid, MEMBER_STATE = 'ONLINE', MEMBER_ROLE = 'PRIMARY' \
                       FROM performance_schema.replication_group_members";
        let mut view = Self::default();
        for row in sqlx::query(members).fetch_all(connection).await? {
            let [itself, online, primary] = [0, 1, 2].map(|column| row.try_get::<bool, _>(column));
            let (itself, online, primary) = (itself?, online?, primary?);
            view.known += 1;
            view.online += usize::from(online);
            if itself {
                view.is_online = online;
                view.is_primary = primary;
            }
        }
        Ok(view)
    }

    async fn of_galera(connection: &mut MySqlConnection) -> Result<Self, sqlx::Error> {
        // Not a SELECT: a member that left the cluster answers none.
        let status = "SHOW STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status', \
                      'wsrep_local_state_comment', 'wsrep_cluster_size')";
        let mut view = Self { is_online: true, ..Self::default() };
        for row in sqlx::raw_sql(status).fetch_all(connection).await? {
            let (name, value): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            match name.as_str() {
                "wsrep_cluster_size" => view.known = value.parse().unwrap_or(0),
                "wsrep_ready" => view.is_online &= value == "ON",
                "wsrep_cluster_status" => view.is_online &= value == "Primary",
                _ => view.is_online &= value == "Synced",
            }
        }
        // It does not tell how far the others are; they do themselves.
        view.online = view.known;
        view.is_primary = view.is_online;
        Ok(view)
    }
}
