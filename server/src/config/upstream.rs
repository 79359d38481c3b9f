use std::time::Duration;

use portico_gateway::{HealthCheck, Place, PlaceError, Resilience, UpstreamProtocol};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ResilienceConfig;

/// What an operator says of one remote's upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamConfig {
    /// Where it is in this environment, `host:port` each; where the manifest's `backend.url` says without any.
    pub addresses: Vec<String>,
    /// Which version of HTTP it is spoken to in.
    pub protocol: ProtocolConfig,
    /// How its endpoints are looked at while nobody calls.
    pub health: Option<HealthConfig>,
    /// Keys of `gateway.resilience` that are different for this upstream.
    pub resilience: Map<String, Value>,
}

/// Which version of HTTP an upstream is spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProtocolConfig {
    /// Over TLS what the upstream chooses, HTTP/2 or HTTP/1.1; without TLS HTTP/1.1.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// HTTP/1.1 and nothing else.
    #[serde(rename = "http/1.1")]
    Http1,
    /// HTTP/2 and nothing else; without TLS by prior knowledge.
    #[serde(rename = "h2")]
    Http2,
}

impl From<ProtocolConfig> for UpstreamProtocol {
    fn from(protocol: ProtocolConfig) -> Self {
        match protocol {
            ProtocolConfig::Auto => Self::Negotiated,
            ProtocolConfig::Http1 => Self::Http1,
            ProtocolConfig::Http2 => Self::Http2,
        }
    }
}

/// An active health check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthConfig {
    /// A path on the service, such as `/healthz`, that answers 2xx while all is well.
    pub path: String,
    /// Between two looks, in milliseconds.
    #[serde(default = "default_interval_ms")]
    pub interval_ms: u64,
    /// How long one look may take, in milliseconds.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
}

impl UpstreamConfig {
    /// What cannot be used, by key.
    pub fn problems(&self, all: &ResilienceConfig) -> Vec<String> {
        let mut problems: Vec<_> =
            self.places().err().map(|error| format!("addresses: {error}")).into_iter().collect();
        match all.with(&self.resilience) {
            Ok(own) => problems.extend(own.problems().iter().map(|problem| format!("resilience.{problem}"))),
            Err(error) => problems.push(format!("resilience: {error}")),
        }
        if let Some(health) = &self.health
            && (health.check().is_none() || health.interval_ms == 0 || health.timeout_ms == 0)
        {
            problems.push(
                "health needs a path such as /healthz, and interval_ms and timeout_ms of at least 1"
                    .to_owned(),
            );
        }
        problems
    }

    /// Its addresses, read.
    pub fn places(&self) -> Result<Vec<Place>, PlaceError> {
        self.addresses.iter().map(|text| Place::parse(text)).collect()
    }

    /// How its failures are met; what has a problem is as for every upstream.
    pub fn settings(&self, all: &ResilienceConfig) -> Resilience {
        let own = all.with(&self.resilience);
        let settings = own.as_ref().unwrap_or(all).settings();
        Resilience { health: self.health.as_ref().and_then(HealthConfig::check), ..settings }
    }
}

impl HealthConfig {
    fn check(&self) -> Option<HealthCheck> {
        Some(HealthCheck {
            path: self.path.parse().ok().filter(|_| self.path.starts_with('/'))?,
            interval: Duration::from_millis(self.interval_ms),
            limit: Duration::from_millis(self.timeout_ms),
        })
    }
}

fn default_interval_ms() -> u64 {
    5_000
}

fn default_timeout_ms() -> u64 {
    1_000
}
