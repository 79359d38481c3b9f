use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use portico_telemetry::Exposition;
use serde_json::{Value, json};

use crate::services::readiness::Check;
use crate::services::{measurements, readiness};
use crate::state::AppState;

/// `GET /healthz`: the process serves.
pub async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /readyz`: everything it depends on answers; 503 names what does not. Why not is for the admin listener.
pub async fn ready(State(state): State<AppState>) -> Response {
    answer(&state, |_| "not ok".to_owned()).await
}

/// `GET /readyz` on the admin listener: the same, with the reasons.
pub async fn ready_with_reasons(State(state): State<AppState>) -> Response {
    answer(&state, |reason| reason).await
}

async fn answer(state: &AppState, told: impl Fn(String) -> String) -> Response {
    let checks = readiness::checks(state).await;
    let ready = readiness::is_ready(&checks);
    let told =
        |check: Check| (check.name, check.result.err().map_or(json!("ok"), |why| Value::String(told(why))));
    let checks: serde_json::Map<_, _> = checks.into_iter().map(told).collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "status": if ready { "ok" } else { "not ready" }, "checks": checks })))
        .into_response()
}

/// `GET /metrics`, on the admin listener alone.
pub async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    ([(CONTENT_TYPE, Exposition::MEDIA_TYPE)], measurements::all(&state).render())
}
