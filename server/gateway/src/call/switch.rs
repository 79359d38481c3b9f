use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::{Call, CallError};
use crate::body::{RequestBody, ResponseBody};
use crate::forward::{ForwardError, Patience, Replay, ask_to_switch};
use crate::token::{BearerToken, TokenSource};
use crate::upgrade::{Handshake, Tunnel};
use crate::upstream::Alone;

/// What an upstream has agreed to.
pub(super) struct Agreed {
    /// The fields of the handshake that the client gets.
    pub(super) fields: HeaderMap,
    pub(super) tunnel: Tunnel,
}

/// Asks the upstream to switch protocols; when it refuses the token, once more with a fresh one. Any other answer than a
/// switch to what was asked for is an answer like every other, and no byte beyond it is carried.
pub(super) async fn switch<T: TokenSource>(
    call: &Call<'_, T>,
    patience: Patience<'_>,
    handshake: Handshake,
    mut request: Box<Request<RequestBody>>,
    token: Option<BearerToken>,
    attempts: &mut u32,
) -> Result<(Response<ResponseBody>, Option<Agreed>), CallError> {
    handshake.ask(request.headers_mut());
    let replay = Replay::of(&request);
    let mut response = ask_to_switch(call.remote, patience, call.trace, request, attempts).await?;
    if response.status() == StatusCode::UNAUTHORIZED {
        let rejected = token.ok_or(ForwardError::TokenRejected)?;
        let fresh = call.tokens.fresh(call.remote.token_request(), &rejected).await?;
        let mut replay = replay.ok_or(ForwardError::TokenRejected)?;
        replay.set(AUTHORIZATION, fresh.header());
        response = ask_to_switch(call.remote, patience, call.trace, replay.request(), attempts).await?;
    }
    match response.status() {
        // The browser would take a 401 for the end of its session.
        StatusCode::UNAUTHORIZED => Err(ForwardError::TokenRejected.into()),
        StatusCode::SWITCHING_PROTOCOLS => {
            let (response, agreed) = agreed(handshake, response).await?;
            Ok((body_of(call, response), Some(agreed)))
        }
        _ => Ok((body_of(call, response.map(|alone| alone.incoming)), None)),
    }
}

async fn agreed(
    handshake: Handshake,
    mut response: Response<Alone>,
) -> Result<(Response<Incoming>, Agreed), ForwardError> {
    let fields =
        handshake.agreed(response.headers()).map_err(|why| ForwardError::BadAnswer(why.to_owned()))?;
    let broke = |error: hyper::Error| ForwardError::Reset(error.into());
    let upstream = hyper::upgrade::on(&mut response).await.map_err(broke)?;
    let (client, framed) = handshake.into_client();
    let (head, Alone { incoming, outstanding }) = response.into_parts();
    let tunnel = Tunnel::new(client, upstream, framed, outstanding);
    Ok((Response::from_parts(head, incoming), Agreed { fields, tunnel }))
}

fn body_of<T>(call: &Call<'_, T>, response: Response<Incoming>) -> Response<ResponseBody> {
    response.map(|incoming| ResponseBody::of_own_connection(incoming, call.remote.pause_limit))
}
