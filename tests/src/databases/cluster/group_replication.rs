//! Members of MySQL Group Replication.

use std::fs;

use futures_util::future;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};

use super::view::{Condition, View};
use super::{ClusterKind, MEMBERS, ports};
use crate::databases::error::Context;
use crate::databases::{DatabaseError, DatabaseServer, Flavor};

/// Members with the options of one group, which do not run yet.
pub(super) async fn prepare(kind: ClusterKind) -> Result<Vec<DatabaseServer>, DatabaseError> {
    // One fills its data folder; the others copy it, which is quicker.
    let first = DatabaseServer::prepare(Flavor::MySql).await?;
    let others = future::try_join_all((1..MEMBERS).map(|_| first.prepare_copy())).await?;
    let mut members = vec![first];
    members.extend(others);
    let is_single = kind == ClusterKind::SinglePrimary;
    let on = |is_on| if is_on { "ON" } else { "OFF" };
    let group = format!("{:08x}-0000-4000-8000-{:012x}", fastrand::u32(..), fastrand::u64(..1 << 48));
    let addresses: Vec<_> = ports(&members, &[]).iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let seeds = addresses.join(",");
    for (number, (member, address)) in members.iter_mut().zip(&addresses).enumerate() {
        // The server's own number, which came along with the data and must not be another's.
        match fs::remove_file(member.data().join("auto.cnf")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context(|| "remove auto.cnf".to_owned());
            }
            _ => {}
        }
        let options = [
            format!("--server-id={}", number + 1),
            "--gtid-mode=ON".to_owned(),
            "--enforce-gtid-consistency=ON".to_owned(),
            "--report-host=127.0.0.1".to_owned(),
            "--plugin-load-add=group_replication.so".to_owned(),
            format!("--group-replication-group-name={group}"),
            format!("--group-replication-local-address={address}"),
            format!("--group-replication-group-seeds={seeds}"),
            "--group-replication-ip-allowlist=127.0.0.1/8".to_owned(),
            format!("--group-replication-single-primary-mode={}", on(is_single)),
            format!("--group-replication-enforce-update-everywhere-checks={}", on(!is_single)),
            "--group-replication-recovery-get-public-key=ON".to_owned(),
            // The defaults let 60 s pass before another donor is asked, and up to 15 s before a member is given up of
            // which the others have noticed, after 5 s, that it does not answer.
            "--group-replication-recovery-reconnect-interval=1".to_owned(),
            "--group-replication-member-expel-timeout=0".to_owned(),
        ];
        member.settings.options = options.map(Into::into).into();
    }
    Ok(members)
}

/// Starts all members, has the first form the group, and the others join it.
pub(super) async fn form(members: &mut [DatabaseServer]) -> Result<(), DatabaseError> {
    let alone = ["--group-replication-start-on-boot=OFF".to_owned()];
    future::try_join_all(members.iter_mut().map(|member| member.serve(&alone))).await?;
    let [first, others @ ..] = members else { return Ok(()) };
    let mut connection = first.address().connect().await?;
    connection.execute(AssertSqlSafe(credentials(first))).await?;
    connection.execute("SET GLOBAL group_replication_bootstrap_group = ON").await?;
    connection.execute("START GROUP_REPLICATION").await?;
    connection.execute("SET GLOBAL group_replication_bootstrap_group = OFF").await?;
    connection.close().await?;
    future::try_join_all(others.iter().map(enter)).await?;
    Ok(())
}

/// One step of a member towards the group. One that does not run is started: it joins the group while it starts, so that it
/// answers nobody as a server of its own.
///
/// The group does not let it in as long as it counts it as the member that it was before a crash; then its replication ends,
/// or the server does. And one that was expelled tries once at once to come back, and five minutes later again.
pub(super) async fn approach(member: &mut DatabaseServer, is_overdue: bool) -> Result<(), DatabaseError> {
    if !member.is_running()? {
        return member.serve(&[]).await;
    }
    match View::of(member.address()).await.map(|view| view.condition) {
        Some(Condition::Offline) => start_replication(&mut member.address().connect().await?).await,
        Some(Condition::Failed) if is_overdue => {
            let mut connection = member.address().connect().await?;
            connection.execute("STOP GROUP_REPLICATION").await?;
            start_replication(&mut connection).await
        }
        _ => Ok(()),
    }
}

async fn start_replication(connection: &mut MySqlConnection) -> Result<(), DatabaseError> {
    connection.execute("START GROUP_REPLICATION").await?;
    // How it kept callers away when it was given up (group_replication_exit_state_action).
    connection.execute("SET GLOBAL offline_mode = OFF").await?;
    Ok(())
}

/// Has a member take the writes, where only one does. The one that did goes on as another.
pub(super) async fn make_primary(member: &DatabaseServer) -> Result<(), DatabaseError> {
    let mut connection = member.address().connect().await?;
    sqlx::query("SELECT group_replication_set_as_primary(@@server_uuid)").fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn enter(member: &DatabaseServer) -> Result<(), DatabaseError> {
    let mut connection = member.address().connect().await?;
    connection.execute(AssertSqlSafe(credentials(member))).await?;
    connection.execute("START GROUP_REPLICATION").await?;
    connection.close().await?;
    Ok(())
}

/// By which it catches up from another member.
fn credentials(member: &DatabaseServer) -> String {
    format!(
        "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'shop', SOURCE_PASSWORD = '{}' FOR CHANNEL 'group_replication_recovery'",
        member.password()
    )
}
