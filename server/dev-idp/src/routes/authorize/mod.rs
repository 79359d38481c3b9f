//! The authorization endpoint (RFC 6749, section 3.1; OpenID Connect Core 1.0, section 3.1.2).

mod answer;
mod decision;
mod request;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

pub(super) use self::answer::{refuse, send_code};
use self::decision::{Decision, decide};
pub(crate) use self::request::AuthorizationRequest;
use super::session_cookie;
use super::token::form;
use crate::idp::DevIdp;
use crate::pages;
use crate::params::Params;

/// The usual way in: the request is the query.
pub(super) async fn by_get(
    State(idp): State<Arc<DevIdp>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    authorize(&idp, &headers, &Params::parse(query.unwrap_or_default().as_bytes()))
}

/// The request as a form (OpenID Connect Core 1.0, section 3.1.2.1).
pub(super) async fn by_post(State(idp): State<Arc<DevIdp>>, headers: HeaderMap, body: Bytes) -> Response {
    match form(&headers, &body) {
        Ok(params) => authorize(&idp, &headers, &params),
        Err(error) => pages::error(&idp, StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn authorize(idp: &DevIdp, headers: &HeaderMap, params: &Params) -> Response {
    let request = match AuthorizationRequest::parse(idp, params) {
        Ok(request) => request,
        Err(refusal) => return refuse(idp, refusal),
    };
    let session = session_cookie::session(idp, headers);
    let signed_in = session.as_ref().map(|(_, session)| session);
    match decide(idp, &request, signed_in) {
        Decision::Continue => match session {
            Some((cookie, session)) => send_code(idp, &request, &cookie, session),
            None => pages::login(idp, &request, params),
        },
        Decision::SignIn(account) => idp.sign_in(&request, &account, session),
        Decision::Ask => pages::login(idp, &request, params),
        Decision::Refuse(error) => refuse(idp, request.refusal(error)),
    }
}
