use std::time::Duration;

use portico_gateway::Quota;
use serde::{Deserialize, Serialize};

/// What each remote may use of the portal, so that one that misbehaves harms only itself. Zero means without limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaConfig {
    /// Calls under way, of everybody.
    pub concurrent: u32,
    /// Calls under way of one session, or of one address where there is none.
    pub concurrent_per_session: u32,
    /// Bytes of bodies in both directions within a minute.
    pub bytes_per_minute: u64,
    /// Seconds that a call may take to the last byte of its answer; event streams may take longer.
    pub answer_seconds: u64,
    /// Bytes that an answer may have; event streams may be longer.
    pub answer_bytes: u64,
}

/// What is different for one remote; what is not set is as for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaOverrides {
    /// Instead of [`QuotaConfig::concurrent`].
    pub concurrent: Option<u32>,
    /// Instead of [`QuotaConfig::concurrent_per_session`].
    pub concurrent_per_session: Option<u32>,
    /// Instead of [`QuotaConfig::bytes_per_minute`].
    pub bytes_per_minute: Option<u64>,
    /// Instead of [`QuotaConfig::answer_seconds`].
    pub answer_seconds: Option<u64>,
    /// Instead of [`QuotaConfig::answer_bytes`].
    pub answer_bytes: Option<u64>,
}

impl Default for QuotaConfig {
    fn default() -> Self {
        Self {
            concurrent: 2_000,
            concurrent_per_session: 200,
            bytes_per_minute: 0,
            answer_seconds: 300,
            answer_bytes: 1024 * 1024 * 1024,
        }
    }
}

impl QuotaConfig {
    /// The quota of a remote for which `overrides` were set.
    pub fn of(&self, overrides: Option<&QuotaOverrides>) -> Quota {
        let none = QuotaOverrides::default();
        let own = overrides.unwrap_or(&none);
        Quota {
            concurrent: limit(own.concurrent.unwrap_or(self.concurrent)),
            concurrent_per_session: limit(own.concurrent_per_session.unwrap_or(self.concurrent_per_session)),
            bytes_per_minute: limit(own.bytes_per_minute.unwrap_or(self.bytes_per_minute)),
            answer_time: limit(own.answer_seconds.unwrap_or(self.answer_seconds)).map(Duration::from_secs),
            answer_bytes: limit(own.answer_bytes.unwrap_or(self.answer_bytes)),
        }
    }
}

fn limit<N: PartialEq + Default>(number: N) -> Option<N> {
    Some(number).filter(|number| *number != N::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_overridden_is_as_for_all_and_zero_is_without_limit() {
        let all = QuotaConfig { answer_bytes: 10, ..QuotaConfig::default() };
        let own = QuotaOverrides { answer_bytes: Some(0), concurrent: Some(3), ..QuotaOverrides::default() };
        let quota = all.of(Some(&own));
        assert_eq!((quota.answer_bytes, quota.concurrent), (None, Some(3)));
        assert_eq!(quota.concurrent_per_session, Some(200));
        assert_eq!((all.of(None).answer_bytes, all.of(None).bytes_per_minute), (Some(10), None));
    }
}
