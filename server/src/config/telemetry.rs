use portico_telemetry::trace::Sampling;
use serde::{Deserialize, Serialize};
use url::Url;

/// Traces for an OpenTelemetry collector. Nothing is recorded without one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// The collector's base URL (OTLP over HTTP); `/v1/traces` is added. None means what `OTEL_EXPORTER_OTLP_ENDPOINT` says.
    pub otlp_endpoint: Option<Url>,
    /// The part, of 1, of the traces that is recorded, here and in the services behind.
    pub sample_ratio: f64,
    /// Whether the flag of a request's `traceparent` decides instead, where it has one. Only behind a proxy that sets or
    /// removes it: a browser, and so any remote in it, could have everything recorded.
    pub follow_parent: bool,
    /// What traces call this service; none means what `OTEL_SERVICE_NAME` says, or else `portico`.
    pub service_name: Option<String>,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { otlp_endpoint: None, sample_ratio: 1.0, follow_parent: false, service_name: None }
    }
}

impl TelemetryConfig {
    /// Which requests are recorded, under a secret that all instances have.
    pub fn sampling(&self, secret: &[u8; 32]) -> Sampling {
        Sampling::new(self.sample_ratio, self.follow_parent, secret)
    }

    /// What is wrong with it.
    pub fn problem(&self) -> Option<String> {
        let endpoint = self.otlp_endpoint.as_ref();
        if endpoint.is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
            return Some("telemetry.otlp_endpoint must be an http or https URL".to_owned());
        }
        let ratio = self.sample_ratio;
        (!(0.0..=1.0).contains(&ratio)).then(|| "telemetry.sample_ratio must be between 0 and 1".to_owned())
    }
}
