//! What keeps a failing upstream's trouble with its own callers: breaker, concurrency limit, retry budget.
//!
//! With nothing failing, a call costs a few relaxed atomics here: no lock, no allocation, and no look at the clock. What
//! is counted per second or per window is worked out when something fails, from counters that only go up.

mod breaker;
mod budget;
mod concurrency;
mod settings;
mod snapshot;
mod tally;

pub(crate) use breaker::{Breaker, Open, Pass};
pub(crate) use budget::Budget;
pub(crate) use concurrency::{Concurrency, Full, Place};
pub use settings::{
    BreakerSettings, BudgetSettings, ConcurrencySettings, EjectionSettings, HealthCheck, Resilience,
};
pub use snapshot::{BreakerState, EndpointSnapshot, EndpointState, LastError, UpstreamSnapshot};
pub(crate) use tally::Tally;
