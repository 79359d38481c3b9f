use axum::extract::{Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::{RecentDecision, authorise};
use crate::state::AppState;

/// `?trace=`.
#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    trace: Option<String>,
}

/// `GET /api/platform/decisions?trace=`: why somebody of the session's organization was refused. With a trace id
/// everything that was decided under it, without one the latest refusals; what this instance remembers, newest first.
pub async fn decisions(
    State(state): State<AppState>,
    Extension(context): Extension<RequestContext>,
    session: Authenticated,
    Query(parameters): Query<Parameters>,
) -> Result<Response, ApiError> {
    authorise::administer(&state, &context, &session, "list-decisions").await?;
    let trace = parameters.trace.as_deref().map(str::trim).filter(|trace| !trace.is_empty());
    let found = state.audit.recent().find(&session.state.org_id, trace);
    let found: Vec<_> = found.iter().map(|decision| view(decision)).collect();
    Ok(([(CACHE_CONTROL, "private, no-store")], Json(found)).into_response())
}

fn view(decision: &RecentDecision) -> serde_json::Value {
    json!({
        "time": decision.time.format(&Rfc3339).unwrap_or_default(),
        "traceId": decision.trace_id,
        "sub": decision.subject,
        "issuer": decision.issuer,
        "action": decision.action,
        "resource": decision.resource,
        "decision": decision.decision.as_str(),
        "reason": decision.reason,
        "missing": decision.missing,
    })
}
