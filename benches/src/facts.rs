//! What a figure means nothing without: the machine, the versions, the databases' settings.

use std::path::Path;
use std::process::Command;

use sqlx::{ConnectOptions, Connection, Executor, Row};

use crate::contenders::{Link, bulk_sqlite, connect};
use crate::rows;
use crate::{Failure, Options};

/// The heading of the tables, and a list of what is known before anything is measured.
///
/// # Errors
/// Where SQLite does not tell its settings.
pub(crate) async fn heading(options: &Options) -> Result<String, Failure> {
    let size = format!(
        "{} people in the table where no other number is given, {} callers; medians of as many rounds as each line says, in \
         which the contenders take turns{}",
        options.people(),
        options.callers,
        if options.quick { " (quick)" } else { "" },
    );
    let versions = format!("commit {}, {}, sqlx {}", commit(), rustc(), locked("sqlx"));
    let bare = "*limit* and *as usual*: nothing is pinged, and as many connections are used as were found best; *limit* \
                without TLS";
    let mut facts = vec![size, settings(options), versions, machine(), sqlite().await?, bare.to_owned()];
    if rows::Row::any_needs_node(options) {
        facts.push(node());
    }
    if let Some(python) = options.python.as_deref().filter(|_| rows::Row::any_needs_python(options)) {
        facts.push(python_and_packages(python));
    }
    let facts: String = facts.into_iter().map(|fact| format!("- {fact}\n")).collect();
    Ok(format!("## identity-core {}\n\n{facts}", env!("CARGO_PKG_VERSION")))
}

/// Ours: whether it is measured as users have it.
fn settings(options: &Options) -> String {
    if options.overrides.is_empty() {
        return "ours with the options that it has by default".to_owned();
    }
    let left_out = match rows::Row::left_out(options).join("; ") {
        names if names.is_empty() => String::new(),
        names => format!("; left out, since they have the defaults: {names}"),
    };
    format!(
        "ours **not with its defaults**, but with `{}`{left_out}",
        options.overrides.arguments().join(" ")
    )
}

/// What is to be known of the database server.
///
/// # Errors
/// What it says.
pub(crate) async fn server_facts(url: &str) -> Result<Vec<String>, Failure> {
    let settings = "SELECT CONCAT('MySQL ', VERSION(), ': flush at commit ', @@innodb_flush_log_at_trx_commit, ', binary log ', \
                    IF(@@log_bin, CONCAT('on, synced every ', @@sync_binlog), 'off'), ', buffer pool ', \
                    ROUND(@@innodb_buffer_pool_size / 1024 / 1024 / 1024, 1), ' GiB, redo log ', \
                    ROUND(@@innodb_redo_log_capacity / 1024 / 1024 / 1024, 1), ' GiB')";
    let cipher =
        "SELECT VARIABLE_VALUE FROM performance_schema.session_status WHERE VARIABLE_NAME = 'Ssl_cipher'";
    let mut connection = connect(url, Link::AsOurs, 1).await?.take().await?;
    let settings: String = connection.fetch_one(settings).await?.try_get(0)?;
    let cipher: String = connection.fetch_one(cipher).await?.try_get(0)?;
    let tls = if cipher.is_empty() { "no TLS".to_owned() } else { format!("TLS ({cipher})") };
    Ok(vec![settings, format!("ours, *as usual* and what lone callers are compared with: {tls}")])
}

/// On a file that is opened as the imports' are.
async fn sqlite() -> Result<String, Failure> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}/facts.db?mode=rwc", folder.path().display());
    let mut connection = bulk_sqlite::options(&url)?.connect().await?;
    let version: String = connection.fetch_one("SELECT sqlite_version()").await?.try_get(0)?;
    let journal: String = connection.fetch_one("PRAGMA journal_mode").await?.try_get(0)?;
    let synchronous: i64 = connection.fetch_one("PRAGMA synchronous").await?.try_get(0)?;
    connection.close().await?;
    let synchronous = match synchronous {
        0 => "OFF",
        1 => "NORMAL",
        2 => "FULL",
        _ => "EXTRA",
    };
    Ok(format!("SQLite {version}: journal {journal}, synchronous {synchronous}"))
}

