//! A Node process that measures `benches/node/measure.mjs`: the npm package, and what backends write by hand.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::Failure;
use crate::measure::Measured;

/// Who answers in a Node process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    /// The npm package.
    Package,
    /// What was written by hand, on a pool of so many connections.
    Hand {
        /// How many.
        connections: u64,
    },
}

/// A running Node process. It ends along with this value.
#[derive(Debug)]
pub(crate) struct NodeProcess {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl NodeProcess {
    /// Starts one. The package and the examples are built by `benches/run`.
    ///
    /// # Errors
    /// Where there is no Node.
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut process = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/node/measure.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("node: {error}"))?;
        let input = process.stdin.take().ok_or("node has no input")?;
        let output = process.stdout.take().ok_or("node has no output")?;
        Ok(Self { input, output: BufReader::new(output).lines(), _process: process })
    }

    /// Has it read the requests of [`many`](Self::many) and [`memory`](Self::memory), one line of JSON each.
    ///
    /// # Errors
    /// What goes wrong in it.
    pub(crate) async fn visits(&mut self, file: &std::path::Path) -> Result<(), Failure> {
        self.ask(json!({ "do": "visits", "file": file })).await.map(drop)
    }

    /// All requests by one call of `identifyMany` on an empty memory store, again and again.
    ///
    /// # Errors
    /// What goes wrong in it.
    pub(crate) async fn many(&mut self, time: Duration) -> Result<Measured, Failure> {
        self.measure(json!({ "do": "many", "seconds": time.as_secs_f64() })).await
    }

    /// The requests over and over, by callers of `identify` on a memory store.
    ///
    /// # Errors
    /// What goes wrong in it.
    pub(crate) async fn memory(&mut self, callers: u64, time: Duration) -> Result<Measured, Failure> {
        self.measure(json!({ "do": "memory", "callers": callers, "seconds": time.as_secs_f64() })).await
    }

    /// Mixed work on a table of so many people.
    ///
    /// # Errors
    /// What goes wrong in it.
    pub(crate) async fn mysql(
        &mut self,
        by: By,
        url: &str,
        people: u64,
        callers: u64,
        time: Duration,
    ) -> Result<Measured, Failure> {
        let seconds = time.as_secs_f64();
        let connections = match by {
            By::Package => None,
            By::Hand { connections } => Some(connections),
        };
        self.measure(json!({
            "do": "mysql", "url": url, "byHandOn": connections, "people": people, "callers": callers,
            "seconds": seconds,
        }))
        .await
    }

    async fn measure(&mut self, command: Value) -> Result<Measured, Failure> {
        let answer = self.ask(command).await?;
        let figure = |name| answer.get(name).and_then(Value::as_f64);
        let p99 = Duration::from_secs_f64(figure("p99").unwrap_or_default() / 1e3);
        let per_second = figure("perSecond").ok_or("node measured nothing")?;
        Ok(Measured { per_second, p99, ..Measured::default() })
    }

    async fn ask(&mut self, command: Value) -> Result<Value, Failure> {
        self.input.write_all(format!("{command}\n").as_bytes()).await?;
        let line =
            self.output.next_line().await?.ok_or("the Node process ended; benches/run builds the package")?;
        Ok(serde_json::from_str(&line)?)
    }
}
