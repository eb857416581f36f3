//! The program `with-databases`: what the command sees, which code comes out, and that nothing stays whatever happens.

#![expect(clippy::unwrap_used, reason = "it is how a test fails")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const LIMIT: Duration = Duration::from_secs(180);

/// `with-databases` on a shell command, with a temporary folder of its own.
fn with_databases(folder: &Path, command: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_with-databases"))
        .args(["--", "sh", "-c", command])
        .env("TMPDIR", folder)
        .env_remove("IDENTITY_TEST_MARIADB")
        .env_remove("IDENTITY_TEST_MYSQL")
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < LIMIT, "waited in vain: {what}");
        sleep(Duration::from_millis(50));
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn hands_on_the_urls_and_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let command = r#"case "$IDENTITY_TEST_MARIADB+$IDENTITY_TEST_MYSQL" in
        mysql://shop:?*@127.0.0.1:?*+mysql://shop:?*@127.0.0.1:?*) exit 7 ;;
    esac"#;
    let status = with_databases(folder.path(), command).wait().unwrap();
    assert_eq!(status.code(), Some(7));
    assert!(is_empty(folder.path()), "a server's folder is left behind");
}

#[test]
fn ends_the_command_and_the_servers_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let (started, process) = (folder.path().join("started"), folder.path().join("process"));
    // The second sleep is what a command leaves behind that does not hand the signal on.
    let command = format!("sleep 600 & echo $! > '{}'; : > '{}'; wait", process.display(), started.display());
    let mut child = with_databases(folder.path(), &command);
    wait_until("the command starts", || started.exists());
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(128 + Signal::TERM.as_raw()));

    let left: u32 = fs::read_to_string(&process).unwrap().trim().parse().unwrap();
    wait_until("what the command started ends", || !Path::new(&format!("/proc/{left}/cmdline")).exists());
    fs::remove_file(started).unwrap();
    fs::remove_file(process).unwrap();
    assert!(is_empty(folder.path()), "a server's folder is left behind");
}

/// Killed outright, it can clean up nothing: the folders' guards do.
#[test]
fn leaves_nothing_when_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let mut child = with_databases(folder.path(), &format!(": > '{}'; exec sleep 20", started.display()));
    wait_until("the command starts", || started.exists());
    let servers: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("pid")).ok())
        .map(|process| process.trim().to_owned())
        .collect();
    assert_eq!(servers.len(), 2);

    child.kill().unwrap();
    child.wait().unwrap();
    fs::remove_file(started).unwrap();
    wait_until("the folders are removed", || is_empty(folder.path()));
    for server in servers {
        wait_until("the servers end", || !is_database_server(&server));
    }
}

fn is_database_server(process: &str) -> bool {
    let command = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command);
    command.contains("mariadbd") || command.contains("mysqld")
}
