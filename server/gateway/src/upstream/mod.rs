//! One upstream: the endpoints at which it is served, how they are reached, and the connections kept to them.

mod connection;
mod dial;
mod draw;
mod endpoint;
mod endpoints;
mod origin;
mod place;
mod pool;
mod resolver;
mod stream;
mod trust;

pub(crate) use connection::{Connection, SendError};
pub(crate) use dial::{DialError, Dialer};
pub(crate) use draw::Draw;
pub(crate) use endpoint::{Endpoint, Lease};
pub(crate) use endpoints::Endpoints;
pub(crate) use origin::Origin;
pub use origin::OriginError;
pub use place::{Place, PlaceError};
pub(crate) use pool::Pool;
pub use resolver::{Resolver, SystemResolver};
pub(crate) use stream::Stream;
pub(crate) use trust::public_authorities;

/// Where a remote's calls go.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) origin: Origin,
    pub(crate) endpoints: Endpoints,
}
