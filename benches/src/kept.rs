//! The lines so far, in a file after each of them: a full run takes long, and a line that fails must not lose those before it.

use std::io;
use std::path::PathBuf;

use crate::facts::heading;
use crate::report::{Line, markdown};
use crate::{Failure, Options};

/// What was measured.
#[derive(Debug)]
pub(crate) struct Kept {
    path: PathBuf,
    heading: String,
    server: Vec<String>,
    lines: Vec<Line>,
}

impl Kept {
    /// Nothing yet. The file's folder is made now, when it costs nobody an hour that it cannot be.
    ///
    /// # Errors
    /// Where it cannot be, or SQLite does not tell its settings.
    pub(crate) async fn new(options: &Options) -> Result<Self, Failure> {
        let path = options.keep.clone();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { path, heading: heading(options).await?, server: Vec::new(), lines: Vec::new() })
    }

    /// Adds a line, and what is known of the server now.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn add(&mut self, line: Line, server: Option<Vec<String>>) -> io::Result<()> {
        self.lines.push(line);
        self.server = server.unwrap_or_else(|| std::mem::take(&mut self.server));
        std::fs::write(&self.path, self.markdown())
    }

    /// The tables.
    pub(crate) fn markdown(&self) -> String {
        let server: String = self.server.iter().map(|fact| format!("- {fact}\n")).collect();
        markdown(&format!("{}{server}", self.heading), &self.lines)
    }

    /// Each bar that is missed.
    pub(crate) fn missed(&self) -> Vec<String> {
        self.lines.iter().flat_map(Line::missed).collect()
    }
}
