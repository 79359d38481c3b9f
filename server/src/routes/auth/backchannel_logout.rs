use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portico_identity::provider::{LogoutToken, LogoutTokenError};
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;

use crate::audit;
use crate::http::{RequestContext, body_limit};
use crate::state::AppState;

/// In bytes: a logout token has one kilobyte.
const LARGEST_BODY: usize = 32 * 1024;

/// `POST /auth/backchannel-logout`: the provider ends sessions, one by `sid` or all of a person by `sub` (OpenID Connect
/// Back-Channel Logout 1.0). The token authenticates the request, so it needs no cookie and no anti-forgery.
///
/// 200 once the sessions are over here and every other instance was told; 400 with an OAuth error for everything else
/// (section 2.8). A token that is refused counts against the sender's address.
pub async fn backchannel_logout(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let outcome = match logout_token(&parts.headers, body).await {
        Ok(jwt) => end_sessions(&state, &context, &jwt).await,
        Err(Refusal::TooLarge) => {
            return counted(&state, &context, body_limit::too_large(LARGEST_BODY as u64).into_response())
                .await;
        }
        Err(Refusal::Invalid(why)) => Err(Failure::Invalid(why.to_owned())),
    };
    let mut response = match outcome {
        Ok(()) => StatusCode::OK.into_response(),
        Err(Failure::Invalid(why)) => {
            tracing::info!(error.message = why, "a logout token was refused");
            counted(&state, &context, error("invalid_request", &why)).await
        }
        Err(Failure::Temporary(why)) => {
            tracing::warn!(error.message = why, "a logout token could not be acted upon");
            error("temporarily_unavailable", "The sessions could not be ended just now.")
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Why no session was ended.
enum Failure {
    /// The token is not acceptable. Nothing in the text is secret: it says which check failed.
    Invalid(String),
    /// The provider's keys or the store could not be had.
    Temporary(String),
}

/// Why there is no token.
enum Refusal {
    TooLarge,
    Invalid(&'static str),
}

async fn end_sessions(state: &AppState, context: &RequestContext, jwt: &str) -> Result<(), Failure> {
    let issuer = claimed_issuer(jwt).ok_or_else(|| Failure::Invalid("it is not a logout token".into()))?;
    let named = state.providers.iter().find(|provider| {
        // `Url` writes an empty path as "/", which an issuer without one does not have.
        provider.issuer().trim_end_matches('/') == issuer.trim_end_matches('/')
    });
    let named = named.ok_or_else(|| Failure::Invalid("iss names no provider of this portal".into()))?;
    let token = named.provider.verify_logout_token(jwt).await.map_err(|error| match error {
        LogoutTokenError::Provider(error) => Failure::Temporary(error.to_string()),
        refused => Failure::Invalid(refused.to_string()),
    })?;
    let temporary = |error: portico_identity::session::SessionError| Failure::Temporary(error.to_string());
    let seen = format!("logout_token {} {}", token.issuer, token.jti);
    if !state.sessions.remember_once(&seen, token.expires_at).await.map_err(temporary)? {
        return Err(Failure::Invalid("jti was used before".into()));
    }
    let ended = match &token {
        LogoutToken { sid: Some(sid), issuer, .. } => {
            state.sessions.end_of_provider_session(issuer, sid).await
        }
        LogoutToken { sub, issuer, .. } => {
            state.sessions.end_of_person(issuer, sub.as_deref().unwrap_or_default()).await
        }
    };
    audit::backchannel_logout(context, &token, ended.map_err(temporary)?);
    Ok(())
}

/// The form's one field (section 2.5).
async fn logout_token(headers: &HeaderMap, body: Body) -> Result<String, Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = kind.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::Invalid("the body must be application/x-www-form-urlencoded"));
    }
    let body = to_bytes(body, LARGEST_BODY).await.map_err(|_| Refusal::TooLarge)?;
    let mut tokens = form_urlencoded::parse(&body).filter(|(name, _)| name == "logout_token");
    match (tokens.next(), tokens.next()) {
        (Some((_, token)), None) => Ok(token.into_owned()),
        (None, _) => Err(Refusal::Invalid("logout_token is missing")),
        (Some(_), Some(_)) => Err(Refusal::Invalid("logout_token is there twice")),
    }
}

/// The issuer that a token claims to be from, unverified: it only says whose keys to verify it with.
fn claimed_issuer(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
    }
    let payload = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Claims>(&payload).ok().map(|claims| claims.iss)
}

/// Whoever sends what is refused may do so as often as any stranger may ask for anything.
async fn counted(state: &AppState, context: &RequestContext, answer: Response) -> Response {
    match state.limits.anonymous(context.client_ip).await {
        Ok(_) => answer,
        Err(too_many) => too_many.into_response(),
    }
}

/// RFC 6749, section 5.2, as section 2.8 asks for.
fn error(code: &str, description: &str) -> Response {
    let body = json!({ "error": code, "error_description": description });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
