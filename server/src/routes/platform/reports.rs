use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use crate::http::{ApiError, MaybeSession, RequestContext, without_secrets};
use crate::services::authorise;
use crate::state::AppState;

/// More reports in one request than this are not looked at.
const MAX_REPORTS: usize = 50;

/// `POST /api/platform/reports`: what the browser refused or warns of (Reporting API; CSP Level 3's `report-uri`). Logged
/// in a bounded form; nothing is kept. It needs no session, and looks for one only so that the request is counted.
pub async fn reports(
    State(state): State<AppState>,
    Extension(context): Extension<RequestContext>,
    MaybeSession(session): MaybeSession,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    authorise::own(&state, &context, session.as_ref(), "report").await?;
    let sent: Value = serde_json::from_slice(&body)
        .map_err(|_| ApiError::bad_request("A report is JSON: an object or a list of objects."))?;
    let list = match &sent {
        Value::Array(list) => list.as_slice(),
        Value::Object(_) => std::slice::from_ref(&sent),
        _ => return Err(ApiError::bad_request("A report is JSON: an object or a list of objects.")),
    };
    for report in list.iter().take(MAX_REPORTS) {
        let body = report.get("csp-report").or_else(|| report.get("body")).unwrap_or(report);
        let text = |names: [&str; 2]| {
            let value =
                names.iter().find_map(|name| body.get(name)).and_then(Value::as_str).unwrap_or_default();
            // Without its query: a URL's query may carry what a log must not hold.
            let value = value.split(['?', '#']).next().unwrap_or_default();
            without_secrets_in_url(value).chars().take(200).collect::<String>()
        };
        let kind = report.get("type").and_then(Value::as_str).unwrap_or("csp-violation");
        state.metrics.reports.increment();
        tracing::warn!(
            target: "browser",
            kind = kind.chars().take(40).collect::<String>(),
            report.directive = text(["effectiveDirective", "effective-directive"]),
            report.blocked = text(["blockedURL", "blocked-uri"]),
            report.document = text(["documentURL", "document-uri"]),
            "report"
        );
    }
    Ok(StatusCode::NO_CONTENT)
}

/// An invitation's page may be what is reported about, and its path holds a credential.
fn without_secrets_in_url(url: &str) -> String {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let path = url[host..].find(['/', '\\']).map_or(url.len(), |slash| host + slash);
    [&url[..path], &without_secrets(&url[path..])].concat()
}
