use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The proxy to upstreams.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// Networks besides the public ones in which upstreams may be: private ranges, loopback. Link-local and metadata
    /// addresses are reached only where they are listed here.
    pub upstream_networks: Vec<IpNet>,
}
