use std::time::Duration;

use portico_gateway::{BreakerSettings, BudgetSettings, ConcurrencySettings, EjectionSettings, Resilience};
use serde::{Deserialize, Serialize};

/// How an upstream's failures are met. `gateway.resilience` is for every upstream; one of its own says what differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResilienceConfig {
    /// The breaker opens after this many failed calls without an answer in between; 0 for never.
    pub breaker_failures: u32,
    /// It opens when this share of the calls of a window failed, in percent, of at least `breaker_volume`; 0 for never.
    pub breaker_percent: u32,
    /// The fewest calls of which a share says anything.
    pub breaker_volume: u32,
    /// How long a window is, in milliseconds.
    pub breaker_window_ms: u64,
    /// How long it stays open before one call is let through, in milliseconds.
    pub probe_ms: u64,
    /// An endpoint is left out after this many failed attempts without an answer in between; 0 for never.
    pub eject_failures: u32,
    /// For how long, in milliseconds; twice as long each time that follows soon.
    pub eject_ms: u64,
    /// The largest share of an upstream's endpoints that may be left out, in percent.
    pub eject_percent: u32,
    /// Further attempts for each hundred answered calls.
    pub retry_percent: u32,
    /// And each second.
    pub retry_per_second: u32,
    /// The fewest calls that may wait for an answer at once, however the limit adapts.
    pub min_in_flight: u32,
    /// The most.
    pub max_in_flight: u32,
    /// How many further calls wait for a place.
    pub queue: u32,
    /// How long they do, in milliseconds.
    pub queue_ms: u64,
    /// After how long a GET or HEAD without an answer is sent to another endpoint too, in milliseconds.
    pub hedge_ms: Option<u64>,
}

impl Default for ResilienceConfig {
    fn default() -> Self {
        Self {
            breaker_failures: 5,
            breaker_percent: 50,
            breaker_volume: 20,
            breaker_window_ms: 10_000,
            probe_ms: 1_000,
            eject_failures: 5,
            eject_ms: 5_000,
            eject_percent: 50,
            retry_percent: 20,
            retry_per_second: 10,
            min_in_flight: 8,
            max_in_flight: 1_024,
            queue: 64,
            queue_ms: 100,
            hedge_ms: None,
        }
    }
}

impl ResilienceConfig {
    /// These settings, but for the keys that `own` has.
    pub fn with(&self, own: &serde_json::Map<String, serde_json::Value>) -> Result<Self, serde_json::Error> {
        let mut merged = serde_json::to_value(self)?;
        if let Some(fields) = merged.as_object_mut() {
            fields.extend(own.clone());
        }
        serde_json::from_value(merged)
    }

    /// What types cannot say, by key.
    pub fn problems(&self) -> Vec<String> {
        let percents = [
            ("breaker_percent", self.breaker_percent),
            ("eject_percent", self.eject_percent),
            ("retry_percent", self.retry_percent),
        ];
        let percents = percents.iter().filter(|(_, value)| *value > 100);
        let mut problems: Vec<_> =
            percents.map(|(key, value)| format!("{key} is {value}, and a share is at most 100")).collect();
        if self.probe_ms == 0 {
            problems.push("probe_ms must be at least 1".to_owned());
        }
        if self.min_in_flight == 0 || self.max_in_flight < self.min_in_flight {
            problems.push("min_in_flight must be at least 1 and at most max_in_flight".to_owned());
        }
        problems
    }

    /// As the gateway takes it; health checks are each upstream's own.
    pub fn settings(&self) -> Resilience {
        Resilience {
            breaker: BreakerSettings {
                consecutive: self.breaker_failures,
                percent: self.breaker_percent,
                volume: self.breaker_volume,
                window: Duration::from_millis(self.breaker_window_ms),
                probe_interval: Duration::from_millis(self.probe_ms),
            },
            ejection: EjectionSettings {
                consecutive: self.eject_failures,
                base: Duration::from_millis(self.eject_ms),
                percent: self.eject_percent,
            },
            budget: BudgetSettings { percent: self.retry_percent, per_second: self.retry_per_second },
            concurrency: ConcurrencySettings {
                min: self.min_in_flight,
                max: self.max_in_flight,
                queue: self.queue,
                wait: Duration::from_millis(self.queue_ms),
            },
            health: None,
            hedge_after: self.hedge_ms.map(Duration::from_millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn without_a_configuration_the_gateways_own_numbers_count() {
        assert_eq!(ResilienceConfig::default().settings(), Resilience::default());
    }

    #[test]
    fn an_upstreams_own_keys_replace_those_and_no_others() {
        let all = ResilienceConfig { queue: 7, ..ResilienceConfig::default() };
        let own = |value: serde_json::Value| all.with(value.as_object().expect("a table"));
        let merged = own(json!({ "hedge_ms": 50 })).expect("fits");
        assert_eq!((merged.queue, merged.hedge_ms), (7, Some(50)));
        assert!(own(json!({ "hegde_ms": 50 })).expect_err("a typo").to_string().contains("hegde_ms"));
        assert!(own(json!({ "queue": -1 })).is_err());
    }
}
