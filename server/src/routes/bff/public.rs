//! A call of somebody who may not load the remote, be it without a session: its public routes are all there is.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{UPGRADE, VARY};
use axum::response::Response;
use http_body_util::BodyExt as _;
use portico_gateway::{Call, CallError, CallerKey, NoTokens, Outcome};
use portico_policy::Decision;

use super::{is_too_large, problem, record, remote_id, telling};
use crate::audit;
use crate::http::access::{CallEnd, CallRecord};
use crate::http::{ApiError, Authenticated, RequestContext, body_limit, rate_limit};
use crate::limits::{Left, Surface};
use crate::services::authorise;
use crate::state::AppState;

/// Nothing is sent that tells who asks, and which other routes the remote declares is not told. `left` is of the address's
/// limit, where that counted.
pub(super) async fn call(
    state: &AppState,
    context: &RequestContext,
    session: Option<&Authenticated>,
    left: Option<Left>,
    request: Request,
    told: &mut Option<CallRecord>,
) -> Result<Response, ApiError> {
    let id = remote_id(request.uri().path()).to_owned();
    // What would be open after a switch of protocols has no session to end with.
    let backend = state.public_backend(&id).filter(|_| !request.headers().contains_key(UPGRADE));
    let Some(remote) = backend else { return Err(unknown(state, &id, session, context).await) };
    let call = Call {
        remote: &remote,
        principal: None,
        tokens: &NoTokens,
        client: context.client_ip,
        caller: CallerKey::address(rate_limit::network(context.client_ip)),
        traceparent: Some(context.traceparent()),
        trace: context.trace.as_deref(),
        until: None,
    };
    let request = body_limit::bounded(request, &state.config.limits);
    let told = told.insert(CallRecord::of(remote.clone()));
    let outcome = state.gateway.call(call, request).await;
    told.end = Some(CallEnd::of(&outcome));
    let Outcome { verdict, result, .. } = outcome;
    record(&verdict, session, context);
    let response = match result {
        Ok(response) => response,
        Err(CallError::Refused(decision)) if decision.is_unavailable() => {
            return Err(authorise::refusal(&decision));
        }
        Err(CallError::NotDeclared | CallError::MethodNotAllowed(_) | CallError::Refused(_)) => {
            return Err(unknown(state, &id, session, context).await);
        }
        Err(error) if is_too_large(&error) => {
            return Err(body_limit::too_large(state.config.limits.proxy_body_bytes));
        }
        Err(error) => return Err(problem(error)),
    };
    let tell = telling(Arc::clone(&remote), context.trace_id);
    let mut response = response.map(|body| Body::new(body.map_err(tell)));
    // The same path may be answered to a session by another rule.
    response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
    if let Some(left) = left {
        state.limits.policies(Surface::Anonymous).tell(response.headers_mut(), left);
    }
    Ok(response)
}

/// Nobody knows whether the session may load the remote: the policy engine gives no answer.
pub(super) fn undecided(
    id: &str,
    decision: &Decision,
    session: &Authenticated,
    context: &RequestContext,
) -> ApiError {
    audit::decided("call", &format!("remote {id:.100}"), decision, session, context);
    authorise::refusal(decision)
}

/// A remote that this session may not load does not exist for it: neither name nor routes are told.
async fn unknown(
    state: &AppState,
    id: &str,
    session: Option<&Authenticated>,
    context: &RequestContext,
) -> ApiError {
    let Some(session) = session else { return ApiError::signed_out() };
    let decision = state.why_hidden(session, id).await;
    if decision.is_unavailable() {
        return undecided(id, &decision, session, context);
    }
    audit::decided("call", &format!("remote {id:.100}"), &decision, session, context);
    ApiError::not_found("There is no such remote for this session.")
}
