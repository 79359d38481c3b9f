//! OTLP over HTTP in its JSON encoding (opentelemetry-proto, `docs/specification.md`, *OTLP/HTTP*): camel-case names, ids
//! in hex, 64-bit numbers as text, enums as numbers.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Request, StatusCode, Uri};
use portico_ports::HttpClient;
use serde::Serialize;

use super::{ExportError, FinishedSpan, SpanExporter, Value};

/// Who the spans are of: attributes such as `service.name`.
pub type Resource = Vec<(String, String)>;

/// Posts spans to a collector.
pub struct OtlpHttp {
    http: Arc<dyn HttpClient>,
    endpoint: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    resource: Resource,
}

impl OtlpHttp {
    /// To `endpoint` as it is (`…/v1/traces`), with these header fields, which may be secret.
    pub fn new(
        http: Arc<dyn HttpClient>,
        endpoint: Uri,
        headers: Vec<(HeaderName, HeaderValue)>,
        resource: Resource,
    ) -> Self {
        Self { http, endpoint, headers, resource }
    }

    fn request(&self, spans: &[FinishedSpan]) -> Result<Request<Bytes>, ExportError> {
        let refused = |error: &dyn std::fmt::Display| ExportError::Refused(error.to_string());
        let message = Message::of(&self.resource, spans);
        let body = serde_json::to_vec(&message).map_err(|error| refused(&error))?;
        let mut request = Request::post(&self.endpoint).header(CONTENT_TYPE, "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body.into()).map_err(|error| refused(&error))
    }
}

#[async_trait]
impl SpanExporter for OtlpHttp {
    async fn export(&self, spans: &[FinishedSpan]) -> Result<(), ExportError> {
        let answer = self.http.send(self.request(spans)?).await;
        let answer = answer.map_err(|error| ExportError::Unavailable(error.to_string()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status @ (StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT) => Err(ExportError::Unavailable(status.to_string())),
            status => Err(ExportError::Refused(status.to_string())),
        }
    }
}

/// `ExportTraceServiceRequest`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Attributes<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Attributes<'a> {
    attributes: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<JsonSpan<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonSpan<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_state: Option<&'a str>,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<[Link; 1]>,
    status: Status<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    trace_id: String,
    span_id: String,
}

#[derive(Serialize)]
struct Attribute<'a> {
    key: &'a str,
    value: AnyValue<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum AnyValue<'a> {
    StringValue(&'a str),
    IntValue(String),
}

/// Unset (an empty object), or an error with its words.
#[derive(Default, Serialize)]
struct Status<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

impl<'a> Message<'a> {
    fn of(resource: &'a Resource, spans: &'a [FinishedSpan]) -> Self {
        let attributes =
            resource.iter().map(|(key, value)| Attribute { key, value: AnyValue::StringValue(value) });
        let resource = Attributes { attributes: attributes.collect() };
        let scope = Scope { name: "portico", version: env!("CARGO_PKG_VERSION") };
        let scope_spans = [ScopeSpans { scope, spans: spans.iter().map(JsonSpan::of).collect() }];
        Self { resource_spans: [ResourceSpans { resource, scope_spans }] }
    }
}

impl<'a> JsonSpan<'a> {
    fn of(span: &'a FinishedSpan) -> Self {
        let error = span.error.as_deref();
        Self {
            trace_id: span.trace_id.to_string(),
            span_id: span.id.to_string(),
            parent_span_id: span.parent.map(|parent| parent.to_string()),
            trace_state: span.state.as_deref(),
            name: &span.name,
            kind: span.kind as u8,
            start_time_unix_nano: span.started.to_string(),
            end_time_unix_nano: span.ended.to_string(),
            attributes: span.attributes.iter().map(|(key, value)| Attribute::of(key, value)).collect(),
            links: span
                .link
                .map(|(trace, span)| [Link { trace_id: trace.to_string(), span_id: span.to_string() }]),
            status: error
                .map_or_else(Status::default, |why| Status { code: Some(ERROR), message: Some(why) }),
        }
    }
}

impl<'a> Attribute<'a> {
    fn of(key: &'a str, value: &'a Value) -> Self {
        let value = match value {
            Value::Text(text) => AnyValue::StringValue(text),
            Value::Number(number) => AnyValue::IntValue(number.to_string()),
        };
        Self { key, value }
    }
}
