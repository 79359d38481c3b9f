//! One upstream: the endpoints at which it is served, how they are reached, and the connections kept to them.

mod connect;
mod connection;
mod dial;
mod draw;
mod endpoint;
mod endpoints;
mod exchange_error;
mod health;
mod http2;
mod lease;
mod origin;
mod place;
mod pool;
mod protocol;
mod resolver;
mod standing;
mod stream;
mod trust;

pub(crate) use connection::Connection;
pub(crate) use dial::{DialError, Dialer};
pub(crate) use draw::Draw;
pub(crate) use endpoint::Endpoint;
pub(crate) use endpoints::Endpoints;
pub use exchange_error::ExchangeError;
pub(crate) use health::watch;
pub(crate) use http2::Http2Body;
pub(crate) use lease::{Alone, Lease, Outstanding, SendError};
pub(crate) use origin::Origin;
pub use origin::OriginError;
pub use place::{Place, PlaceError};
pub(crate) use pool::Pool;
pub(crate) use protocol::Purpose;
pub use protocol::UpstreamProtocol;
pub use resolver::{Resolver, SystemResolver};
pub(crate) use stream::Stream;
pub use trust::{TlsError, TlsSettings};

use std::time::Duration;

use crate::resilience::{Breaker, Budget, Concurrency, Resilience, Tally, UpstreamSnapshot};

/// Where a remote's calls go, and what is known of how they fare there.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) origin: Origin,
    pub(crate) endpoints: Endpoints,
    pub(crate) breaker: Breaker,
    pub(crate) concurrency: Concurrency,
    pub(crate) budget: Budget,
    pub(crate) tally: Tally,
    /// After how long a GET or HEAD is sent to another endpoint too.
    pub(crate) hedge_after: Option<Duration>,
    /// For pauses between attempts.
    pub(crate) draw: Draw,
}

impl Upstream {
    pub(crate) fn new(origin: Origin, endpoints: Endpoints, settings: &Resilience) -> Self {
        Self {
            origin,
            endpoints,
            breaker: Breaker::new(settings.breaker.clone()),
            concurrency: Concurrency::new(settings.concurrency.clone()),
            budget: Budget::new(settings.budget.clone()),
            tally: Tally::default(),
            hedge_after: settings.hedge_after,
            draw: Draw::new(),
        }
    }

    /// Takes one further attempt from the budget, if there is one.
    pub(crate) fn may_send_again(&self) -> bool {
        let granted = self.budget.withdraw(self.breaker.count());
        if !granted {
            self.tally.retries_denied.add();
        }
        granted
    }

    /// What it is doing, as the remote `id`'s.
    pub(crate) fn snapshot(&self, id: &str) -> UpstreamSnapshot {
        let (breaker, opened) = self.breaker.state();
        UpstreamSnapshot {
            remote: id.to_owned(),
            url: self.origin.url.to_string(),
            breaker,
            opened,
            in_flight: self.concurrency.in_flight(),
            limit: self.concurrency.limit(),
            queued: self.concurrency.waiting(),
            answered: self.breaker.count(),
            failed: self.tally.failed.get(),
            refused: self.tally.refused.get(),
            shed: self.tally.shed.get(),
            retries: self.tally.retries.get(),
            retries_denied: self.tally.retries_denied.get(),
            hedges: self.tally.hedges.get(),
            slow_routes: Vec::new(),
            last_error: self.tally.last_error(),
            endpoints: self.endpoints.snapshots(),
        }
    }
}
