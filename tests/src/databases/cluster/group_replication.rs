//! Members of MySQL Group Replication.

use std::fs;
use std::time::Instant;

use futures_util::future;
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::view::View;
use super::{ClusterKind, MEMBERS, PATIENCE, POLL, ports};
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

/// Starts a member that does not run. It joins the group while it starts, so that it answers nobody as a server of its own, or
/// afterwards, where the group does not let it in yet.
pub(super) async fn join(member: &mut DatabaseServer) -> Result<(), DatabaseError> {
    member.serve(&[]).await?;
    let start = Instant::now();
    while !View::of(member).await.is_some_and(|view| view.is_online) {
        if start.elapsed() > PATIENCE {
            return Err(member.timed_out("join the group", PATIENCE));
        }
        tokio::time::sleep(POLL).await;
        // Refused while it is joining. It has to be asked again where the group still counted it as the member that it was
        // before a crash.
        let _ = member.address().connect().await?.execute("START GROUP_REPLICATION").await;
    }
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
