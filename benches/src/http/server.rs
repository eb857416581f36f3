//! The server as its users run it: a release build, in a process of its own.

use std::net::SocketAddr;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Failure;

/// A running server. It ends along with this value.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    address: SocketAddr,
    _process: Child,
}

impl ServerProcess {
    /// Starts the program that lies beside this one, where `benches/run` builds it, and waits until it listens.
    ///
    /// # Errors
    /// Where it is not there, or ends.
    pub(crate) async fn start(database: &str) -> Result<Self, Failure> {
        let program = std::env::current_exe()?.with_file_name("identify-server");
        let mut process = Command::new(&program)
            // Not as arguments, which others on the machine can read.
            .env("DATABASE_URL", database)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}; benches/run builds it", program.display()))?;
        let stdout = process.stdout.take().ok_or("identify-server has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split_once(','));
        let (address, _) = address.ok_or("identify-server does not say where it listens")?;
        Ok(Self { address: address.parse()?, _process: process })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