fn machine() -> String {
    let mut facts = vec![
        format!("{} cores, {}", std::thread::available_parallelism().map_or(0, usize::from), cpu()),
        format!("{:.0} GB of memory", memory().unwrap_or_default()),
    ];
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    facts.push(format!("{} {}", std::env::consts::OS, kernel.trim()));
    let folder = std::env::temp_dir();
    let system = said_by(Command::new("df").arg("--output=fstype").arg(&folder));
    if let Some(system) = system.as_deref().and_then(|said| said.lines().last()) {
        facts.push(format!("data on {}", system.trim()));
    }
    facts.join(", ")
}

fn cpu() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

/// In GB.
fn memory() -> Option<f64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: f64 = total.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1_024.0 / 1e9)
}

/// Of the sources that `benches/run` built a moment ago.
fn commit() -> String {
    let mut git = Command::new("git");
    git.current_dir(env!("CARGO_MANIFEST_DIR")).args(["describe", "--always", "--exclude=*", "--dirty"]);
    said_by(&mut git).unwrap_or_else(|| "unknown".to_owned())
}

fn rustc() -> String {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(env!("CARGO_MANIFEST_DIR")).arg("--version");
    said_by(&mut rustc).unwrap_or_else(|| "rustc unknown".to_owned())
}

/// What runs the npm package, and what is compared with it.
fn node() -> String {
    let node = said_by(Command::new("node").arg("--version")).unwrap_or_else(|| "unknown".to_owned());
    format!(
        "Node {}, mysql2 {}; the package as ours, mysql2 without TLS, as it is unless told otherwise",
        node.trim_start_matches('v'),
        locked_by_npm("mysql2"),
    )
}

/// What runs the pip package, and what is compared with it.
fn python_and_packages(python: &Path) -> String {
    let python =
        said_by(Command::new(python).arg("--version")).unwrap_or_else(|| "Python unknown".to_owned());
    let packages = include_str!("../python/requirements.txt").lines().filter(|line| !line.starts_with('#'));
    let packages: Vec<_> = packages.map(|package| package.replace("==", " ")).collect();
    format!("{python}, {}", packages.join(", "))
}

/// The version of a package that npm installs.
fn locked_by_npm(name: &str) -> &'static str {
    let lock = include_str!("../../package-lock.json");
    let after = lock.split_once(&format!("\"node_modules/{name}\": {{\n      \"version\": \""));
    after.and_then(|(_, version)| version.split('"').next()).unwrap_or("unknown")
}

/// The version of a dependency.
fn locked(name: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let after = lock.split_once(&format!("name = \"{name}\"\nversion = \""));
    after.and_then(|(_, version)| version.split('"').next()).unwrap_or("unknown")
}

fn said_by(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let said = String::from_utf8(output.stdout).ok()?;
    Some(said.trim().to_owned()).filter(|said| !said.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn what_is_not_by_default_is_told() {
        let told = |given: &[&str]| settings(&Options::parse_from(["benches"].iter().chain(given)));
        assert_eq!(told(&[]), "ours with the options that it has by default");
        let loads = ["--loads", "8", "--only", "mixed"];
        assert_eq!(
            told(&loads),
            "ours **not with its defaults**, but with `--loads=8`; \
             left out, since they have the defaults: from JavaScript, mixed"
        );
        assert!(told(&["--import-size", "8000", "--only", "import"]).ends_with("`--import-size=8000`"));
    }

    #[tokio::test]
    async fn settings_are_told_as_they_are() -> Result<(), Failure> {
        assert!(sqlite().await?.ends_with("journal wal, synchronous FULL"));
        assert!(locked("sqlx").starts_with("0."));
        assert!(locked_by_npm("mysql2").starts_with("3."));
        assert!(python_and_packages(Path::new("no python")).contains(", duckdb "));
        assert!(memory().is_some_and(|gigabytes| gigabytes > 0.1));
        Ok(())
    }
}
