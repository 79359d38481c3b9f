use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::authorize::{AuthorizationRequest, refuse};
use super::session_cookie;
use super::token::form;
use crate::idp::DevIdp;
use crate::pages;
use crate::params::Params;

/// Takes the sign-in form: the query is the authorization request, the body names the account.
pub(super) async fn sign_in(
    State(idp): State<Arc<DevIdp>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_from_this_page(&headers) {
        return pages::error(&idp, StatusCode::FORBIDDEN, "This form was sent from another site.");
    }
    let params = Params::parse(query.unwrap_or_default().as_bytes());
    let request = match AuthorizationRequest::parse(&idp, &params) {
        Ok(request) => request,
        Err(refusal) => return refuse(&idp, refusal),
    };
    let chosen = form(&headers, &body).ok();
    let chosen = chosen.as_ref().and_then(|form| form.one("account").ok().flatten());
    match chosen.and_then(|name| idp.account_named(name)) {
        Some(account) => idp.sign_in(&request, &account, session_cookie::session(&idp, &headers)),
        None => pages::login(&idp, &request, &params),
    }
}

/// Whether a form post comes from a page of this origin, so that no other site signs a browser in or out.
/// A client that sends neither header is no browser and carries nobody's cookies.
pub(super) fn is_from_this_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, authority)| authority == host)
        }
        (Some(_), None) => false,
        (None, _) => true,
    }
}
