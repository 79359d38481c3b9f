mod public;
mod upgrade;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, UPGRADE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use http_body_util::{BodyExt as _, LengthLimitError};
use portico_contracts::FieldError;
use portico_gateway::{
    AnswerBody, Call, CallError, CallerKey, FieldProblem, ForwardError, Outcome, RemoteBackend, Verdict,
};
use portico_telemetry::trace::TraceId;

use crate::audit;
use crate::http::access::{CallEnd, CallRecord};
use crate::http::lasting_body::LastingBody;
use crate::http::{ApiError, Authenticated, RequestContext, body_limit, origin, rate_limit};
use crate::limits::{Left, Surface};
use crate::services::SessionTokens;
use crate::state::AppState;

/// What stands for all calls whose remote is not known.
pub const PATTERN: &str = "/bff/{remote}/{*path}";

/// What every call's path begins with.
const PREFIX: &str = "/bff/";

/// Whether a path is the proxy's.
pub fn is_call(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// `/bff/{remote}/…`: a call to the remote's upstream, any method, streamed both ways. Declared routes only; the route's
/// permissions are checked before anything goes out. Without a session there are the public routes and nothing else. What
/// becomes of the call is kept in `told`, also if nobody waits for it any more.
///
/// # Errors
/// Whatever keeps the call from being answered by the upstream.
pub async fn call(
    state: &AppState,
    context: &RequestContext,
    request: Request,
    told: &mut Option<CallRecord>,
) -> Result<Response, ApiError> {
    // What shows a session cookie is counted where the session is looked up.
    let stranger = match rate_limit::shows_cookie(request.headers()) {
        true => None,
        false => Some(state.limits.anonymous(context.client_ip).await?),
    };
    origin::check(request.headers(), &state.origin).map_err(ApiError::forbidden)?;
    let session = match Authenticated::find(state, request.headers(), Some(context.client_ip)).await? {
        Some(session) => Some(session.in_its_organization(request.headers())?),
        None => None,
    };
    let id = remote_id(request.uri().path());
    let own = match &session {
        Some(session) => match state.backend(session, id).await {
            Ok(own) => own,
            Err(decision) => return Err(public::undecided(id, &decision, session, context)),
        },
        None => None,
    };
    let (session, remote) = match (session, own) {
        (Some(session), Some(remote)) => (session, remote),
        // Boxed: of all calls these are few.
        (session, _) => {
            return Box::pin(public::call(state, context, session.as_ref(), stranger, request, told)).await;
        }
    };
    let told = told.insert(CallRecord::of(remote.clone()));
    let mut left = session.left;
    // A view counts as the calls that it makes.
    for _ in 0..remote.calls_of(request.method(), request.uri().path()) {
        left = left.least(state.limits.remote(&session.active.key, id).await?);
    }
    if names_another_organization(request.headers(), &session) {
        let resource = format!("remote {id:.100}");
        audit::decision("call", &resource, false, "the call names another organization", &session, context);
        return Err(ApiError::forbidden("The call names another organization than the session's."));
    }
    let admitted = Admitted { state, context, session, remote, left };
    // Rare, and what it needs is large: outside the future that every call pays for.
    if request.headers().contains_key(UPGRADE) {
        return Box::pin(upgrade::call(admitted, request, told)).await;
    }
    let request = body_limit::bounded(request, &state.config.limits);
    let tokens = SessionTokens::new(state, &admitted.session, context);
    let outcome = state.gateway.call(admitted.call(&tokens), request).await;
    told.end = Some(CallEnd::of(&outcome));
    let Outcome { verdict, result, legs, .. } = outcome;
    record(&verdict, Some(&admitted.session), context);
    legs.iter().for_each(|leg| record(leg, Some(&admitted.session), context));
    let response = result.map_err(|error| match is_too_large(&error) {
        true => body_limit::too_large(state.config.limits.proxy_body_bytes),
        false => problem(error),
    })?;
    Ok(admitted.finish(response))
}

/// A call of somebody's to a remote that they may load.
struct Admitted<'a> {
    state: &'a AppState,
    context: &'a RequestContext,
    session: Authenticated,
    remote: Arc<RemoteBackend>,
    /// Of the limits that count calls.
    left: Left,
}

