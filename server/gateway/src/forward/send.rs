use std::time::Duration;

use http::{Method, Request, Response};

use super::attempt::Attempts;
use super::deadline::Deadline;
use super::{ForwardError, Replay};
use crate::body::{RequestBody, ResponseBody};
use crate::remote::RemoteBackend;

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
    first: Box<Request<RequestBody>>,
    replay: Option<&Replay>,
    attempts: &mut u32,
) -> Result<Response<ResponseBody>, ForwardError> {
    let progress = first.body().progress();
    let repeatable = is_repeatable(&first);
    let deadline = Deadline::after(remote.timeout);
    let call = Attempts { remote, deadline, repeatable, progress: progress.as_deref() };
    let mut retries = if repeatable { remote.retries } else { 0 };
    let mut tried = Vec::new();
    let mut next = first;
    let mut pause = FIRST_PAUSE;
    loop {
        *attempts += 1;
        let error = match call.send(next, &mut tried).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let again = replay.filter(|_| retries > 0 && error.is_transient() && pause < deadline.left());
        next = again.map(Replay::request).ok_or(error)?;
        retries -= 1;
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

fn is_repeatable(request: &Request<RequestBody>) -> bool {
    let idempotent = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
    );
    idempotent && request.body().is_empty()
}
