//! One upstream: where it is, how it is reached, and the connections kept to it.

mod connection;
mod dial;
mod origin;
mod pool;
mod resolver;
mod stream;
mod trust;

pub(crate) use connection::{Connection, SendError};
pub(crate) use dial::{DialError, Dialer};
pub(crate) use origin::Origin;
pub use origin::OriginError;
pub(crate) use pool::Pool;
pub use resolver::{Resolver, SystemResolver};
pub(crate) use stream::Stream;
pub(crate) use trust::public_authorities;

use std::sync::Arc;

/// Where a remote's calls go.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) origin: Origin,
    pub(crate) dialer: Dialer,
    pub(crate) pool: Arc<Pool>,
}
