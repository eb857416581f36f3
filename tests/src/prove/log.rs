use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use identity_core::{ConsolidatedContact, Error};

use super::clock;
use super::history::Reply;

/// Where a worker writes its history.
#[derive(Debug)]
pub(super) struct Log(File);

impl Log {
    pub(super) fn create(file: &Path) -> io::Result<Self> {
        OpenOptions::new().append(true).create_new(true).open(file).map(Self)
    }

    /// Before the call is made.
    pub(super) fn begin(&self, number: u64) -> io::Result<()> {
        self.write(&format!("B {number} {}\n", clock::now()))
    }

    /// When it has ended, at `at`.
    pub(super) fn end(
        &self,
        number: u64,
        at: u64,
        answer: &Result<ConsolidatedContact, Error>,
    ) -> io::Result<()> {
        let line = match answer {
            Ok(reply) => {
                let reply = Reply::of(reply);
                let symbols = to_list(reply.symbols.iter().map(|symbol| symbol.number()));
                let secondaries = to_list(reply.secondaries.iter());
                format!("A {number} {at} {} {symbols} {secondaries}\n", reply.primary)
            }
            Err(error) => format!("F {number} {at} {:?}\n", error.kind()),
        };
        self.write(&line)
    }

    pub(super) fn conflict(&self) -> io::Result<()> {
        self.write(&format!("C {}\n", clock::now()))
    }

    /// That a batch was tried again so many times.
    pub(super) fn retry(&self, times: u64) -> io::Result<()> {
        self.write(&format!("R {} {times}\n", clock::now()))
    }

    /// One write(2): a file that is appended to takes lines of several threads whole.
    fn write(&self, line: &str) -> io::Result<()> {
        (&self.0).write_all(line.as_bytes())
    }
}

fn to_list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    if items.is_empty() { "-".to_owned() } else { items.join(",") }
}
