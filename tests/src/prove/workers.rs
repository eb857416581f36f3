use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::error::Context;
use super::faults::clock;
use super::history::History;
use super::strokes::Strokes;
use super::tickets::Tickets;
use super::{ProveError, WorkerOptions};

/// The worker processes, seen from their parent.
#[derive(Debug)]
pub struct Workers {
    program: PathBuf,
    /// Where their histories are.
    folder: PathBuf,
    tickets: Tickets,
    places: Vec<Mutex<Place>>,
}

/// What one process does, and another one after that was killed.
#[derive(Debug)]
struct Place {
    number: usize,
    options: WorkerOptions,
    /// How many processes were here already.
    lives: usize,
    child: Child,
}

impl Workers {
    /// Starts one process for each of `options`, whose histories go into files of `folder`.
    pub(super) fn start(
        program: &Path,
        folder: &Path,
        tickets: Tickets,
        options: Vec<WorkerOptions>,
    ) -> Result<Self, ProveError> {
        let places = options.into_iter().enumerate().map(|(number, options)| {
            let child = spawn(program, folder, &tickets, &options, number, 0)?;
            Ok(Mutex::new(Place { number, options, lives: 0, child }))
        });
        let places = places.collect::<Result<_, ProveError>>()?;
        Ok(Self { program: program.to_owned(), folder: folder.to_owned(), tickets, places })
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "a run without workers makes no call")]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// How many calls were begun, or are about to be.
    pub fn taken(&self) -> u64 {
        self.tickets.taken()
    }

    /// Kills one (SIGKILL), and puts another one into its place, which makes those calls first that it did not come to the end of.
    /// One that has ended stays so, and false says that.
    ///
    /// # Errors
    /// [`ProveError::Io`] where the system refuses, [`ProveError::History`] where it has written what none does.
    pub async fn replace(&self, number: usize) -> Result<bool, ProveError> {
        let mut place = self.places[number].lock().await;
        if place.status()?.is_some() {
            return Ok(false);
        }
        place.child.kill().await.context(|| "kill a worker".to_owned())?;
        let lives = 0..=place.lives;
        let files: Vec<_> =
            lives.map(|life| history(&self.folder, number, life)).filter(|file| file.exists()).collect();
        let unfinished = History::read_files(&files, &place.options.plan())?.unanswered();
        self.live_again(&mut place, unfinished)?;
        Ok(true)
    }

    /// Has one of those that have all ended make some more calls.
    pub(super) async fn make(&self, calls: Vec<u64>) -> Result<(), ProveError> {
        match self.places.first() {
            Some(place) => self.live_again(&mut *place.lock().await, calls),
            None => Ok(()),
        }
    }

    fn live_again(&self, place: &mut Place, unfinished: Vec<u64>) -> Result<(), ProveError> {
        place.lives += 1;
        place.options.unfinished = unfinished;
        place.child =
            spawn(&self.program, &self.folder, &self.tickets, &place.options, place.number, place.lives)?;
        Ok(())
    }

    /// Kills those that run.
    pub(super) async fn kill(&self) -> Result<(), ProveError> {
        for place in &self.places {
            place.lock().await.child.kill().await.context(|| "kill a worker".to_owned())?;
        }
        Ok(())
    }

    /// Waits until all have ended, or until it is clear that they do not come to that: one has failed, or no more calls were begun
    /// for `patience`, in which nothing went wrong around them.
    pub(super) async fn wait(&self, patience: Duration, strokes: &Strokes) -> Result<End, ProveError> {
        const POLL: Duration = Duration::from_millis(10);
        let (mut taken, mut since) = (self.taken(), Instant::now());
        loop {
            let mut running = 0;
            for place in &self.places {
                // A place that is being filled anew is running.
                let Ok(mut place) = place.try_lock() else {
                    running += 1;
                    continue;
                };
                match place.status()? {
                    Some(status) if status.success() => {}
                    Some(_) => return Ok(End::Failed(place.number)),
                    None => running += 1,
                }
            }
            if running == 0 {
                return Ok(End::Done);
            }
            if taken != self.taken() || !strokes.is_calm() {
                (taken, since) = (self.taken(), Instant::now());
            }
            if since.elapsed() > patience {
                return Ok(End::Stuck);
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// What the workers came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There are no more calls to make.
    Done,
    /// They go on, and nothing comes of it.
    Stuck,
    /// One ended by itself, and not well: it panicked, say.
    Failed(usize),
}

impl Place {
    fn status(&mut self) -> Result<Option<ExitStatus>, ProveError> {
        self.child.try_wait().context(|| "look after a worker".to_owned())
    }
}

fn history(folder: &Path, number: usize, life: usize) -> PathBuf {
    folder.join(format!("worker-{number}-{life}"))
}

fn spawn(
    program: &Path,
    folder: &Path,
    tickets: &Tickets,
    options: &WorkerOptions,
    number: usize,
    life: usize,
) -> Result<Child, ProveError> {
    let starting = || "start a worker".to_owned();
    let mut command = Command::new(program);
    command
        .args(options.arguments())
        .arg("--history")
        .arg(history(folder, number, life))
        .stdin(Stdio::from(tickets.share().context(starting)?))
        .stdout(Stdio::null())
        .kill_on_drop(true);
    clock::set(&mut command, options.clock_ahead)?;
    command.spawn().context(starting)
}
