//! Imports: by one call, and by the streaming form.

use std::time::{Duration, Instant};

use futures_util::{TryStreamExt, stream};
use identity_core::{Identified, IdentifyRequest, IdentityResolver, Progress};

use crate::Failure;

/// Identifies all of them, and hands on the ids of each; tells how long that took.
///
/// # Errors
/// The first error of a request.
pub(crate) async fn import<R>(
    resolver: &IdentityResolver,
    requests: R,
    progress: impl FnMut(Progress) + Send + 'static,
    mut each: impl FnMut(Identified),
) -> Result<Duration, Failure>
where
    R: IntoIterator<Item = IdentifyRequest>,
    R::IntoIter: Send + 'static,
{
    let start = Instant::now();
    let mut results = resolver.identify_stream_ids(stream::iter(requests), progress);
    while let Some(identified) = results.try_next().await? {
        each(identified);
    }
    Ok(start.elapsed())
}

/// Identifies all of them by one call, as whoever has the rows in memory would; tells how long that took.
///
/// # Errors
/// The first error of a request.
pub(crate) async fn import_many(
    resolver: &IdentityResolver,
    requests: Vec<IdentifyRequest>,
) -> Result<Duration, Failure> {
    let start = Instant::now();
    let replies = resolver.identify_many(requests).await;
    let took = start.elapsed();
    // To look at a million replies and to let them go is no part of it.
    for reply in replies {
        reply?;
    }
    Ok(took)
}
