use axum::extract::{Query, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use portico_identity::login::{LoginTransaction, ReturnTo};
use portico_identity::provider::AuthorizationRequest;

use crate::http::RequestContext;
use crate::pages::PageError;
use crate::state::AppState;

/// More open logins than this in one browser are leftovers: all are forgotten, so that cookies never fill a header.
const MAX_OPEN_LOGINS: usize = 8;

/// `GET /auth/login?return_to=&organization=&prompt=&login_hint=`: starts the code flow with PKCE.
///
/// # Errors
/// A page with 502 or 504 while the provider does not answer; it can be tried again.
pub async fn login(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let parameter = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let public_url = state.config.public_url();
    let return_to = parameter("return_to")
        .and_then(|raw| ReturnTo::parse(raw, &public_url))
        .unwrap_or_else(ReturnTo::home);
    let now = state.clock.now();
    let issuer = state.provider.config().issuer.as_str();
    let transaction = LoginTransaction::begin(issuer, return_to.as_str(), now, state.random.as_ref());
    let extra: Vec<(&str, &str)> = ["organization", "prompt", "login_hint"]
        .into_iter()
        .filter_map(|name| Some((name, parameter(name).filter(|value| passes(value))?)))
        .collect();
    let request = AuthorizationRequest {
        state: &transaction.state,
        nonce: &transaction.nonce,
        code_verifier: &transaction.code_verifier,
        extra: &extra,
    };
    let url = state
        .provider
        .authorization_url(request)
        .await
        .map_err(|error| PageError::provider(&context, &error))?;
    let mut response = Redirect::to(url.as_str()).into_response();
    let open = LoginTransaction::cookie_names(headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes));
    if open.len() >= MAX_OPEN_LOGINS {
        for name in open {
            append_cookie(
                &mut response,
                &format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"),
            );
        }
    }
    append_cookie(&mut response, &transaction.set_cookie(&state.sealer, state.random.as_ref()));
    Ok(response)
}

/// A parameter is handed on only while it is short and printable; the provider decides what it means.
fn passes(value: &str) -> bool {
    (1..=200).contains(&value.len()) && !value.chars().any(char::is_control)
}

/// Adds a `Set-Cookie` header.
pub(super) fn append_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
