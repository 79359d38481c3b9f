use std::time::Duration;

use crate::resilience::Breaker;

/// How a route waits for its upstream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience<'a> {
    /// How long until the answer must begin.
    pub(crate) limit: Duration,
    /// Whether its calls are made at all while they keep timing out.
    pub(crate) breaker: &'a Breaker,
}
