use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Sockets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// Where the portal listens. `PORTICO_ADDR` sets it too.
    pub addr: SocketAddr,
    /// Where metrics are served, apart from people. `PORTICO_ADMIN_ADDR` sets it too.
    pub admin_addr: SocketAddr,
    /// `off`, `generated` (a self-signed certificate, development only) or `files`. `PORTICO_TLS=1` means `generated`.
    pub tls: TlsMode,
    /// The certificate chain (PEM), for `files`.
    pub tls_certificate: Option<PathBuf>,
    /// Its private key (PEM), for `files`.
    pub tls_key: Option<PathBuf>,
    /// Networks of load balancers whose `X-Forwarded-For` is believed; none by default.
    pub trusted_proxies: Vec<IpNet>,
    /// How long connections are still taken after SIGTERM while `/readyz` says not ready, in milliseconds: the time that a
    /// load balancer has to hear of it.
    pub notice_ms: u64,
    /// How long open requests may take to finish after that, in seconds.
    pub drain_seconds: u64,
}

/// How connections are protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// Plain HTTP: on loopback, or behind a load balancer that ends TLS.
    #[default]
    Off,
    /// A certificate made at start, for trying HTTP/2 in a browser.
    Generated,
    /// Certificate and key from files.
    Files,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 3000)),
            admin_addr: SocketAddr::from(([127, 0, 0, 1], 3100)),
            tls: TlsMode::Off,
            tls_certificate: None,
            tls_key: None,
            trusted_proxies: Vec::new(),
            notice_ms: 1_000,
            drain_seconds: 10,
        }
    }
}
