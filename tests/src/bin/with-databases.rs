//! Runs a command while one MariaDB and one MySQL run, and exits with its code:
//! `with-databases -- cargo test`.
//!
//! The command finds the servers' URLs in `IDENTITY_TEST_MARIADB` and `IDENTITY_TEST_MYSQL`. It runs in a process group of its
//! own, with no input: SIGINT, SIGTERM and SIGHUP end the whole group, and both servers are stopped in every case.

use std::error::Error;
use std::ffi::OsString;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use identity_tests::databases::{DatabaseError, DatabaseServer, Flavor};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// How long the command has to end after a signal.
const GRACE: Duration = Duration::from_secs(5);

/// The exit code for what goes wrong here and not in the command.
const OWN_FAILURE: u8 = 125;

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a program's own messages")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command: Vec<OsString> = match arguments.next() {
        Some(dashes) if dashes == "--" => arguments.collect(),
        _ => Vec::new(),
    };
    if command.is_empty() {
        eprintln!("usage: with-databases -- COMMAND [ARGUMENT…]");
        return ExitCode::from(OWN_FAILURE);
    }
    match run(&command).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("with-databases: {}", chain(&*error));
            ExitCode::from(OWN_FAILURE)
        }
    }
}

/// Runs everything; the exit code is the command's, or 128 and the signal's number.
async fn run(command: &[OsString]) -> Result<u8, Box<dyn Error>> {
    let stop_signal = stop_signal()?;
    tokio::pin!(stop_signal);

    let servers = tokio::select! {
        servers = start() => servers?,
        signal = &mut stop_signal => return Ok(signal_code(signal)),
    };
    let mut child = spawn(command, &servers)?;
    let code = tokio::select! {
        status = child.wait() => exit_code(status?),
        signal = &mut stop_signal => {
            end(&mut child, signal).await?;
            signal_code(signal)
        }
    };
    let [mut mariadb, mut mysql] = servers;
    tokio::try_join!(mariadb.stop(), mysql.stop())?;
    Ok(code)
}

async fn start() -> Result<[DatabaseServer; 2], DatabaseError> {
    let [mariadb, mysql] = Flavor::ALL;
    tokio::try_join!(DatabaseServer::start(mariadb), DatabaseServer::start(mysql)).map(Into::into)
}

fn spawn(command: &[OsString], servers: &[DatabaseServer]) -> Result<Child, Box<dyn Error>> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    let urls = servers.iter().map(|server| (server.flavor().variable(), server.address().admin_url()));
    Command::new(program)
        .args(arguments)
        .envs(urls)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", program.to_string_lossy()).into())
}

/// The first of the signals that ask a program to end.
fn stop_signal() -> std::io::Result<impl Future<Output = Signal>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Signal::INT,
            _ = terminate.recv() => Signal::TERM,
            _ = hangup.recv() => Signal::HUP,
        }
    })
}

/// Hands the signal on to the command and all that it started, and kills what does not end by it.
async fn end(child: &mut Child, signal: Signal) -> std::io::Result<()> {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let Some(group) = group else { return Ok(()) };
    kill_process_group(group, signal)?;
    let ended = tokio::time::timeout(GRACE, child.wait()).await;
    // The command may be gone and leave others of its group behind. Where nobody is left, there is nothing to kill.
    let _ = kill_process_group(group, Signal::KILL);
    match ended {
        Ok(status) => status.map(drop),
        Err(_) => child.wait().await.map(drop),
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;

    match (status.code(), status.signal()) {
        (Some(code), _) => u8::try_from(code).unwrap_or(OWN_FAILURE),
        (None, Some(signal)) => u8::try_from(128 + signal).unwrap_or(OWN_FAILURE),
        (None, None) => OWN_FAILURE,
    }
}

fn signal_code(signal: Signal) -> u8 {
    u8::try_from(128 + signal.as_raw()).unwrap_or(OWN_FAILURE)
}

/// The error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
