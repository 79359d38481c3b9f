//! May this session do that? What pages, server functions and the routes beside them ask.

use portico_app::{ADMINISTRATION, OPERATION};
use portico_policy::{Action, Decision, Effect, Query, Resource};

use crate::audit;
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::Applications;
use crate::state::AppState;

/// What the policy says about a function of the portal that needs no permission by itself. A refusal is audited here.
///
/// # Errors
/// Those of [`refusal`].
pub async fn invoke(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    name: &str,
) -> Result<(), ApiError> {
    let query = Query::new(Some(&session.principal), Action::Invoke, Resource::Function { name });
    allowed(state, context, session, name, &query).await
}

/// The same about a function that only administrators of the session's organization have.
///
/// # Errors
/// Those of [`refusal`].
pub async fn administer(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    name: &str,
) -> Result<(), ApiError> {
    let required = [ADMINISTRATION.to_owned()];
    let query = Query::new(Some(&session.principal), Action::Invoke, Resource::Function { name });
    allowed(state, context, session, name, &query.requiring(&required)).await
}

/// The same about what concerns nobody but the person (and, with a report of a browser, not even one): roles, plans and
/// policies do not keep anybody from it, whatever engine there is.
///
/// # Errors
/// Those of [`refusal`].
pub async fn own(
    state: &AppState,
    context: &RequestContext,
    session: Option<&Authenticated>,
    name: &str,
) -> Result<(), ApiError> {
    let principal = session.map(|session| &*session.principal);
    let query = Query::new(principal, Action::Own, Resource::Function { name }).public(session.is_none());
    let decision = state.policy.ask(&query).await;
    if decision.is_allowed() {
        return Ok(());
    }
    let who = session.map(|session| audit::Who::of(&session.state)).unwrap_or_default();
    audit::decided_about(name, "own", &decision, who, context);
    Err(refusal(&decision))
}

/// The remotes that the session may load.
///
/// # Errors
/// 503 where the policy engine gives no answer.
pub async fn applications(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
) -> Result<Applications, ApiError> {
    state.applications(session).await.map_err(|decision| {
        audit::decided("navigate", "all remotes", &decision, session, context);
        refusal(&decision)
    })
}

/// Whether the session's person administers its organization: what its pages show then. Showing less is no refusal, so
/// nothing is audited.
pub async fn administers(state: &AppState, session: &Authenticated) -> bool {
    let required = [ADMINISTRATION.to_owned()];
    let resource = Resource::Function { name: "administer" };
    let query = Query::new(Some(&session.principal), Action::Invoke, resource).requiring(&required);
    state.policy.ask(&query).await.is_allowed()
}

/// The page of the portal's own that shows how the platform is doing.
pub const HEALTH_PAGE: &str = "/platform/health";

/// Whether the session's person runs the platform: then they are led to its page.
pub async fn operates(state: &AppState, session: &Authenticated) -> bool {
    open(state, session, HEALTH_PAGE, &[]).await.is_allowed()
}

/// What the policy says about opening the page at `path`; `required` are the permissions of the remote that owns it. The
/// platform is nobody's organization: its page has a permission of its own.
pub async fn open(state: &AppState, session: &Authenticated, path: &str, required: &[String]) -> Decision {
    let operation = [OPERATION.to_owned()];
    let required = if path == HEALTH_PAGE { &operation } else { required };
    let query = Query::new(Some(&session.principal), Action::Open, Resource::Page { path });
    state.policy.ask(&query.requiring(required)).await
}

async fn allowed(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    name: &str,
    query: &Query<'_>,
) -> Result<(), ApiError> {
    let decision = state.policy.ask(query).await;
    if decision.is_allowed() {
        return Ok(());
    }
    let resource = format!("organization {}", session.state.org_id);
    audit::decided(name, &resource, &decision, session, context);
    Err(refusal(&decision))
}

/// What somebody gets who was refused: 403 (401 where there is no session), or 503 with `Retry-After` where the policy engine
/// gives no answer, since the same request may be allowed in a moment.
pub fn refusal(decision: &Decision) -> ApiError {
    match decision.effect {
        Effect::SignIn => ApiError::signed_out(),
        Effect::Unavailable => ApiError::undecided(decision),
        Effect::Allow | Effect::Deny => ApiError::forbidden(decision.caller_detail()),
    }
}
