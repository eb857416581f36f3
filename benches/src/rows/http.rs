//! identify-server over HTTP beside the library in this process: the same tables, the same requests.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::turns::{balanced, take_turns};
use super::{at_least, rounds_of, with_p99};
use crate::http::{Connection, ServerProcess};
use crate::measure::{Measured, closed_loop, median};
use crate::report::Line;
use crate::scene::Scene;
use crate::work::{Source, Work};
use crate::{Failure, Options};

pub(super) const WORK: &str = "server over HTTP";

/// The line.
///
/// # Errors
/// What goes wrong while measuring.
pub(super) async fn line(options: &Options, scene: &Scene) -> Result<Line, Failure> {
    let ours = scene.ours().await?;
    let server = ServerProcess::start(&ours.database.url()).await?;
    let mut connections = Vec::new();
    for _ in 0..options.callers {
        connections.push(Mutex::new(Connection::open(server.address()).await?));
    }
    let connections = Arc::new(connections);
    let rounds = take_turns(options.rounds(), [true, false], async |over_http| match over_http {
        true => measure(options, &connections, &ours.source).await,
        false => ours.measure(options.callers, options.round(), Work::Mixed).await,
    });
    let [http, library] = rounds.await?.map(|rounds| median(&rounds));
    Ok(Line {
        work: WORK,
        rounds: rounds_of(balanced(2, options.rounds()), options.round()),
        figures: vec![("over HTTP", with_p99(http)), ("in this process", with_p99(library))],
        bars: vec![at_least("over HTTP / in this process", http.per_second / library.per_second, 0.5)],
    })
}

/// Each caller has a connection of its own, so that nobody waits for a lock.
async fn measure(
    options: &Options,
    connections: &Arc<Vec<Mutex<Connection>>>,
    source: &Arc<Source>,
) -> Result<Measured, Failure> {
    let (connections, source) = (Arc::clone(connections), Arc::clone(source));
    let call = move |caller: u64| {
        let (connections, source) = (Arc::clone(&connections), Arc::clone(&source));
        async move {
            let (email, phone) = source.next(Work::Mixed);
            connections[caller as usize].lock().await.identify(&email, &phone).await?;
            Ok(1)
        }
    };
    closed_loop(options.callers, options.round(), call).await
}
