use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use identity_core::ErrorKind;
use tempfile::TempDir;

use super::checker::{self, Violation};
use super::error::Context;
use super::faults::{Disturb, Fault, Settings, Stage};
use super::finale::Finale;
use super::history::History;
use super::options::WorkerOptions;
use super::plan::Plan;
use super::planted::Planted;
use super::scene::Scene;
use super::tickets::Tickets;
use super::workers::Workers;
use super::{ProveError, keep};

/// How long no call may begin before the workers count as stuck: longer than any server takes to come back.
const PATIENCE: Duration = Duration::from_secs(180);

/// How many calls there are for one stroke of a fault, and how many strokes each fault has at least.
const CALLS_PER_STROKE: u64 = 2_000;
const STROKES: u64 = 2;

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The program `prove`, which is also the workers.
    pub program: PathBuf,
    /// What is called.
    pub plan: Plan,
    /// How many calls there are.
    pub calls: u64,
    /// How many processes make them.
    pub processes: usize,
    /// How many calls each process makes at once.
    pub tasks: usize,
    /// What goes wrong meanwhile.
    pub faults: Vec<Fault>,
    /// The bug of the workers' store.
    pub planted: Option<Planted>,
    /// Where histories and tables are kept.
    pub keep: Option<PathBuf>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Verdict {
    /// What the workers saw.
    pub history: History,
    /// How often each fault struck.
    pub strokes: Vec<(Fault, u64)>,
    /// How long the calls took altogether.
    pub took: Duration,
    /// What is broken.
    pub violations: Vec<Violation>,
}

impl Run {
    /// Makes the calls on a scene, and checks what came of them.
    ///
    /// # Errors
    /// [`ProveError`] where that cannot be done. Broken promises are no error.
    pub async fn on(&self, scene: &Scene) -> Result<Verdict, ProveError> {
        if let Some(fault) = self.faults.iter().find(|fault| !fault.can_happen_on(scene.on())) {
            return Err(ProveError::NotHere { fault: *fault, on: scene.on() });
        }
        if scene.urls().len() > 1 {
            // Members that create the same tables at once are more than clusters promise to bear. On a single server, and on
            // a file, the workers do it themselves.
            scene.prepare().await?;
        }
        let folder: TempDir = tempfile::tempdir().context(|| "make a folder".to_owned())?;
        let tickets = Tickets::print(self.calls)?;
        let start = Instant::now();
        let workers = Workers::start(&self.program, folder.path(), tickets, self.orders(scene))?;
        let strokes = self.disturb(Stage { scene, workers: &workers }).await?;
        let took = start.elapsed();
        let history = History::read(folder.path(), &self.plan)?;
        let finale = scene.finale().await?;
        if let Some(file) = &self.keep {
            keep::write(file, folder.path(), &finale)?;
        }
        let violations = self.check(&history, &finale);
        Ok(Verdict { history, strokes, took, violations })
    }

    fn check(&self, history: &History, finale: &Finale) -> Vec<Violation> {
        let allowed: Vec<ErrorKind> = self.faults.iter().flat_map(|fault| fault.allows()).copied().collect();
        checker::check(history, finale, &allowed)
    }

    /// What each worker is told.
    fn orders(&self, scene: &Scene) -> Vec<WorkerOptions> {
        let urls = scene.urls();
        let order = |worker: usize| {
            let mut settings = Settings::default();
            for fault in &self.faults {
                fault.settings(worker, &mut settings);
            }
            WorkerOptions {
                url: urls[worker % urls.len()].clone(),
                seed: self.plan.seed,
                identifiers: self.plan.identifiers,
                calls_per_group: self.plan.calls_per_group,
                tasks: self.tasks,
                connections: settings.connections,
                deadline: settings.deadline,
                clock_ahead: settings.clock_ahead,
                history: PathBuf::new(),
                planted: self.planted,
            }
        };
        (0..self.processes).map(order).collect()
    }

    /// Strikes until the calls are over; tells how often each fault did.
    async fn disturb(&self, stage: Stage<'_>) -> Result<Vec<(Fault, u64)>, ProveError> {
        let over = AtomicBool::new(false);
        let calls = async {
            stage.workers.wait(PATIENCE).await?;
            over.store(true, Ordering::Relaxed);
            Ok(())
        };
        let ((), strokes) = tokio::try_join!(calls, self.strike(stage, &over))?;
        Ok(strokes)
    }

    /// Strokes are spread over the calls, not over time: the run may be quick or slow. Some faults take very much longer than
    /// the calls between two strokes; the next one comes at once then.
    async fn strike(&self, stage: Stage<'_>, over: &AtomicBool) -> Result<Vec<(Fault, u64)>, ProveError> {
        let mut faults: Vec<(Fault, Box<dyn Disturb>)> =
            self.faults.iter().filter_map(|fault| Some((*fault, fault.disturbance()?))).collect();
        let mut struck: Vec<(Fault, u64)> = self.faults.iter().map(|fault| (*fault, 0)).collect();
        let mut random = fastrand::Rng::with_seed(self.plan.seed);
        let strokes = (faults.len() as u64 * STROKES).max(self.calls / CALLS_PER_STROKE);
        let mut marks: Vec<u64> =
            (0..strokes).map(|_| random.u64(self.calls / 50..=self.calls * 9 / 10)).collect();
        marks.sort_unstable();
        let mut round = 0..0;
        for mark in marks {
            if faults.is_empty() {
                break;
            }
            while stage.workers.taken() < mark && !over.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            if over.load(Ordering::Relaxed) {
                break;
            }
            // Each of them once, then each once more in another order.
            if round.is_empty() {
                random.shuffle(&mut faults);
                round = 0..faults.len();
            }
            let (fault, disturbance) = &faults[round.next().unwrap_or_default()];
            disturbance.strike(stage, &mut random).await?;
            if let Some((_, count)) = struck.iter_mut().find(|(name, _)| name == fault) {
                *count += 1;
            }
        }
        let missed = struck.iter().find(|(fault, count)| *count == 0 && fault.disturbance().is_some());
        match missed {
            Some((fault, _)) => Err(ProveError::NeverStruck(*fault)),
            None => Ok(struck),
        }
    }
}

/// A folder's files, in the order of their names.
pub(super) fn files(folder: &std::path::Path) -> Result<Vec<PathBuf>, ProveError> {
    let reading = || "read the histories".to_owned();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).context(reading)? {
        files.push(entry.context(reading)?.path());
    }
    files.sort_unstable();
    Ok(files)
}
