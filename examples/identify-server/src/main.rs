//! The process: arguments, log, exit code. The rest is the library's.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use identify_server::{Chain, Options, start};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    log_to_stderr();
    match start(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not by the log, which RUST_LOG can turn off. Where stderr is closed, the exit code has to do.
            let _ = writeln!(std::io::stderr(), "identify-server: {}", Chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn log_to_stderr() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
