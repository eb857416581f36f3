use std::collections::VecDeque;
use std::fs::File;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use identity_core::{IdentityResolver, StoreOptions};
use tokio::task::JoinSet;

use super::ProveError;
use super::clock;
use super::error::Context;
use super::log::Log;
use super::options::WorkerOptions;
use super::plan::Plan;
use super::retries::Retries;
use super::store;
use super::tickets::Tickets;

/// How long a database may be away before a worker that starts gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a caller waits before it calls again.
const PAUSE: Duration = Duration::from_millis(100);

/// Which calls to make: those that a worker before this one did not come to the end of, then those whose tickets it gets.
#[derive(Debug)]
struct Calls {
    unfinished: Mutex<VecDeque<u64>>,
    tickets: File,
}

impl Calls {
    fn next(&self) -> std::io::Result<Option<u64>> {
        let unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match unfinished {
            Some(number) => Ok(Some(number)),
            None => Tickets::next(&self.tickets),
        }
    }
}

/// Makes calls, several at once, until there are no more.
pub(super) async fn work(options: &WorkerOptions) -> Result<(), ProveError> {
    let log = Arc::new(Log::create(&options.history).context(|| "create the history".to_owned())?);
    tracing::subscriber::set_global_default(Retries::into(Arc::clone(&log)))
        .map_err(std::io::Error::other)
        .context(|| "follow the resolver's events".to_owned())?;
    let stdin = std::io::stdin().as_fd().try_clone_to_owned();
    let tickets = File::from(stdin.context(|| "read the tickets".to_owned())?);
    let unfinished = Mutex::new(options.unfinished.iter().copied().collect());
    let calls = Arc::new(Calls { unfinished, tickets });
    let resolver = connect(options, &log).await?;
    let plan = options.plan();
    let mut running = JoinSet::new();
    for _ in 0..options.tasks {
        running.spawn(call_again_and_again(plan, resolver.clone(), Arc::clone(&log), Arc::clone(&calls)));
    }
    while let Some(ended) = running.join_next().await {
        ended
            .map_err(std::io::Error::other)
            .and_then(|ended| ended)
            .context(|| "go on calling".to_owned())?;
    }
    resolver.close().await;
    Ok(())
}

/// As a caller should: one that failed is made again until it is answered, or a retry does not help. Who decides that it takes too
/// long is the checker.
async fn call_again_and_again(
    plan: Plan,
    resolver: IdentityResolver,
    log: Arc<Log>,
    calls: Arc<Calls>,
) -> std::io::Result<()> {
    while let Some(number) = calls.next()? {
        loop {
            let request = plan.call(number).request();
            log.begin(number)?;
            let answer = resolver.identify(request).await;
            log.end(number, clock::now(), &answer)?;
            if !answer.is_err_and(|error| error.is_retryable()) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

async fn connect(options: &WorkerOptions, log: &Arc<Log>) -> Result<IdentityResolver, ProveError> {
    let store_options = StoreOptions::default().max_connections(options.connections);
    let start = Instant::now();
    let store = loop {
        match store::connect(&options.url, store_options, options.planted, Arc::clone(log)).await {
            Err(error) if error.is_retryable() && start.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            outcome => break outcome?,
        }
    };
    let resolver = IdentityResolver::new(store);
    Ok(match options.deadline {
        Some(deadline) => resolver.with_deadline(Duration::from_millis(deadline)),
        None => resolver,
    })
}
