use serde::{Deserialize, Serialize};

/// Bounds on what a client may send. Beyond them a request ends with 413, 414, 429 or 431.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests per minute and client address to everything that needs no session.
    pub anonymous_per_minute: u32,
    /// Requests per minute and session to the portal's own endpoints.
    pub session_per_minute: u32,
    /// Requests per minute and organization, of all its sessions together.
    pub organization_per_minute: u32,
    /// Requests per minute, session and remote through the proxy.
    pub remote_per_minute: u32,
    /// The longest request target, in bytes.
    pub uri_bytes: usize,
    /// The most header fields of one request.
    pub headers: usize,
    /// The largest head of a request (line and headers), in bytes.
    pub head_bytes: usize,
    /// How long a client may take to send it, in milliseconds.
    pub head_timeout_ms: u64,
    /// How long an HTTP/2 connection may stay without a request, in milliseconds. With HTTP/1.1 it is `head_timeout_ms`.
    pub idle_timeout_ms: u64,
    /// The largest body of the portal's own endpoints, in bytes.
    pub body_bytes: usize,
    /// The largest body the proxy forwards, in bytes.
    pub proxy_body_bytes: u64,
    /// How long a client may pause within a body, in milliseconds.
    pub body_timeout_ms: u64,
    /// How long a client may take nothing of what it is sent, in milliseconds.
    pub write_timeout_ms: u64,
    /// Connections open at once.
    pub connections: usize,
    /// Connections of one session that have left HTTP (WebSocket) at once.
    pub upgrades_per_session: usize,
    /// How long such a connection may carry nothing, in milliseconds; 0 for as long as it likes.
    pub upgrade_idle_ms: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            anonymous_per_minute: 100,
            session_per_minute: 1_200,
            organization_per_minute: 60_000,
            remote_per_minute: 1_200,
            uri_bytes: 8 * 1024,
            headers: 100,
            head_bytes: 32 * 1024,
            head_timeout_ms: 10_000,
            idle_timeout_ms: 60_000,
            body_bytes: 512 * 1024,
            proxy_body_bytes: 64 * 1024 * 1024,
            body_timeout_ms: 30_000,
            write_timeout_ms: 30_000,
            connections: 20_000,
            upgrades_per_session: 20,
            upgrade_idle_ms: 300_000,
        }
    }
}
