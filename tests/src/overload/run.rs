use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use identity_core::{Error, IdentifyRequest, IdentityResolver};
use tokio::task::JoinSet;

use super::delays::Delays;
use super::outcome::Outcome;

/// How many call at once while it is found out how much can be served.
const CALLERS: usize = 256;

/// How many times as much is offered.
const TIMES: f64 = 10.0;

const TICK: Duration = Duration::from_millis(1);

/// Calls the database at `url` for `time` with ten times as much as it serves. The queue is as long as what is served in an
/// eighth of a second: those who wait at the end are mostly new people, since the others are answered while these wait to be
/// written, and they take several times as long as the mixture by which the capacity was found.
///
/// # Errors
/// Where the database cannot be reached at all. What becomes of the calls is in the outcome.
pub async fn overload(url: &str, time: Duration) -> Result<Outcome, Error> {
    let calm = IdentityResolver::connect(url).await?;
    let next = Arc::new(AtomicU64::new(0));
    let capacity = capacity(&calm, &next, (time / 5).max(Duration::from_secs(1))).await;
    calm.close().await;
    let queue_length = (capacity / 8.0) as usize;
    let resolver = IdentityResolver::builder().queue_length(queue_length).connect(url).await?;
    let load = Arc::new(Load::new(resolver, next));
    let (memory, over) = load.offer(capacity * TIMES, time).await;
    load.drain().await;
    let recovered = over.elapsed();
    load.resolver.close().await;
    let counted = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    Ok(Outcome {
        time,
        capacity,
        offered: counted(&load.offered),
        served: counted(&load.served),
        refused: load.refusals.count(),
        failed: counted(&load.failed),
        refusals_p99: load.refusals.at(0.99),
        refusals_max: load.refusals.at(1.0),
        memory,
        recovered,
    })
}

/// Every other call is somebody new; the others are somebody who may be known.
fn request(n: u64) -> IdentifyRequest {
    let person = if n.is_multiple_of(2) { n } else { fastrand::u64(..=n / 2) * 2 };
    IdentifyRequest::new().email(format!("{person}@x.io")).phone_number(person)
}

/// Calls served a second where each caller waits for its answer.
async fn capacity(resolver: &IdentityResolver, next: &Arc<AtomicU64>, time: Duration) -> f64 {
    let (start, over) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (resolver, next, over) = (resolver.clone(), Arc::clone(next), Arc::clone(&over));
        callers.spawn(async move {
            let mut served = 0;
            while !over.load(Ordering::Relaxed) {
                let answer = resolver.identify(request(next.fetch_add(1, Ordering::Relaxed))).await;
                served += u64::from(answer.is_ok());
            }
            served
        });
    }
    tokio::time::sleep(time).await;
    over.store(true, Ordering::Relaxed);
    let served: u64 = callers.join_all().await.into_iter().sum();
    served as f64 / start.elapsed().as_secs_f64()
}

/// Calls that wait for no answer, and what becomes of them.
#[derive(Debug)]
struct Load {
    resolver: IdentityResolver,
    next: Arc<AtomicU64>,
    offered: AtomicU64,
    served: AtomicU64,
    failed: AtomicU64,
    /// Those that are answered, refused or failed.
    ended: AtomicU64,
    refusals: Delays,
}

impl Load {
    fn new(resolver: IdentityResolver, next: Arc<AtomicU64>) -> Self {
        Self {
            resolver,
            next,
            offered: AtomicU64::new(0),
            served: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            refusals: Delays::new(),
        }
    }

    /// Makes so many calls a second; tells the most memory of the first and of the last third of the time, and when the last
    /// call was made.
    async fn offer(self: &Arc<Self>, per_second: f64, time: Duration) -> ([u64; 2], Instant) {
        let start = Instant::now();
        let mut last = start;
        let mut ticks = tokio::time::interval(TICK);
        let mut memory = [0, 0];
        let mut due_before = 0.0;
        while start.elapsed() < time {
            ticks.tick().await;
            let due = start.elapsed().as_secs_f64() * per_second;
            for _ in 0..(due - due_before) as u64 {
                due_before += 1.0;
                self.offered.fetch_add(1, Ordering::Relaxed);
                // Whoever is refused is so at once, and need not become a task for it: ten times what can be served is more tasks
                // than two cores can start beside serving.
                let mut call = Box::pin(Arc::clone(self).call());
                if call.as_mut().now_or_never().is_none() {
                    tokio::spawn(call);
                }
                last = Instant::now();
            }
            let third = (start.elapsed().as_secs_f64() / time.as_secs_f64() * 3.0) as usize;
            if let Some(most) = [Some(0), None, Some(1)].get(third).copied().flatten() {
                memory[most] = memory[most].max(resident());
            }
        }
        (memory, last)
    }

    async fn call(self: Arc<Self>) {
        let request = request(self.next.fetch_add(1, Ordering::Relaxed));
        let begun = Instant::now();
        match self.resolver.identify(request).await {
            Ok(_) => {
                self.served.fetch_add(1, Ordering::Relaxed);
            }
            Err(Error::Overloaded) => self.refusals.add(begun.elapsed()),
            Err(_) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until all are answered who were there at the end, and somebody new is.
    async fn drain(&self) {
        while self.ended.load(Ordering::SeqCst) < self.offered.load(Ordering::SeqCst) {
            tokio::time::sleep(TICK).await;
        }
        while self.resolver.identify(request(0)).await.is_err() {
            tokio::time::sleep(TICK).await;
        }
    }
}

/// The memory of this process that is in use, in bytes; 0 where the system does not tell.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|pages| pages.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or_default() * rustix::param::page_size() as u64
}
