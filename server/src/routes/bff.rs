use axum::extract::{Path, Request, State};
use axum::http::header::{ALLOW, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use http_body_util::LengthLimitError;
use portico_gateway::{Call, CallError, ForwardError, Outcome, Verdict};

use crate::audit;
use crate::http::context::Proxied;
use crate::http::{ApiError, Authenticated, RequestContext, body_limit};
use crate::services::SessionTokens;
use crate::state::AppState;

/// `/bff/{remote}/…`: a call to the remote's upstream, any method, streamed both ways. Declared routes only; the route's
/// permissions are checked before anything goes out.
pub async fn call(
    State(state): State<AppState>,
    axum::Extension(context): axum::Extension<RequestContext>,
    session: Authenticated,
    Path(parts): Path<std::collections::HashMap<String, String>>,
    request: Request,
) -> Result<Response, ApiError> {
    let id = parts.get("remote").map(String::as_str).unwrap_or_default();
    // A remote that this session may not load does not exist for it: neither name nor routes are told.
    let backend = state.backend(&session, id).ok_or_else(|| {
        audit::decision(
            "call",
            &format!("remote {id:.100}"),
            false,
            "no such remote for this session",
            &session,
            &context,
        );
        ApiError::not_found("There is no such remote for this session.")
    })?;
    state.limits.remote.take(&(session.active.id, id.to_owned()))?;
    if names_another_organization(request.headers(), &session) {
        let resource = format!("remote {id:.100}");
        audit::decision("call", &resource, false, "the call names another organization", &session, &context);
        return Err(ApiError::forbidden("The call names another organization than the session's."));
    }
    let request = body_limit::bounded(request, &state.config.limits);
    let tokens = SessionTokens::new(&state, &session, &context);
    let call = Call {
        remote: &backend,
        principal: Some(&session.principal),
        tokens: &tokens,
        client: context.client_ip,
        traceparent: HeaderValue::from_str(&context.traceparent()).ok(),
    };
    let Outcome { verdict, result, .. } = state.gateway.call(call, request).await;
    record(&verdict, &session, &context);
    let response = result.map_err(|error| match is_too_large(&error) {
        true => body_limit::too_large(state.config.limits.proxy_body_bytes),
        false => problem(error),
    })?;
    let mut response = response.map(axum::body::Body::new);
    // Another session's cookie makes another answer: two organizations may well use one ETag, and the browser's cache must
    // not let a 304 for the one bring back the other's body.
    response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
    response.extensions_mut().insert(Proxied);
    Ok(response)
}

/// One audit line per decision.
fn record(verdict: &Verdict<'_>, session: &Authenticated, context: &RequestContext) {
    let action = format!("call {}", verdict.method).into();
    let resource = format!("{} {}", verdict.pattern.unwrap_or("-"), verdict.path());
    let decision = &verdict.decision;
    let who = audit::Who::of(&session.state);
    audit::record(action, &resource, decision.is_allowed(), &decision.reason, who, context);
}

/// A call that names another organization in the header that back ends read is a mistake or worse: it is refused before
/// the header would be dropped.
fn names_another_organization(headers: &HeaderMap, session: &Authenticated) -> bool {
    headers.get_all("x-org-id").iter().any(|value| value.as_bytes() != session.state.org_id.as_bytes())
}

/// Whether a caller's body broke off because it passed the limit.
fn is_too_large(error: &CallError) -> bool {
    let CallError::Upstream(ForwardError::CallerGone(broken)) = error else { return false };
    let mut cause: Option<&dyn std::error::Error> = Some(broken);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn problem(error: CallError) -> ApiError {
    let title = match error.status().as_u16() {
        400 => "The request could not be read",
        401 => "You are signed out",
        403 => "This is not allowed",
        404 | 405 => "No such call",
        504 => "The service did not answer in time",
        _ => "The service could not be reached",
    };
    let mut problem = ApiError::new(error.status(), error.slug(), title, error.detail());
    if let CallError::MethodNotAllowed(methods) = &error
        && let Ok(allow) = HeaderValue::from_str(&methods.to_string())
    {
        problem = problem.header(ALLOW, allow);
    }
    problem.cause(error)
}
