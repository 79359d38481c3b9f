use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use thiserror::Error;
use url::Url;

use super::login::is_from_this_page;
use super::session_cookie;
use super::token::form;
use crate::claims::{ID_TOKEN, IdTokenHint};
use crate::idp::{DevIdp, is_registered};
use crate::logout::LogoutTarget;
use crate::pages;
use crate::params::{Params, Repeated};

/// OpenID Connect RP-Initiated Logout 1.0, section 2.
struct LogoutRequest {
    hint: Option<IdTokenHint>,
    /// Where the browser goes afterwards, `state` included.
    back_to: Option<Url>,
}

/// Why a logout request is answered with a page.
#[derive(Debug, Error, PartialEq, Eq)]
enum LogoutError {
    #[error("The sign-out request is malformed: a parameter was sent twice.")]
    Repeated(#[from] Repeated),
    #[error("The application sent an id_token_hint that this provider did not issue.")]
    Hint,
    #[error("The application asked to return to an address that is not registered.")]
    ReturnAddress,
}

/// The usual way: a redirect from the relying party.
pub(super) async fn by_get(
    State(idp): State<Arc<DevIdp>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    end_session(&idp, &headers, &Params::parse(query.unwrap_or_default().as_bytes())).await
}

/// The request as a form.
pub(super) async fn by_post(State(idp): State<Arc<DevIdp>>, headers: HeaderMap, body: Bytes) -> Response {
    match form(&headers, &body) {
        Ok(params) => end_session(&idp, &headers, &params).await,
        Err(error) => pages::error(&idp, StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// The person said yes on the confirmation page.
pub(super) async fn confirm(
    State(idp): State<Arc<DevIdp>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if !is_from_this_page(&headers) {
        return pages::error(&idp, StatusCode::FORBIDDEN, "This form was sent from another site.");
    }
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    match LogoutRequest::parse(&idp, &params) {
        Ok(request) => {
            let sid = session_cookie::session(&idp, &headers).map(|(_, session)| session.sid);
            finish(&idp, sid, request.back_to).await
        }
        Err(error) => pages::error(&idp, StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn end_session(idp: &DevIdp, headers: &HeaderMap, params: &Params) -> Response {
    let request = match LogoutRequest::parse(idp, params) {
        Ok(request) => request,
        Err(error) => return pages::error(idp, StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let session = session_cookie::session(idp, headers).map(|(_, session)| session);
    match (request.hint, session) {
        // The client holds an ID token of this very sign-in, or no other one is at stake in this browser.
        (Some(hint), session) if session.as_ref().is_none_or(|session| session.sid == hint.sid) => {
            finish(idp, Some(hint.sid), request.back_to).await
        }
        // Section 2: without a hint, or with someone else's, the person is asked.
        (_, Some(session)) => pages::confirm_logout(idp, &session, params),
        (_, None) => finish(idp, None, request.back_to).await,
    }
}

async fn finish(idp: &DevIdp, sid: Option<String>, back_to: Option<Url>) -> Response {
    if let Some(sid) = sid {
        idp.sign_out(&LogoutTarget::Session(sid)).await;
    }
    let mut response = match back_to {
        Some(uri) => (StatusCode::SEE_OTHER, [(header::LOCATION, uri.as_str())]).into_response(),
        None => pages::signed_out(idp),
    };
    if let Some(cookie) = session_cookie::remove(idp) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

impl LogoutRequest {
    fn parse(idp: &DevIdp, params: &Params) -> Result<Self, LogoutError> {
        let hint = params.one("id_token_hint")?.map(|hint| verified(idp, hint)).transpose()?;
        let client_id = params.one("client_id")?;
        if let (Some(hint), Some(client_id)) = (&hint, client_id)
            && hint.aud != client_id
        {
            return Err(LogoutError::Hint);
        }
        let client_id = hint.as_ref().map(|hint| hint.aud.as_str()).or(client_id);
        let back_to = match params.one("post_logout_redirect_uri")? {
            None => None,
            Some(uri) => Some(return_address(idp, client_id, uri, params.one("state")?)?),
        };
        Ok(Self { hint, back_to })
    }
}

/// An ID token counts as a hint after it has expired (section 2.1), but only from this provider.
fn verified(idp: &DevIdp, hint: &str) -> Result<IdTokenHint, LogoutError> {
    let hint: IdTokenHint = idp.keys.read().verify(ID_TOKEN, hint).ok_or(LogoutError::Hint)?;
    if hint.iss == idp.issuer { Ok(hint) } else { Err(LogoutError::Hint) }
}

fn return_address(
    idp: &DevIdp,
    client_id: Option<&str>,
    uri: &str,
    state: Option<&str>,
) -> Result<Url, LogoutError> {
    let client = client_id.and_then(|client_id| idp.client(client_id)).ok_or(LogoutError::ReturnAddress)?;
    if !is_registered(uri, &client.post_logout_redirect_uris) {
        return Err(LogoutError::ReturnAddress);
    }
    let mut uri = Url::parse(uri).map_err(|_| LogoutError::ReturnAddress)?;
    if let Some(state) = state {
        uri.query_pairs_mut().append_pair("state", state);
    }
    Ok(uri)
}