impl Admitted<'_> {
    /// For the gateway.
    fn call<'b>(&'b self, tokens: &'b SessionTokens<'b>) -> Call<'b, SessionTokens<'b>> {
        Call {
            remote: &self.remote,
            principal: Some(&self.session.principal),
            tokens,
            client: self.context.client_ip,
            caller: CallerKey::session(self.session.active.id.0.to_le_bytes()),
            traceparent: Some(self.context.traceparent()),
            trace: self.context.trace.as_deref(),
            until: None,
        }
    }

    /// What every answer of an upstream gets on its way out.
    fn finish(&self, response: axum::http::Response<AnswerBody>) -> Response {
        let (remote, trace_id) = (self.remote.clone(), self.context.trace_id);
        let mut response = match LastingBody::is_for(response.body()) {
            true => {
                let kind = response.headers().get(CONTENT_TYPE);
                let is_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
                let (state, session) = (self.state.clone(), self.session.clone());
                response.map(|body| {
                    let lasting = LastingBody::new(body, is_stream, state, session);
                    Body::new(lasting.map_err(telling(remote, trace_id)))
                })
            }
            false => response.map(|body| Body::new(body.map_err(telling(remote, trace_id)))),
        };
        // Another session's cookie makes another answer: two organizations may well use one ETag, and the browser's cache
        // must not let a 304 for the one bring back the other's body.
        response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
        self.state.limits.policies(Surface::Remote).tell(response.headers_mut(), self.left);
        response
    }
}

/// Tells the log of an answer that breaks off: it has begun, so that nobody else can be told.
fn telling<E: std::error::Error>(remote: Arc<RemoteBackend>, trace_id: TraceId) -> impl FnMut(E) -> E {
    move |error| {
        tracing::warn!(remote.id = remote.id(), trace_id = %trace_id, error.message = %error, "an answer was cut");
        error
    }
}

/// The part of the path that names the remote, as it was sent: an id needs no escapes.
fn remote_id(path: &str) -> &str {
    let rest = path.strip_prefix(PREFIX).unwrap_or_default();
    rest.split_once('/').map_or(rest, |(id, _)| id)
}

/// One audit line per decision.
fn record(verdict: &Verdict<'_>, session: Option<&Authenticated>, context: &RequestContext) {
    let pattern = verdict.pattern.unwrap_or("-");
    audit::call(
        &verdict.method,
        format_args!("{pattern} {}", verdict.path()),
        &verdict.decision,
        session.map(|session| audit::Who::of(&session.state)).unwrap_or_default(),
        context,
    );
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
    let mut problem = ApiError::new(error.status(), error.slug(), error.title(), error.detail());
    if let CallError::MethodNotAllowed(methods) = &error
        && let Ok(allow) = HeaderValue::from_str(&methods.to_string())
    {
        problem = problem.header(ALLOW, allow);
    }
    if let Some(after) = error.retry_after() {
        // Whole seconds, and never too early.
        let seconds = u64::try_from(after.as_millis().div_ceil(1000)).unwrap_or(1).max(1);
        problem = problem.header(RETRY_AFTER, seconds.into());
    }
    problem.errors(fields(&error)).cause(error)
}

/// The fields of the request that an error is about.
fn fields(error: &CallError) -> Vec<FieldError> {
    let field = |problem: &FieldProblem| FieldError {
        place: problem.place.as_str().to_owned(),
        pointer: problem.pointer.clone(),
        detail: problem.detail.clone(),
    };
    match error {
        CallError::Rejected(rejection) => rejection.fields().iter().map(field).collect(),
        CallError::UnknownParameter(problem) => vec![field(problem)],
        _ => Vec::new(),
    }
}
