use std::sync::Weak;
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::{sleep, timeout};

use super::Http2Connection;

/// For how long a connection is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepAlive {
    /// How often the upstream is asked whether it is still there (RFC 9113, section 6.7).
    pub(super) interval: Duration,
    /// How long it may take to say so. An HTTP/2 server answers a ping before everything else.
    pub(super) patience: Duration,
    /// How many intervals without a call a connection is kept.
    pub(super) idle_intervals: u32,
    /// After this long a connection takes no further call: a name that moved is followed, and endpoints that were added get
    /// their part.
    pub(super) age_limit: Duration,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            patience: Duration::from_secs(5),
            idle_intervals: 12,
            age_limit: Duration::from_secs(300),
        }
    }
}

/// Resolves when the upstream does not answer a ping: the connection hangs. Lets the connection go when it is unused or
/// old.
pub(super) async fn keep_alive(limits: KeepAlive, mut pings: PingPong, of: Weak<Http2Connection>) {
    let (mut begun, mut idle) = (0, 0);
    loop {
        sleep(limits.interval).await;
        let Some(connection) = of.upgrade() else { break };
        connection.renew_limit();
        let unused = connection.calls() == 0 && connection.begun() == begun;
        idle = if unused { idle + 1 } else { 0 };
        begun = connection.begun();
        if idle >= limits.idle_intervals || connection.age() > limits.age_limit {
            connection.close();
        }
        // While it is waited for, nothing of this keeps the connection.
        drop(connection);
        if !matches!(timeout(limits.patience, pings.ping(Ping::opaque())).await, Ok(Ok(_))) {
            return;
        }
    }
    // It ends by itself, once its last stream has.
    std::future::pending().await
}
