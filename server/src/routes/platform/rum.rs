use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use portico_telemetry::trace::TraceId;
use serde::Deserialize;

use crate::http::{ApiError, Authenticated, RequestContext};
use crate::services::authorise;
use crate::state::AppState;

/// A browser's measurement: a phase of a remote, an error, a web vital.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Measurement {
    kind: String,
    #[serde(default)]
    remote: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    phase: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    trace_id: String,
    #[serde(default)]
    duration_ms: f64,
}

/// Counted by remote, of those that are registered: whatever else a browser makes up counts as the shell's.
fn count(state: &AppState, measurement: &Measurement) {
    let snapshot = state.registry.snapshot();
    let known = snapshot.remotes().iter().find(|remote| remote.manifest.name == measurement.remote);
    let remote = known.map_or("", |remote| remote.id.as_str());
    match measurement.kind.as_str() {
        "error" => state.metrics.browser_error(remote),
        "phase" if known.is_some() => {
            let millis = measurement.duration_ms.clamp(0.0, MAX_MILLIS);
            state.metrics.browser_phase(remote, &measurement.phase, Duration::from_secs_f64(millis / 1000.0));
        }
        _ => {}
    }
}

/// No phase of a remote takes longer than this and is still worth measuring: an hour.
const MAX_MILLIS: f64 = 3_600_000.0;

/// More measurements in one request than this are refused.
const MAX_MEASUREMENTS: usize = 100;

/// `POST /api/platform/rum`: a list of measurements. Logged in a bounded form and counted.
pub async fn rum(
    State(state): State<AppState>,
    Extension(context): Extension<RequestContext>,
    session: Authenticated,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    authorise::own(&state, &context, Some(&session), "measure").await?;
    let expected = || ApiError::bad_request("Send a list of at most 100 measurements, each with a `kind`.");
    let list: Vec<Measurement> = serde_json::from_slice(&body).map_err(|error| expected().cause(error))?;
    if list.len() > MAX_MEASUREMENTS {
        return Err(expected());
    }
    for measurement in &list {
        let bounded = |text: &str| text.chars().filter(|c| !c.is_control()).take(300).collect::<String>();
        count(&state, measurement);
        tracing::info!(
            target: "browser",
            kind = bounded(&measurement.kind),
            rum.remote = bounded(&measurement.remote),
            rum.version = bounded(&measurement.version),
            rum.phase = bounded(&measurement.phase),
            rum.message = bounded(&measurement.message),
            rum.trace_id = TraceId::parse(&measurement.trace_id).as_deref().unwrap_or_default(),
            rum.duration_ms = measurement.duration_ms,
            org.id = %session.state.org_id,
            "measurement"
        );
    }
    Ok(StatusCode::ACCEPTED)
}
