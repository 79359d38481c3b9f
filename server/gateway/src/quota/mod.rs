//! What a remote may use of the portal: calls under way, bytes, time. Whoever exceeds it is refused, and nobody else.

mod limits;
mod meter;
mod usage;

pub use limits::{CallerKey, Quota, QuotaExceeded};
pub(crate) use meter::Meter;
pub(crate) use usage::{Charge, RemoteQuota, Ticket};
pub use usage::{QuotaUse, Usage};
