//! What the stores in Redis share.

use std::time::Duration;

/// Gives back what is held. `KEYS`: its key. `ARGV`: the value that says whose it is; another owner's is left alone.
pub(super) const RELEASE: &str = "
    if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
    return 0";

/// As Redis takes it.
pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
