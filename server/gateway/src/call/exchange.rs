use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body::Body;
use tokio::time::timeout;

use super::{Call, CallError};
use crate::body::{BoxError, RequestBody, ResponseBody};
use crate::forward::{ForwardError, Patience, Replay, forward};
use crate::token::{BearerToken, TokenSource};

/// Sends the request, whose answer must begin within the route's limit; when the upstream refuses the token, once more with a fresh
/// one. Counts in `attempts`.
pub(super) async fn exchange<T: TokenSource>(
    call: &Call<'_, T>,
    patience: Patience<'_>,
    request: Box<Request<RequestBody>>,
    token: Option<BearerToken>,
    attempts: &mut u32,
) -> Result<Response<ResponseBody>, CallError> {
    let replay = Replay::of(&request);
    let response = forward(call.remote, patience, call.trace, request, replay.as_ref(), attempts).await?;
    if response.status() != StatusCode::UNAUTHORIZED {
        return Ok(response);
    }
    drop(response);
    match token {
        // Boxed: rare, and as large as everything above.
        Some(token) => Box::pin(exchange_again(call, patience, replay, &token, attempts)).await,
        // The browser would take a 401 for the end of its session.
        None => Err(ForwardError::TokenRejected.into()),
    }
}

async fn exchange_again<T: TokenSource>(
    call: &Call<'_, T>,
    patience: Patience<'_>,
    replay: Option<Replay>,
    rejected: &BearerToken,
    attempts: &mut u32,
) -> Result<Response<ResponseBody>, CallError> {
    // Fetched even where the request cannot be sent again, so that the caller's next one succeeds.
    let fresh = call.tokens.fresh(call.remote.token_request(), rejected).await?;
    let mut replay = replay.ok_or(ForwardError::TokenRejected)?;
    replay.set(AUTHORIZATION, fresh.header());
    let response =
        forward(call.remote, patience, call.trace, replay.request(), Some(&replay), attempts).await?;
    if response.status() == StatusCode::UNAUTHORIZED {
        return Err(ForwardError::TokenRejected.into());
    }
    Ok(response)
}

/// The caller's body; a small one is read to its end, within `limit`.
pub(super) async fn take_body<B>(body: B, limit: Duration) -> Result<RequestBody, CallError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if body.is_end_stream() {
        return Ok(RequestBody::Empty);
    }
    // Boxed: most calls have no body, and their future should not make room for reading one.
    let taken = timeout(limit, Box::pin(RequestBody::take(body))).await;
    Ok(taken.map_err(|_| CallError::RequestBodyTimeout)??)
}
