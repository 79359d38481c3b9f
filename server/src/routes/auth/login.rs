use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use portico_identity::login::{LoginTransaction, ReturnTo};
use portico_identity::provider::{AuthorizationRequest, ProviderError};
use url::Url;

use crate::http::{ApiError, MaybeSession, RequestContext};
use crate::pages::PageError;
use crate::providers::{Choice, Hints, IdentityProvider};
use crate::state::AppState;

/// More open logins than this in one browser are leftovers: all are forgotten, so that cookies never fill a header.
const MAX_OPEN_LOGINS: usize = 8;

/// What the provider is told besides what the code flow needs. `invitation` is Auth0's.
const PASSED_ON: [&str; 4] = ["organization", "invitation", "prompt", "login_hint"];

/// `GET /auth/login?return_to=&provider=&organization=&invitation=&prompt=&login_hint=`: starts the code flow with PKCE.
///
/// Where several providers are configured and nothing says which, the person picks one on the sign-in page, which is
/// what a page shows without a session.
///
/// # Errors
/// A page with 502 or 504 while the provider does not answer; it can be tried again.
pub async fn login(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Result<MaybeSession, ApiError>,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let parameter = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let public_url = state.config.public_url();
    let return_to = parameter("return_to")
        .and_then(|raw| ReturnTo::parse(raw, &public_url))
        .unwrap_or_else(ReturnTo::home);
    let known = session.ok().and_then(|MaybeSession(session)| session);
    let hints = Hints {
        provider: parameter("provider"),
        organization: parameter("organization"),
        login_hint: parameter("login_hint"),
        issuer: known.as_ref().map(|session| session.state.person.issuer.as_str()),
    };
    let Choice::One(chosen) = state.providers.choose(hints) else {
        return Ok(Redirect::to(return_to.as_str()).into_response());
    };
    let (now, random) = (state.clock.now(), state.random.as_ref());
    let transaction = LoginTransaction::begin(chosen.issuer(), return_to.as_str(), now, random);
    let extra: Vec<(&str, &str)> = PASSED_ON
        .into_iter()
        .filter_map(|name| Some((name, parameter(name).filter(|value| passes(value))?)))
        .collect();
    let url = authorization_url(&state, chosen, &transaction, &extra).await.map_err(|error| {
        tracing::warn!(provider = chosen.log_name(), error.message = %error, "no login can begin there");
        PageError::provider(&context, &error)
    })?;
    let mut response = Redirect::to(url.as_str()).into_response();
    forget_leftovers(&headers, &mut response);
    append_cookie(&mut response, &transaction.set_cookie(&state.sealer, random));
    Ok(response)
}

/// The provider's answers have a time limit each; all of them together have one too, so that people who wait behind one
/// another for a provider that hangs do not wait for all before them.
async fn authorization_url(
    state: &AppState,
    chosen: &Arc<IdentityProvider>,
    transaction: &LoginTransaction,
    extra: &[(&str, &str)],
) -> Result<Url, ProviderError> {
    let request = AuthorizationRequest {
        state: &transaction.state,
        nonce: &transaction.nonce,
        code_verifier: &transaction.code_verifier,
        extra,
    };
    let limit = Duration::from_millis(state.config.identity.timeout_ms.saturating_mul(2));
    let url = tokio::time::timeout(limit, chosen.provider.authorization_url(request));
    url.await.unwrap_or(Err(ProviderError::Timeout))
}

fn forget_leftovers(headers: &HeaderMap, response: &mut Response) {
    let open = LoginTransaction::cookie_names(headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes));
    if open.len() >= MAX_OPEN_LOGINS {
        for name in open {
            append_cookie(response, &LoginTransaction::clear_cookie(&name));
        }
    }
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
