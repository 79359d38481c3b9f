use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{QuotaConfig, QuotaOverrides};

/// The proxy to upstreams.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// Networks besides the public ones in which upstreams may be: private ranges, loopback. Link-local and metadata
    /// addresses are reached only where they are listed here.
    pub upstream_networks: Vec<IpNet>,
    /// What each remote may use.
    pub quota: QuotaConfig,
    /// What is different for some, by their ids (`acme.todos`).
    pub quotas: BTreeMap<String, QuotaOverrides>,
}
