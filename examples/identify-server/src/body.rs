//! Reading a request's body, with bounds on its size and its time.

use std::time::Duration;

use bytes::{Buf, BufMut};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;
use warp::http::header::{CONTENT_LENGTH, EXPECT};
use warp::http::{HeaderMap, HeaderValue};
use warp::{Filter, Rejection};

use crate::problem::Problem;

/// The most bytes that a body may have.
pub(crate) const LIMIT: usize = 64 * 1024;

/// How long a body may take to arrive.
pub(crate) const READ_WITHIN: Duration = Duration::from_secs(30);

/// How much of a body that nobody wants is read, and for how long.
const DISCARD: usize = 1024 * 1024;
const DISCARD_WITHIN: Duration = Duration::from_secs(5);

/// A body that was not read yet.
#[derive(Debug)]
pub(crate) struct RequestBody<S> {
    stream: S,
    /// What the header Content-Length says; a chunked body has none.
    length: Option<usize>,
    /// Whether the client waits to be asked for the body before it sends it.
    held_back: bool,
}

/// Takes the request's body.
pub(crate) fn body() -> impl Filter<
    Extract = (RequestBody<impl Stream<Item = Result<impl Buf, warp::Error>> + Unpin + Send + 'static>,),
    Error = Rejection,
> + Clone {
    warp::header::headers_cloned().and(warp::body::stream()).map(|headers: HeaderMap, stream| RequestBody {
        stream,
        length: headers.get(CONTENT_LENGTH).and_then(length),
        held_back: headers.contains_key(EXPECT),
    })
}

/// A length beyond `usize` is as good as the largest.
fn length(value: &HeaderValue) -> Option<usize> {
    let digits = value.to_str().ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().unwrap_or(usize::MAX))
}

impl<S, B, E> RequestBody<S>
where
    S: Stream<Item = Result<B, E>> + Unpin + Send + 'static,
    B: Buf,
{
    /// All of the body, whether its length was announced or not. Never holds more than [`LIMIT`] bytes.
    pub(crate) async fn read(mut self) -> Result<Vec<u8>, Problem> {
        match timeout(READ_WITHIN, self.collect()).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(Failure::Incomplete)) => Err(Problem::body_incomplete()),
            Ok(Err(Failure::TooLarge)) => {
                self.discard();
                Err(Problem::body_too_large())
            }
            Err(_) => Err(Problem::body_too_slow()),
        }
    }

    async fn collect(&mut self) -> Result<Vec<u8>, Failure> {
        let length = self.length.unwrap_or_default();
        if length > LIMIT {
            return Err(Failure::TooLarge);
        }
        let mut bytes = Vec::new();
        while let Some(part) = self.stream.next().await {
            let part = part.map_err(|_| Failure::Incomplete)?;
            if part.remaining() > LIMIT - bytes.len() {
                return Err(Failure::TooLarge);
            }
            bytes.put(part);
        }
        Ok(bytes)
    }

    /// Reads on in the background, up to a bound, and forgets what it reads, while the answer is sent already.
    ///
    /// Closing a connection on which unread bytes lie resets it, and the client, which is still sending, would not see
    /// the answer.
    pub(crate) fn discard(mut self) {
        if self.held_back {
            // Reading would ask for what the answer makes needless.
            return;
        }
        let read = async move {
            let mut left = DISCARD;
            while let Some(Ok(part)) = self.stream.next().await {
                left = left.saturating_sub(part.remaining());
                if left == 0 {
                    break;
                }
            }
        };
        tokio::spawn(timeout(DISCARD_WITHIN, read));
    }
}

enum Failure {
    TooLarge,
    Incomplete,
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{iter, pending};
    use tokio::time::Instant;
    use warp::Reply;

    use super::*;

    fn parts(
        sizes: &[usize],
    ) -> RequestBody<impl Stream<Item = Result<&'static [u8], ()>> + Unpin + Send + 'static> {
        static ZEROS: [u8; LIMIT + 1] = [0; LIMIT + 1];
        let parts: Vec<_> = sizes.iter().map(|&size| Ok(&ZEROS[..size])).collect();
        RequestBody { stream: iter(parts), length: None, held_back: false }
    }

    fn status(result: Result<Vec<u8>, Problem>) -> u16 {
        result.unwrap_err().into_response().status().as_u16()
    }

    #[tokio::test]
    async fn up_to_the_limit_in_parts() {
        assert_eq!(parts(&[]).read().await.unwrap().len(), 0);
        assert_eq!(parts(&[LIMIT]).read().await.unwrap().len(), LIMIT);
        assert_eq!(parts(&[LIMIT - 1, 0, 1]).read().await.unwrap().len(), LIMIT);
        assert_eq!(status(parts(&[LIMIT + 1]).read().await), 413);
        assert_eq!(status(parts(&[LIMIT, 1]).read().await), 413);
    }

    #[tokio::test]
    async fn an_announced_length_is_believed() {
        let body = RequestBody { length: Some(LIMIT + 1), ..parts(&[1]) };
        assert_eq!(status(body.read().await), 413);
    }

    #[tokio::test]
    async fn a_broken_body_is_a_bad_request() {
        let stream = iter([Ok(&b"{"[..]), Err(())]);
        assert_eq!(status(RequestBody { stream, length: None, held_back: false }.read().await), 400);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_given_up() {
        let stream = pending::<Result<&[u8], ()>>();
        let begun = Instant::now();
        assert_eq!(status(RequestBody { stream, length: None, held_back: false }.read().await), 408);
        assert_eq!(begun.elapsed().as_secs(), READ_WITHIN.as_secs());
    }

    #[test]
    fn lengths_beyond_all_bounds_are_too_large() {
        assert_eq!(length(&HeaderValue::from_static("17")), Some(17));
        assert_eq!(length(&HeaderValue::from_static("99999999999999999999999")), Some(usize::MAX));
        assert_eq!(length(&HeaderValue::from_static("-1")), None);
    }
}
