//! Which path answers what.
//!
//! Nothing is rejected in warp's sense, since its rejections become plain text and know no `Allow`: each path ends in an
//! answer to whatever other methods come, and all paths in one to whatever other paths.

mod health;
mod identify;

use std::convert::Infallible;

use identity_core::IdentityResolver;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

use crate::body::{RequestBody, body};
use crate::problem::Problem;

/// All paths; whatever is asked, the answer is JSON.
pub(crate) fn routes(
    resolver: IdentityResolver,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static {
    let identify = warp::path!("identify").and(identify::post(resolver.clone()).or(allow("POST")).unify());
    let healthz = warp::path!("healthz").and(health::live().or(allow("GET")).unify());
    let readyz = warp::path!("readyz").and(health::ready(resolver).or(allow("GET")).unify());
    let paths = identify.or(healthz).unify().or(readyz).unify();
    // Nothing gets as far as `recover`; it tells the compiler, and whoever adds a path, what would be said then.
    paths.or(refuse(Problem::not_found)).unify().recover(|_| internal()).unify()
}

/// The answer of a path that knows only `method`.
fn allow(method: &'static str) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    refuse(move || Problem::method_not_allowed(method))
}

fn refuse(
    problem: impl Fn() -> Problem + Clone + Send + Sync,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    body().map(move |body| {
        RequestBody::discard(body);
        problem().into_response()
    })
}

async fn internal() -> Result<Response, Infallible> {
    Ok(Problem::internal().into_response())
}
