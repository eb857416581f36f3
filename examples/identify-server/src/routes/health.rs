//! `GET /healthz` and `GET /readyz`, for whoever restarts the process or sends requests to it.

use std::time::Duration;

use identity_core::IdentityResolver;
use serde::Serialize;
use tokio::time::timeout;
use warp::reply::{Json, Response};
use warp::{Filter, Rejection, Reply};

use crate::chain::Chain;
use crate::problem::Problem;

/// How long the database may take to give a sign of life; whoever asks has more servers to ask.
const READY_WITHIN: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process lives, whatever the database does: restarting the one does not cure the other.
pub(super) fn live() -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static
{
    warp::get().map(|| warp::reply::json(&Health { status: "ok" }).into_response())
}

/// The database answers.
pub(super) fn ready(
    resolver: IdentityResolver,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::get().then(move || {
        let resolver = resolver.clone();
        async move { ping(&resolver).await.into_response() }
    })
}

async fn ping(resolver: &IdentityResolver) -> Result<Json, Problem> {
    match timeout(READY_WITHIN, resolver.ping()).await {
        Ok(Ok(())) => Ok(warp::reply::json(&Health { status: "ready" })),
        Ok(Err(error)) => {
            tracing::warn!("not ready: {}", Chain(&error));
            Err(Problem::unavailable("the contact database cannot be used now"))
        }
        Err(_) => {
            tracing::warn!("not ready: the contact database does not answer in time");
            Err(Problem::unavailable("the contact database does not answer in time"))
        }
    }
}
