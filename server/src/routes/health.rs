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

/// `GET /readyz`: everything it depends on answers; 503 names what does not.
pub async fn ready(State(state): State<AppState>) -> Response {
    let mut checks = serde_json::Map::new();
    let mut check = |name: &str, result: Result<(), String>| {
        checks.insert(name.to_owned(), result.err().map_or(json!("ok"), Value::String));
    };
    let providers = state.providers.ready().await;
    // One provider of several that is away takes nothing from those who sign in elsewhere: the instance stays in use.
    let another = providers.iter().any(|(_, answer)| answer.is_ok());
    let mut away = Vec::new();
    for (provider, answer) in providers {
        match answer {
            Err(error) if another && error.is_temporary() => {
                away.push((provider.log_name(), error.to_string()))
            }
            answer => check(&provider.log_name(), answer.map_err(|error| error.to_string())),
        }
    }
    check("events", state.events.ready());
    check("sessions", state.sessions.ready().await.map_err(|error| error.to_string()));
    if state.draining() {
        check("server", Err("the server is shutting down".to_owned()));
    }
    let ready = checks.values().all(|value| value == "ok");
    checks.extend(away.into_iter().map(|(name, why)| (name, Value::String(why))));
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "status": if ready { "ok" } else { "not ready" }, "checks": checks })))
        .into_response()
}

/// `GET /metrics`, on the admin listener alone.
pub async fn metrics(State(state): State<AppState>) -> String {
    let mut text = state.metrics.render();
    text.push_str(&state.events.render_metrics());
    text
}
