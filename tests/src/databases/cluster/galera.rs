//! Members of MariaDB Galera.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{env, iter};

use futures_util::future;
use sqlx::{AssertSqlSafe, Executor};

use super::{MEMBERS, ports};
use crate::databases::error::Context;
use crate::databases::{DatabaseError, DatabaseServer, Flavor};

/// Names the file of Galera's library, where it is not found by itself.
const LIBRARY: &str = "IDENTITY_TEST_GALERA";

/// Where distributions put it.
const LIBRARY_FILES: [&str; 4] = [
    "/usr/lib/galera/libgalera_smm.so",
    "/usr/lib64/galera-4/libgalera_smm.so",
    "/usr/lib64/galera/libgalera_smm.so",
    "/usr/lib/libgalera_smm.so",
];

/// Runs by this name when a member needs the state of another. MariaDB's own scripts come with more packages than the server.
const TRANSFER: &str = include_str!("wsrep_sst_folder");

/// Members with the options of one cluster, which do not run yet. The first has data; the others get them when they join.
pub(super) async fn prepare() -> Result<Vec<DatabaseServer>, DatabaseError> {
    let library = library()?;
    let first = DatabaseServer::prepare(Flavor::MariaDb).await?;
    let others: Result<Vec<_>, _> = (1..MEMBERS).map(|_| first.prepare_empty()).collect();
    let mut members = vec![first];
    members.extend(others?);
    let group_ports = ports(&members, &[]);
    let addresses: Vec<_> = group_ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let meeting = meeting_place(&members[0])?;
    // A third port of each, for what it missed.
    let incremental = ports(&members, &group_ports);
    for ((member, address), incremental) in members.iter_mut().zip(&addresses).zip(incremental) {
        let mut provider = OsString::from("--wsrep-provider=");
        provider.push(&library);
        let options = [
            "--wsrep-on=ON".to_owned(),
            "--binlog-format=ROW".to_owned(),
            "--innodb-autoinc-lock-mode=2".to_owned(),
            "--wsrep-cluster-name=identity".to_owned(),
            format!("--wsrep-cluster-address=gcomm://{}", addresses.join(",")),
            "--wsrep-node-address=127.0.0.1".to_owned(),
            "--wsrep-sst-method=folder".to_owned(),
            // Only a name, by which the two sides meet.
            format!("--wsrep-sst-receive-address={address}"),
            format!(
                "--wsrep-provider-options=gmcast.listen_addr=tcp://{address};\
                 ist.recv_addr=127.0.0.1:{incremental};gcache.size=32M"
            ),
        ];
        member.settings.options = iter::once(provider).chain(options.map(Into::into)).collect();
        member.settings.environment =
            vec![("PATH", path_with(&meeting)?), ("IDENTITY_TEST_MEETING", meeting.clone().into())];
    }
    Ok(members)
}

/// Starts all members, the first as a new cluster.
pub(super) async fn form(members: &mut [DatabaseServer]) -> Result<(), DatabaseError> {
    let starts = members.iter_mut().enumerate().map(|(number, member)| async move {
        let options: &[_] = if number == 0 { &["--wsrep-new-cluster".to_owned()] } else { &[] };
        member.serve(options).await
    });
    future::try_join_all(starts).await.map(drop)
}

/// One step of a member towards the cluster: one that does not run is started. It joins by itself; after a crash it is told first how far its data are, as
/// MariaDB's service does it (`galera_recovery`), or it would need all of another's.
pub(super) async fn approach(member: &mut DatabaseServer) -> Result<(), DatabaseError> {
    if member.is_running()? {
        return Ok(());
    }
    let log = member.run_once(&["--wsrep-recover"]).await?;
    let position = log.lines().find_map(|line| line.split_once("Recovered position:"));
    let option = position.map(|(_, position)| format!("--wsrep-start-position={}", position.trim()));
    member.serve(option.as_slice()).await
}

/// Cuts a member's connections to the others, or lets it have them again; those to its callers stay.
pub(super) async fn isolate(member: &DatabaseServer, isolated: bool) -> Result<(), DatabaseError> {
    let mut connection = member.address().connect().await?;
    let set = format!("SET GLOBAL wsrep_provider_options = 'gmcast.isolate={}'", u8::from(isolated));
    connection.execute(AssertSqlSafe(set)).await?;
    Ok(())
}

fn library() -> Result<PathBuf, DatabaseError> {
    let named = env::var_os(LIBRARY).map(PathBuf::from);
    let mut files = named.into_iter().chain(LIBRARY_FILES.map(PathBuf::from));
    files.find(|file| file.is_file()).ok_or_else(|| DatabaseError::Missing {
        flavor: Flavor::MariaDb,
        wanted: format!("no Galera (libgalera_smm.so, package galera-4); {LIBRARY} may name the file"),
    })
}

/// The folder of the first member that holds the script, and links to the data folders of those who wait for data.
fn meeting_place(first: &DatabaseServer) -> Result<PathBuf, DatabaseError> {
    let folder = first.folder().join("transfer");
    let script = folder.join("wsrep_sst_folder");
    fs::create_dir(&folder)
        .and_then(|()| fs::write(&script, TRANSFER))
        .and_then(|()| fs::set_permissions(&script, Permissions::from_mode(0o755)))
        .context(|| format!("write {}", script.display()))?;
    Ok(folder)
}

fn path_with(folder: &Path) -> Result<OsString, DatabaseError> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(iter::once(folder.to_owned()).chain(env::split_paths(&path)))
        .map_err(std::io::Error::other)
        .context(|| format!("put {} into PATH", folder.display()))
}
