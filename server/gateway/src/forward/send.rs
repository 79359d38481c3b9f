use std::pin::pin;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};

use super::deadline::within;
use super::{ForwardError, Replay};
use crate::body::{RequestBody, ResponseBody};
use crate::remote::RemoteBackend;
use crate::upstream::{Connection, SendError, Upstream};

/// The pause before the first further attempt; it doubles. Long enough for a listener to come back after a restart,
/// short enough not to be felt.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// Sends `request` to `remote`'s upstream and returns when the answer has begun; counts in `attempts`.
///
/// A failed attempt is repeated, from `replay`, only for an idempotent method (RFC 9110, section 9.2.2) without a body,
/// at most `backend.retries` times, and never once an answer has begun. All attempts share one deadline. The request is
/// boxed because futures hand it on through several layers, and each would hold a copy of it.
pub(crate) async fn forward(
    remote: &RemoteBackend,
    request: Box<Request<RequestBody>>,
    replay: Option<&Replay>,
    attempts: &mut u32,
) -> Result<Response<ResponseBody>, ForwardError> {
    let progress = request.body().progress();
    let work = pin!(try_until(remote, request, replay, attempts));
    within(remote.timeout, progress.as_deref(), work).await
}

fn is_repeatable(request: &Request<RequestBody>) -> bool {
    let idempotent = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
    );
    idempotent && request.body().is_empty()
}

async fn try_until(
    remote: &RemoteBackend,
    first: Box<Request<RequestBody>>,
    replay: Option<&Replay>,
    attempts: &mut u32,
) -> Result<Response<ResponseBody>, ForwardError> {
    let repeatable = is_repeatable(&first);
    let mut retries = if repeatable { remote.retries } else { 0 };
    let mut next = first;
    let mut pause = FIRST_PAUSE;
    loop {
        *attempts += 1;
        let error = match attempt(remote, next, repeatable).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let again = replay.filter(|_| retries > 0 && error.is_transient()).map(Replay::request);
        next = again.ok_or(error)?;
        retries -= 1;
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

/// One attempt. A connection from the pool that turns out to be closed before anything was sent costs none.
async fn attempt(
    remote: &RemoteBackend,
    mut request: Box<Request<RequestBody>>,
    repeatable: bool,
) -> Result<Response<ResponseBody>, ForwardError> {
    let upstream = &remote.upstream;
    loop {
        let kept = upstream.pool.take(repeatable);
        let is_new = kept.is_none();
        let mut connection = match kept {
            Some(connection) => connection,
            // Rare, and its state is large: outside the future that every call pays for.
            None => Box::pin(open(upstream)).await?,
        };
        match connection.send(request).await {
            Ok(response) => return answered(response, connection, remote),
            Err(SendError::Unsent(unsent)) if !is_new => request = unsent,
            Err(SendError::Unsent(_)) => {
                return Err(ForwardError::Unreachable("a new connection closed at once".to_owned()));
            }
            Err(SendError::Broken(error)) => return Err(error.into()),
        }
    }
}

async fn open(upstream: &Upstream) -> Result<Connection, ForwardError> {
    Ok(Connection::open(upstream.dialer.dial().await?).await?)
}

fn answered(
    response: Response<hyper::body::Incoming>,
    connection: Connection,
    remote: &RemoteBackend,
) -> Result<Response<ResponseBody>, ForwardError> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(ForwardError::BadAnswer("it switches protocols unasked".to_owned()));
    }
    let (head, incoming) = response.into_parts();
    // Event streams may be silent for longer than any limit that would help against a hanging upstream; they end with
    // the session instead.
    let is_stream = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/event-stream");
    let pauses = head.headers.get(CONTENT_TYPE).is_some_and(is_stream);
    let pause_limit = (!pauses).then_some(remote.pause_limit);
    let body = ResponseBody::new(incoming, connection, remote.upstream.pool.clone(), pause_limit);
    Ok(Response::from_parts(head, body))
}
