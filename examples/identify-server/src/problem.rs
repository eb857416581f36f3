//! Every answer that is not 200: the problems of RFC 9457.

use std::borrow::Cow;

use identity_core::{Error, Field, InvalidInput};
use serde::Serialize;
use warp::Reply;
use warp::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use warp::http::{HeaderName, HeaderValue, StatusCode};
use warp::reply::Response;

use crate::body;

/// What went wrong with a request, as its sender is told.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: Cow<'static, str>,
    field: Option<Field>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path")
    }

    /// `allow` lists the methods that the path knows.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("this path knows only {allow}"));
        problem.with(ALLOW, allow)
    }

    pub(crate) fn not_json() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json")
    }

    pub(crate) fn body_too_large() -> Self {
        let detail = format!("the body must have at most {} bytes", body::LIMIT);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    pub(crate) fn body_too_slow() -> Self {
        let detail = format!("the body must arrive within {} seconds", body::READ_WITHIN.as_secs());
        Self::new(StatusCode::REQUEST_TIMEOUT, detail)
    }

    pub(crate) fn body_incomplete() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "the body ended early")
    }

    /// Something is wrong that no request can help. Its sender is not told what: that is in the log.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server cannot answer this request")
    }

    /// Coming back later helps.
    pub(crate) fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).with(RETRY_AFTER, "1")
    }

    fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, detail: detail.into(), field: None, header: None }
    }

    fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, HeaderValue::from_static(value))), ..self }
    }
}

impl From<InvalidInput> for Problem {
    fn from(invalid: InvalidInput) -> Self {
        Self { field: invalid.field(), ..Self::new(StatusCode::BAD_REQUEST, invalid.to_string()) }
    }
}

impl From<&Error> for Problem {
    /// Without the error's sources: what a driver says is for the log.
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidInput(invalid) => Self::from(*invalid),
            error if error.is_retryable() => Self::unavailable(error.to_string()),
            _ => Self::internal(),
        }
    }
}

/// The members of a problem that RFC 9457 names, and `field`, an extension of ours.
#[derive(Serialize)]
struct Members<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl Reply for Problem {
    fn into_response(self) -> Response {
        let members = Members {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            field: self.field.map(Field::name),
        };
        let mut response = warp::reply::json(&members).into_response();
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(self.header);
        response
    }
}
