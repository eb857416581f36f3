//! An import by the streaming form.

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
