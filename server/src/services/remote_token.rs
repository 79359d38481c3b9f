//! Token mode: a remote's own access token, for its own service.

use portico_app::functions::RemoteToken;
use portico_policy::{Action, Decision, Query, Resource};
use time::format_description::well_known::Rfc3339;

use super::authorise;
use super::session_tokens::SessionTokens;
use crate::audit;
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::providers::Authority;
use crate::state::AppState;

/// Exchanges the session's token for one of the remote's audience.
///
/// # Errors
/// 404 where the session may not load the remote, 403 where the remote is not in token mode, 401 when the session is over,
/// 502 while the provider gives no token, 503 while the policy engine gives no answer.
pub async fn exchange(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    id: &str,
) -> Result<RemoteToken, ApiError> {
    let resource = Resource::Remote { id };
    let refuse = |decision: &Decision| {
        audit::decided("exchange-token", &resource.to_string(), decision, session, context);
        authorise::refusal(decision)
    };
    let backend = state.backend(session, id).await.map_err(|decision| refuse(&decision))?;
    let Some(backend) = backend else {
        let decision = state.why_hidden(session, id).await;
        if decision.is_unavailable() {
            return Err(refuse(&decision));
        }
        audit::decided("exchange-token", &resource.to_string(), &decision, session, context);
        return Err(ApiError::not_found("There is no such remote for this session."));
    };
    // What the portal gets by its own authority, or a GitHub App's, may work for the person and is not theirs to hold.
    let authority = state.providers.authority(backend.token_request().audience);
    let persons = matches!(authority, Authority::Person);
    let applications = state.applications(session).await.map_err(|decision| refuse(&decision))?;
    let application = persons && applications.iter().any(|a| a.id == id && a.token_mode);
    let decision =
        state.policy.ask(&Query::new(Some(&session.principal), Action::ExchangeToken, resource)).await;
    let decision = if application { decision } else { Decision::deny("the remote is in proxy mode") };
    audit::decided("exchange-token", &resource.to_string(), &decision, session, context);
    if application && !decision.is_allowed() {
        return Err(authorise::refusal(&decision));
    }
    if !application {
        return Err(ApiError::forbidden(
            "This remote is in proxy mode: its calls go through ctx.fetch, and no token reaches the browser.",
        ));
    }
    let tokens = SessionTokens::new(state, session, context);
    let token = tokens.exchanged(backend.token_request()).await.map_err(|error| error.into_api())?;
    Ok(RemoteToken {
        access_token: token.token.secret().to_owned(),
        token_type: "Bearer".into(),
        expires_at: token.expires_at.format(&Rfc3339).unwrap_or_default(),
        audience: token.audience.clone(),
        scope: token.scope.to_string(),
    })
}
