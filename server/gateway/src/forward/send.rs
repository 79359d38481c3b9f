use std::sync::atomic::AtomicU32;
use std::time::Duration;

use http::{Method, Request, Response};
use portico_telemetry::trace::RequestTrace;

use super::admission::Admission;
use super::attempt::Attempts;
use super::deadline::Deadline;
use super::hedge::hedged;
use super::{ForwardError, Patience, Replay};
use crate::body::{RequestBody, ResponseBody};
use crate::remote::RemoteBackend;

/// The longest pause before the first further attempt; it doubles. Pauses are drawn from nothing to that (full jitter),
/// so that those who failed together do not come back together. Long enough for a listener to come back after a
/// restart, short enough not to be felt.
const FIRST_PAUSE: Duration = Duration::from_millis(40);
/// Further attempts of a call that the upstream says it has not looked at. They repeat nothing, so neither method nor
/// budget counts; but an upstream that refuses everything is not asked for ever.
const MAX_UNPROCESSED: u32 = 3;

/// Sends `request` to `remote`'s upstream and returns when the answer has begun, within the route's limit; counts in
/// `attempts`.
///
/// Nothing is sent while the upstream's breaker or the route's is open, or while it has as many calls under way as it can
/// take. A failed attempt is repeated, from `replay`, only for an idempotent method (RFC 9110, section 9.2.2) without a body,
/// at most `backend.retries` times, within the upstream's retry budget, and never once an answer has begun. One that the
/// upstream says it has not looked at is repeated whatever its method. All attempts share one deadline. The request is boxed
/// because futures hand it on through several layers, and each would hold a copy of it.
pub(crate) async fn forward(
    remote: &RemoteBackend,
    patience: Patience<'_>,
    trace: Option<&RequestTrace>,
    request: Box<Request<RequestBody>>,
    replay: Option<&Replay>,
    attempts: &mut u32,
) -> Result<Response<ResponseBody>, ForwardError> {
    let progress = request.body().progress();
    let admission = Admission::to(&remote.upstream, patience.breaker).await?;
    let call = Attempts {
        remote,
        deadline: Deadline::after(patience.limit),
        repeatable: is_repeatable(&request),
        progress: progress.as_deref(),
        trace,
        sent: AtomicU32::new(0),
    };
    let result = attempt(&call, request, replay, attempts).await;
    admission.conclude(&result);
    result
}

fn is_repeatable(request: &Request<RequestBody>) -> bool {
    let idempotent = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
    );
    idempotent && request.body().is_empty()
}

async fn attempt(
    call: &Attempts<'_>,
    first: Box<Request<RequestBody>>,
    replay: Option<&Replay>,
    attempts: &mut u32,
) -> Result<Response<ResponseBody>, ForwardError> {
    let upstream = &call.remote.upstream;
    let hedge = upstream.hedge_after.filter(|_| matches!(*first.method(), Method::GET | Method::HEAD));
    let mut retries = if call.repeatable { call.remote.retries } else { 0 };
    let mut tried = Vec::new();
    let mut next = first;
    let mut longest = FIRST_PAUSE;
    let mut unprocessed = 0;
    let mut aim = None;
    loop {
        *attempts += 1;
        let result = match (hedge, replay) {
            (Some(after), Some(replay)) if call.repeatable => {
                Box::pin(hedged(call, next, replay, after, attempts)).await
            }
            _ => call.send(next, aim.take(), &mut tried).await,
        };
        let error = match result {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        if error.wants_http1() {
            // It takes the request after all, in another way.
            aim = tried.pop();
        }
        let is_free = error.is_unprocessed() && unprocessed < MAX_UNPROCESSED;
        let may_repeat = is_free || retries > 0 && error.is_transient();
        let Some(replay) = replay.filter(|_| may_repeat) else { return Err(error) };
        let pause = jittered(call, longest);
        if pause >= call.deadline.left() || !is_free && !upstream.may_send_again() {
            return Err(error);
        }
        upstream.tally.retries.add();
        tokio::time::sleep(pause).await;
        next = replay.request();
        match is_free {
            true => unprocessed += 1,
            false => retries -= 1,
        }
        longest *= 2;
    }
}

fn jittered(call: &Attempts<'_>, longest: Duration) -> Duration {
    let bound = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(call.remote.upstream.draw.below(bound))
}
