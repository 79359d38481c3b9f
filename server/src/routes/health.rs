use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

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
    let mut checks = serde_json::Map::new();
    let mut ready = true;
    let mut check = |name: &str, result: Result<(), String>, counts: bool| {
        ready &= result.is_ok() || !counts;
        checks
            .insert(name.to_owned(), result.err().map_or(json!("ok"), |reason| Value::String(told(reason))));
    };
    let providers = state.providers.ready().await;
    // One provider of several that is away takes nothing from those who sign in elsewhere: the instance stays in use.
    let another = providers.iter().any(|(_, answer)| answer.is_ok());
    for (provider, answer) in providers {
        let counts = answer.as_ref().is_err_and(|error| !(another && error.is_temporary()));
        check(&provider.log_name(), answer.map_err(|error| error.to_string()), counts);
    }
    check("events", state.events.ready(), true);
    check("sessions", state.sessions.ready().await.map_err(|error| error.to_string()), true);
    if let Err(reason) = state.audit.sink().ready() {
        check("audit", Err(reason), true);
    }
    if state.draining() {
        check("server", Err("the server is shutting down".to_owned()), true);
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "status": if ready { "ok" } else { "not ready" }, "checks": checks })))
        .into_response()
}

/// `GET /metrics`, on the admin listener alone.
pub async fn metrics(State(state): State<AppState>) -> String {
    let mut text = state.metrics.render();
    text.push_str(&state.events.render_metrics());
    text.push_str(&state.audit.sink().render_metrics());
    text
}
