use std::pin::pin;
use std::time::Duration;

use http::{Request, Response};
use tokio::time::sleep;

use super::attempt::Attempts;
use super::{ForwardError, Replay};
use crate::body::{RequestBody, ResponseBody};

/// Sends `first`, and, when no answer has begun `after` that, the same once more to another endpoint; the answer that
/// begins first is the answer, and the other request's connection is closed. Only for what is safe to be done twice at
/// once: GET and HEAD.
pub(super) async fn hedged(
    call: &Attempts<'_>,
    first: Box<Request<RequestBody>>,
    replay: &Replay,
    after: Duration,
    attempts: &mut u32,
) -> Result<Response<ResponseBody>, ForwardError> {
    let upstream = &call.remote.upstream;
    let aim = upstream.endpoints.choose(&[]);
    let mut elsewhere: Vec<_> = aim.iter().cloned().collect();
    let mut tried = Vec::new();
    let mut first = pin!(call.send(first, aim, &mut tried));
    tokio::select! {
        biased;
        result = &mut first => return result,
        () = sleep(after) => {}
    }
    if !upstream.may_send_again() {
        return first.await;
    }
    *attempts += 1;
    upstream.tally.hedges.add();
    let mut second = pin!(call.send(replay.request(), None, &mut elsewhere));
    tokio::select! {
        biased;
        result = &mut first => if result.is_ok() { result } else { second.await },
        result = &mut second => if result.is_ok() { result } else { first.await },
    }
}
