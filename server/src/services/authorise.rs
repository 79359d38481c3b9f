//! May this session do that? What pages, server functions and the routes beside them ask.

use portico_app::{ADMINISTRATION, OPERATION};
use portico_policy::{Action, Decision, Query, Resource};

use crate::audit;
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::state::AppState;

/// What the policy says about a function of the portal that needs no permission by itself. A refusal is audited here.
///
/// # Errors
/// 403 where it is refused.
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
/// 403 where it is refused.
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
    Err(ApiError::forbidden(decision.caller_detail()))
}
