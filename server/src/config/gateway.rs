use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{
    AnswerCacheConfig, CredentialSettings, QuotaConfig, QuotaOverrides, ResilienceConfig, UpstreamConfig,
    VaultSettings,
};

/// The proxy to upstreams.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// Networks besides the public ones in which upstreams may be: private ranges, loopback. Link-local and metadata
    /// addresses are reached only where they are listed here.
    pub upstream_networks: Vec<IpNet>,
    /// What each remote may use.
    pub quota: QuotaConfig,
    /// What is different for some, by their ids (`acme.todos`).
    pub quotas: BTreeMap<String, QuotaOverrides>,
    /// How failures of upstreams are met.
    pub resilience: ResilienceConfig,
    /// What is different for one upstream, by the remote's id: `[gateway.upstreams."acme.todos"]`.
    pub upstreams: BTreeMap<String, UpstreamConfig>,
    /// What upstreams are shown that take no exchanged tokens, by the remote's id.
    pub credentials: BTreeMap<String, CredentialSettings>,
    /// How often secrets are read again, in seconds.
    pub credential_seconds: u64,
    /// A Vault server that secrets are in.
    pub vault: Option<VaultSettings>,
    /// Answers that are kept.
    pub cache: AnswerCacheConfig,
    /// The largest JSON body that is held against a remote's OpenAPI document, in bytes; a longer one is refused.
    pub validated_body_bytes: usize,
    /// The longest answer to one call of a view, in bytes.
    pub view_leg_bytes: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            upstream_networks: Vec::new(),
            quota: QuotaConfig::default(),
            quotas: BTreeMap::new(),
            resilience: ResilienceConfig::default(),
            upstreams: BTreeMap::new(),
            credentials: BTreeMap::new(),
            credential_seconds: 30,
            vault: None,
            cache: AnswerCacheConfig::default(),
            validated_body_bytes: 256 * 1024,
            view_leg_bytes: 1024 * 1024,
        }
    }
}

impl GatewayConfig {
    /// What types cannot say, by key.
    pub fn problems(&self) -> Vec<String> {
        let mut problems: Vec<_> = self
            .resilience
            .problems()
            .iter()
            .map(|problem| format!("gateway.resilience.{problem}"))
            .collect();
        for (id, upstream) in &self.upstreams {
            let own = upstream.problems(&self.resilience);
            problems.extend(own.iter().map(|problem| format!("gateway.upstreams.{id:?}.{problem}")));
        }
        problems
    }
}
