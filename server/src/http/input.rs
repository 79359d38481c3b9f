//! What a form or a script sends, read alike.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use portico_app::Preferences;
use serde_json::Value;
use url::form_urlencoded;

use super::ApiError;
use crate::pages::preferences;
use crate::state::AppState;

/// Names and values, from a form or from a JSON object whose values are texts or lists of texts.
#[derive(Debug)]
pub struct Input {
    fields: Vec<(String, String)>,
    /// A form is answered by a redirect to the next page, a script by JSON.
    pub is_form: bool,
    /// As this browser prefers it.
    pub preferences: Preferences,
}

impl Input {
    /// The first value of a field; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field, each once, in the order sent.
    pub fn list(&self, name: &str) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for (_, value) in self.fields.iter().filter(|(n, _)| n == name) {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        values
    }

    /// Whether the page that the form stood on was made for this organization. A script says it by a header.
    pub fn is_meant_for(&self, org_id: &str) -> bool {
        self.fields.iter().all(|(name, value)| name != "organization" || value == org_id)
    }
}

impl FromRequest<AppState> for Input {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        let kind =
            headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default().to_ascii_lowercase();
        let is_json = kind.starts_with(b"application/json");
        let is_form = kind.starts_with(b"application/x-www-form-urlencoded");
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| {
            ApiError::new(
                rejection.status(),
                "bad-request",
                "The body could not be read",
                rejection.body_text(),
            )
        })?;
        let fields = match (is_json, is_form) {
            (true, _) => json_fields(&body)?,
            (_, true) => form_urlencoded::parse(&body).into_owned().collect(),
            // A button without fields, pressed by a script.
            _ if body.is_empty() => Vec::new(),
            _ => return Err(ApiError::bad_request("Send a form or a JSON object.")),
        };
        Ok(Self { fields, is_form, preferences: preferences(&headers) })
    }
}

fn json_fields(body: &[u8]) -> Result<Vec<(String, String)>, ApiError> {
    let expected = || ApiError::bad_request("Send a JSON object whose values are texts or lists of texts.");
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return Err(expected()) };
    let mut fields = Vec::new();
    for (name, value) in object {
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let Value::String(text) = value else { return Err(expected()) };
            fields.push((name.clone(), text));
        }
    }
    Ok(fields)
}

/// To the next page, which is got and not posted to (RFC 9110, section 15.4.4).
pub fn see_other(path: &str) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(path) = HeaderValue::from_str(path) {
        headers.insert(LOCATION, path);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}
