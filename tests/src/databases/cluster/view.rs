use std::time::Duration;

use sqlx::{MySqlConnection, Row};

use crate::databases::{Flavor, ServerAddress};

/// A member that stands still keeps its connections open and says nothing.
const ANSWER: Duration = Duration::from_secs(2);

/// How a member of a group stands to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Condition {
    /// It belongs to it, or is about to.
    #[default]
    Member,
    /// Its replication does not run.
    Offline,
    /// It was expelled, or could not come in, and may be at it again.
    Failed,
}

/// What one member says of its cluster.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {
    /// Whether it belongs to the cluster, and has caught up.
    pub(super) is_online: bool,
    /// Whether it takes writes.
    pub(super) is_primary: bool,
    /// Where it does not belong to the cluster: whether it tries to. Galera's members always do.
    pub(super) condition: Condition,
    /// How many members it counts that are online.
    pub(super) online: usize,
    /// How many members it counts, with those that join or do not answer.
    pub(super) known: usize,
}

impl View {
    /// `None` if the member does not answer.
    pub(super) async fn of(member: &ServerAddress) -> Option<Self> {
        let ask = async {
            let mut connection = member.connect().await.ok()?;
            match member.flavor() {
                Flavor::MySql => Self::of_group(&mut connection).await.ok(),
                Flavor::MariaDb => Self::of_galera(&mut connection).await.ok(),
            }
        };
        tokio::time::timeout(ANSWER, ask).await.ok().flatten()
    }

    async fn of_group(connection: &mut MySqlConnection) -> Result<Self, sqlx::Error> {
        let members = "SELECT MEMBER_ID = @@server_uuid, MEMBER_STATE, MEMBER_ROLE = 'PRIMARY' \
                       FROM performance_schema.replication_group_members";
        let mut view = Self::default();
        for row in sqlx::query(members).fetch_all(connection).await? {
            let (itself, state, primary): (bool, String, bool) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let is_online = state == "ONLINE";
            view.known += 1;
            view.online += usize::from(is_online);
            if itself {
                view.is_online = is_online;
                view.is_primary = primary;
                view.condition = match state.as_str() {
                    "OFFLINE" => Condition::Offline,
                    "ERROR" => Condition::Failed,
                    _ => Condition::Member,
                };
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
