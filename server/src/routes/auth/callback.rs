use axum::extract::{RawQuery, State};
use axum::http::header::{COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use portico_identity::login::{LoginTransaction, TransactionError};
use portico_identity::provider::{Provider, ProviderError, Refreshed, SignIn};
use portico_identity::session::{EndReason, SessionState, set_cookie};
use url::form_urlencoded;

use super::login::append_cookie;
use crate::audit;
use crate::http::{MaybeSession, RequestContext, device};
use crate::pages::PageError;
use crate::services::membership;
use crate::state::AppState;

/// `GET /auth/callback`: ends a login that this browser began, with a new session id.
///
/// # Errors
/// A 400 page when the callback belongs to no login of this browser or its id_token is not acceptable; 502 or 504 when
/// the provider does not answer. Nothing is bound in any of these cases.
pub async fn callback(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Result<MaybeSession, crate::http::ApiError>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let refused = |error: PageError| {
        audit::refused("login", error.log_text(), &context);
        error
    };
    let answer = Answer::parse(query.as_deref().unwrap_or_default())
        .map_err(|why| refused(PageError::login(&context, StatusCode::BAD_REQUEST, why)))?;
    let cookies = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let transaction = LoginTransaction::find(&answer.state, cookies, &state.sealer, state.clock.now())
        .map_err(|error| {
            refused(PageError::login(&context, StatusCode::BAD_REQUEST, transaction_text(error)))
        })?;
    let result = finish(&state, &context, session, &headers, &answer, &transaction).await;
    let mut response = match result {
        Ok(response) => response,
        // The login stays open while the provider is away, so that reloading the page can finish it.
        Err(error) if error.is_temporary() => return Err(error),
        Err(error) => refused(error).into_response(),
    };
    let cookie = LoginTransaction::cookie_name(&answer.state);
    append_cookie(&mut response, &LoginTransaction::clear_cookie(&cookie));
    Ok(response)
}

async fn finish(
    state: &AppState,
    context: &RequestContext,
    session: Result<MaybeSession, crate::http::ApiError>,
    headers: &HeaderMap,
    answer: &Answer,
    transaction: &LoginTransaction,
) -> Result<Response, PageError> {
    // The provider that this login was sent to, whatever the answer says (RFC 9700, section 4.4).
    let Some(asked) = state.providers.by_issuer(&transaction.issuer) else {
        return Err(PageError::login(
            context,
            StatusCode::BAD_REQUEST,
            "The login was begun with a provider that is in use no more.",
        ));
    };
    asked.provider.check_response_issuer(answer.iss.as_deref()).await.map_err(|error| match error {
        // What stands in the browser's address is no answer of the provider yet.
        ProviderError::Nonsense(why) => PageError::login(
            context,
            StatusCode::BAD_REQUEST,
            "The answer is not from the provider that was asked.",
        )
        .cause(why),
        error => PageError::provider(context, &error),
    })?;
    let code = match (&answer.code, &answer.error) {
        (Some(code), None) => code,
        (_, Some(error)) => return Err(PageError::refused_by_provider(context, error)),
        (None, None) => {
            return Err(PageError::login(
                context,
                StatusCode::BAD_REQUEST,
                "The provider's answer has no code.",
            ));
        }
    };
    let sign_in = asked
        .provider
        .redeem(code, &transaction.code_verifier, &transaction.nonce)
        .await
        .map_err(|error| PageError::provider(context, &error))?;
    let lifetimes = state.sessions.lifetimes();
    let mut begun = settled(state, context, &asked.provider, sign_in).await?;
    begun.device = device::describe(headers.get(USER_AGENT));
    audit::session("login", context, &begun);
    let store_error =
        |error: &dyn std::fmt::Display| PageError::unavailable(context, "The session store", error);
    let active = state.sessions.begin(begun).await.map_err(|error| store_error(&error))?;
    let directory_error =
        |error: &dyn std::fmt::Display| PageError::unavailable(context, "The directory", error);
    if !membership::confirm(state, &active).await.map_err(|error| directory_error(&error))? {
        let why = "You were removed from the organization while you signed in.";
        return Err(PageError::login(context, StatusCode::FORBIDDEN, why));
    }
    // Whatever session this browser had is over: a login always leads to a new id, and never leaves two.
    if let Ok(MaybeSession(Some(old))) = session {
        state.end_session(&old.active.id, EndReason::Replaced).await.map_err(|error| store_error(&error))?;
    }
    let mut response = Redirect::to(&transaction.return_to).into_response();
    append_cookie(&mut response, &set_cookie(&active.id, lifetimes.absolute.whole_seconds()));
    Ok(response)
}

/// The session that a sign-in begins. Where the provider's tokens are for an organization that the person was removed
/// from, and another one is left, the provider is asked for that one's, once.
async fn settled(
    state: &AppState,
    context: &RequestContext,
    provider: &Provider,
    sign_in: SignIn,
) -> Result<SessionState, PageError> {
    let resolved = |sign_in: SignIn| async move {
        let organizations = membership::organizations(state, &sign_in).await;
        let organizations =
            organizations.map_err(|error| PageError::unavailable(context, "The directory", &error))?;
        let mut begun = sign_in.into_state(state.clock.now(), state.sessions.lifetimes().absolute);
        membership::settle(&mut begun, organizations);
        Ok(begun)
    };
    let begun = resolved(sign_in).await?;
    if !membership::has_lost_tokens(&begun) || begun.org_id.is_empty() {
        return Ok(begun);
    }
    match provider.refresh(&begun, Some(&begun.org_id)).await {
        Ok(Refreshed::SignIn(sign_in)) if sign_in.org_id == begun.org_id => resolved(*sign_in).await,
        Ok(Refreshed::SignIn(sign_in)) => Ok(SessionState { tokens: sign_in.tokens, ..begun }),
        Ok(Refreshed::Tokens(tokens)) => Ok(SessionState { tokens, ..begun }),
        // Its tokens serve nobody, so what needs one is refused; everything else works.
        Err(_) => Ok(begun),
    }
}

fn transaction_text(error: TransactionError) -> &'static str {
    match error {
        TransactionError::Unknown => {
            "This browser has no login open that this answer belongs to. It may be finished already."
        }
        TransactionError::Expired => "The login took longer than ten minutes.",
    }
}

/// An authorization response (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Debug, Default)]
struct Answer {
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

impl Answer {
    /// Each parameter may stand there once (RFC 6749, section 3.1).
    fn parse(query: &str) -> Result<Self, &'static str> {
        let mut answer = Self::default();
        let mut state = None;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut state,
                "code" => &mut answer.code,
                "iss" => &mut answer.iss,
                "error" => &mut answer.error,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err("The provider's answer names a parameter twice.");
            }
        }
        answer.state =
            state.filter(|state| !state.is_empty()).ok_or("The provider's answer has no state.")?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_05_absent_and_doubled_parameters_are_refused() {
        assert!(Answer::parse("state=s&code=c&iss=i").is_ok());
        for query in [
            "",
            "code=c",
            "state=&code=c",
            "state=a&state=a&code=c",
            "state=a&code=c&code=d",
            "state=s&iss=a&iss=b",
        ] {
            assert!(Answer::parse(query).is_err(), "{query}");
        }
    }
}
