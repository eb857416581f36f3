use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::checker::{self, Violation};
use super::error::Context;
use super::faults::{Fault, Settings, Stage};
use super::finale::Finale;
use super::history::History;
use super::options::WorkerOptions;
use super::plan::Plan;
use super::planted::Planted;
use super::scene::Scene;
use super::schedule::{Due, schedule};
use super::strokes::{Stroke, Strokes};
use super::tickets::Tickets;
use super::workers::{End, Workers};
use super::{ProveError, keep};

/// A planted bug may leave what no call gets past any more: it is found without those calls.
const PATIENCE_WITH_BUGS: Duration = Duration::from_secs(5);

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
    /// Which faults struck, and when.
    pub strokes: Vec<Stroke>,
    /// How long the calls took altogether.
    pub took: Duration,
    /// What the tables held at the end. Empty where the scene broke down.
    pub finale: Finale,
    /// What is broken.
    pub violations: Vec<Violation>,
    /// Why the calls were not made to their end, or the tables not read: [`Violation::BrokeDown`] is among the violations then.
    pub broke_down: Option<ProveError>,
}

impl Run {
    /// Makes the calls on a scene, and checks what came of them.
    ///
    /// # Errors
    /// [`ProveError`] where that cannot be done. Broken promises are no error, and neither is a scene that breaks down once there are
    /// workers: a server that does not start again, or a member that the others do not take back, may be what a lost commit looks
    /// like. What the workers saw is kept and checked all the same.
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
        let strokes = Strokes::default();
        let end = self.make_calls(Stage { scene, workers: &workers }, folder.path(), &strokes).await;
        let (took, strokes) = (start.elapsed(), strokes.so_far());
        if !matches!(end, Ok(End::Done)) {
            workers.kill().await?;
        }
        // Before anything is read that may not be readable.
        if let Some(file) = &self.keep {
            keep::write_histories(file, folder.path())?;
        }
        let history = History::read(folder.path(), &self.plan)?;
        let read = match end {
            Ok(end) => scene.finale().await.map(|finale| (end, finale)),
            Err(error) => Err(error),
        };
        let (end, finale) = match read {
            Ok(read) => read,
            Err(error) => {
                let mut violations = vec![Violation::BrokeDown];
                violations.extend(checker::check_replies(&history, &strokes));
                let finale = Finale::default();
                return Ok(Verdict { history, strokes, took, finale, violations, broke_down: Some(error) });
            }
        };
        if let Some(file) = &self.keep {
            keep::write_tables(file, &finale)?;
        }
        let mut violations = self.broken_off(end, &history, &strokes);
        if end == End::Done && self.processes > 1 && self.faults.contains(&Fault::Clock) {
            violations.extend(checker::check_times(&finale, scene.on(), took));
        }
        violations.extend(checker::check(&history, &finale, &strokes));
        Ok(Verdict { history, strokes, took, finale, violations, broke_down: None })
    }

    /// Has all calls made, and tells how that came to its end.
    async fn make_calls(
        &self,
        stage: Stage<'_>,
        histories: &Path,
        strokes: &Strokes,
    ) -> Result<End, ProveError> {
        let end = self.disturb(stage, strokes).await?;
        let missing = History::read(histories, &self.plan)?.missing(self.calls);
        if end != End::Done || missing.is_empty() {
            return Ok(end);
        }
        // Workers were killed between taking their tickets and beginning them.
        stage.workers.make(missing).await?;
        stage.workers.wait(self.patience(), strokes).await
    }

    /// Why the run is not the one that it was to be.
    fn broken_off(&self, end: End, history: &History, strokes: &[Stroke]) -> Vec<Violation> {
        match end {
            End::Stuck => vec![Violation::Stuck { after: self.patience() }],
            End::Failed(worker) => vec![Violation::WorkerFailed { worker }],
            End::Done => {
                let mut found = checker::never_struck(&self.faults, strokes);
                let missing = history.missing(self.calls).len() as u64;
                if missing > 0 {
                    found.push(Violation::CallsMissing { missing });
                }
                found
            }
        }
    }

    /// How long no call may begin, while nothing goes wrong around them, before the workers count as stuck.
    fn patience(&self) -> Duration {
        if self.planted.is_some() { PATIENCE_WITH_BUGS } else { checker::ANSWERED_WITHIN }
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
                unfinished: Vec::new(),
                history: PathBuf::new(),
                planted: self.planted,
            }
        };
        (0..self.processes).map(order).collect()
    }

    /// Strikes until the calls are over; tells how they came to be.
    async fn disturb(&self, stage: Stage<'_>, strokes: &Strokes) -> Result<End, ProveError> {
        let over = AtomicBool::new(false);
        let calls = async {
            let end = stage.workers.wait(self.patience(), strokes).await?;
            over.store(true, Ordering::Relaxed);
            Ok(end)
        };
        let (end, ()) = tokio::try_join!(calls, self.strike(stage, &over, strokes))?;
        Ok(end)
    }

    /// Makes the strokes of the schedule until the calls are over: the table tells how many of them that were. Some faults take very
    /// much longer than the calls between two strokes; the next one comes at once then.
    async fn strike(&self, stage: Stage<'_>, over: &AtomicBool, record: &Strokes) -> Result<(), ProveError> {
        for Due { after, fault, seed } in schedule(self.plan.seed, self.calls, &self.faults) {
            while stage.workers.taken() < after && !over.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            if over.load(Ordering::Relaxed) {
                break;
            }
            let Some(disturbance) = fault.disturbance() else { continue };
            let mut random = fastrand::Rng::with_seed(seed);
            stage.scene.seed_proxies(&mut random);
            record.begin(fault);
            let hits = disturbance.strike(stage, &mut random).await?;
            record.end(hits);
        }
        Ok(())
    }
}

/// A folder's files, in the order of their names.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, ProveError> {
    let reading = || "read the histories".to_owned();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).context(reading)? {
        files.push(entry.context(reading)?.path());
    }
    files.sort_unstable();
    Ok(files)
}
