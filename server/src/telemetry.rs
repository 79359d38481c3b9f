//! Traces, as configured: by the portal's own keys, or else by the variables that OpenTelemetry names for every program.

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use portico_telemetry::trace::{OtlpHttp, Tracer};

use crate::config::Config;
use crate::start::{Parts, StartError};

/// What the environment says (OpenTelemetry, *OTLP Exporter Configuration*).
pub struct OtelEnvironment {
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`: used as it is.
    pub traces_endpoint: Option<String>,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: `/v1/traces` is added.
    pub endpoint: Option<String>,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: `name=value,…`, values percent-encoded. Often a secret.
    pub headers: Option<String>,
    /// `OTEL_SERVICE_NAME`.
    pub service_name: Option<String>,
}

impl OtelEnvironment {
    /// This process's.
    pub fn read() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        Self {
            traces_endpoint: variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
            endpoint: variable("OTEL_EXPORTER_OTLP_ENDPOINT"),
            headers: variable("OTEL_EXPORTER_OTLP_HEADERS"),
            service_name: variable("OTEL_SERVICE_NAME"),
        }
    }
}

/// The tracer, where there is a collector.
///
/// # Errors
/// Names the key or variable that cannot be used.
pub fn tracer(
    config: &Config,
    environment: &OtelEnvironment,
    parts: &Parts,
) -> Result<Option<Arc<Tracer>>, StartError> {
    let below = |base: &str| format!("{}/v1/traces", base.trim_end_matches('/'));
    let configured = config.telemetry.otlp_endpoint.as_ref().map(|url| below(url.as_str()));
    let named = || environment.traces_endpoint.clone();
    let based = || environment.endpoint.as_deref().map(below);
    let Some(endpoint) = configured.or_else(named).or_else(based) else { return Ok(None) };
    let unusable = |what: &str| StartError::Other(format!("telemetry: {what}"));
    let endpoint: Uri = endpoint.parse().map_err(|_| unusable("the collector's endpoint is not a URL"))?;
    let headers = headers(environment.headers.as_deref().unwrap_or_default())
        .ok_or_else(|| unusable("OTEL_EXPORTER_OTLP_HEADERS is not a list of name=value"))?;
    let name = config.telemetry.service_name.clone().or_else(|| environment.service_name.clone());
    let resource = vec![
        ("service.name".to_owned(), name.unwrap_or_else(|| "portico".to_owned())),
        ("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("deployment.environment.name".to_owned(), config.environment.as_str().to_owned()),
    ];
    let exporter = Arc::new(OtlpHttp::new(parts.http.clone(), endpoint, headers, resource));
    Ok(Some(Arc::new(Tracer::start(exporter, parts.clock.as_ref()))))
}

/// `name=value,name=value`, in the form of W3C Baggage.
fn headers(text: &str) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, value))
    };
    text.split(',').filter(|text| !text.trim().is_empty()).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_are_read_as_baggage_and_never_shown() {
        let read = headers("authorization=Bearer%20a-secret, x-tenant = b ").expect("well formed");
        assert_eq!(read[0].1, "Bearer a-secret");
        assert_eq!((read[1].0.as_str(), read[1].1.as_bytes()), ("x-tenant", b"b".as_slice()));
        assert!(!format!("{read:?}").contains("a-secret"));
        assert!(headers("").is_some_and(|none| none.is_empty()));
        assert!(headers("no-value").is_none() && headers("a b=c").is_none());
    }
}
