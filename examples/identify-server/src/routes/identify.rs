//! `POST /identify`.

use bytes::Buf;
use futures_util::Stream;
use identity_core::{ConsolidatedContact, Error, IdentifyRequest, IdentityResolver};
use serde::Serialize;
use warp::http::HeaderMap;
use warp::reply::{Json, Response};
use warp::{Filter, Rejection, Reply};

use crate::body::{RequestBody, body};
use crate::chain::Chain;
use crate::media_type::is_json;
use crate::problem::Problem;

#[derive(Serialize)]
struct Identified {
    contact: ConsolidatedContact,
}

/// Finds out who the body is about.
pub(super) fn post(
    resolver: IdentityResolver,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    warp::post().and(warp::header::headers_cloned()).and(body()).then(move |headers: HeaderMap, body| {
        let resolver = resolver.clone();
        async move { identify(&resolver, &headers, body).await.into_response() }
    })
}

async fn identify<S, B, E>(
    resolver: &IdentityResolver,
    headers: &HeaderMap,
    body: RequestBody<S>,
) -> Result<Json, Problem>
where
    S: Stream<Item = Result<B, E>> + Unpin + Send + 'static,
    B: Buf,
{
    if !is_json(headers) {
        body.discard();
        return Err(Problem::not_json());
    }
    let bytes = body.read().await?;
    let result = match IdentifyRequest::from_json(&bytes) {
        Ok(request) => resolver.identify(request).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(contact) => Ok(warp::reply::json(&Identified { contact })),
        Err(error) => {
            log(&error);
            Err(Problem::from(&error))
        }
    }
}

/// What the server or its database is to blame for. No error of the library holds a value of a request.
fn log(error: &Error) {
    match error {
        Error::InvalidInput(_) => {}
        error if error.is_retryable() => tracing::warn!("cannot identify now: {}", Chain(error)),
        error => tracing::error!("cannot identify: {}", Chain(error)),
    }
}
