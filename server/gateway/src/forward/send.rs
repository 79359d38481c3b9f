use std::time::Duration;

use http::{Method, Request, Response, StatusCode};

use super::deadline::within;
use super::{ForwardError, Replay};
use crate::body::{RequestBody, ResponseBody};
use crate::remote::RemoteBackend;
use crate::upstream::{Connection, SendError, Upstream};

/// The pause before the first further attempt; it doubles. Long enough for a listener to come back after a restart,
/// short enough not to be felt.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// An upstream's answer, and how many attempts it took.
pub(crate) struct Answered {
    pub(crate) response: Response<ResponseBody>,
    pub(crate) attempts: u32,
}

/// Sends `request` to `remote`'s upstream and returns when the answer has begun.
///
/// A failed attempt is repeated only for an idempotent method (RFC 9110, section 9.2.2) without a body, at most
/// `backend.retries` times, and never once an answer has begun. All attempts share one deadline.
pub(crate) async fn forward(
    remote: &RemoteBackend,
    request: Request<RequestBody>,
) -> Result<Answered, ForwardError> {
    let progress = request.body().progress();
    let repeatable = is_repeatable(&request);
    let work = attempts(remote, request, repeatable);
    within(remote.timeout, progress.as_deref(), work).await
}

fn is_repeatable(request: &Request<RequestBody>) -> bool {
    let idempotent = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
    );
    idempotent && request.body().is_empty()
}

async fn attempts(
    remote: &RemoteBackend,
    first: Request<RequestBody>,
    repeatable: bool,
) -> Result<Answered, ForwardError> {
    let replay = if repeatable && remote.retries > 0 { Replay::of(&first) } else { None };
    let mut request = Some(first);
    let mut attempts = 0;
    let mut pause = FIRST_PAUSE;
    loop {
        let next = request.take().or_else(|| replay.as_ref()?.request());
        let Some(next) = next else {
            return Err(ForwardError::BadAnswer("the request cannot be made again".to_owned()));
        };
        attempts += 1;
        let error = match attempt(&remote.upstream, next, repeatable).await {
            Ok(response) => return Ok(Answered { response, attempts }),
            Err(error) => error,
        };
        if replay.is_none() || attempts > remote.retries || !error.is_transient() {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

/// One attempt. A connection from the pool that turns out to be closed before anything was sent costs none.
async fn attempt(
    upstream: &Upstream,
    mut request: Request<RequestBody>,
    repeatable: bool,
) -> Result<Response<ResponseBody>, ForwardError> {
    loop {
        let kept = upstream.pool.take(repeatable);
        let is_new = kept.is_none();
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(upstream.dialer.dial().await?).await?,
        };
        match connection.send(request).await {
            Ok(response) => return answered(response, connection, upstream),
            Err(SendError::Unsent(unsent)) if !is_new => request = *unsent,
            Err(SendError::Unsent(_)) => {
                return Err(ForwardError::Unreachable("a new connection closed at once".to_owned()));
            }
            Err(SendError::Broken(error)) => return Err(error.into()),
        }
    }
}

fn answered(
    response: Response<hyper::body::Incoming>,
    connection: Connection,
    upstream: &Upstream,
) -> Result<Response<ResponseBody>, ForwardError> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(ForwardError::BadAnswer("it switches protocols unasked".to_owned()));
    }
    let (head, incoming) = response.into_parts();
    let body = ResponseBody::new(incoming, connection, upstream.pool.clone());
    Ok(Response::from_parts(head, body))
}
