use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Origin, Resolver};
use crate::address::{AddressPolicy, AddressRefused};

/// How long one address may take to accept: longer and the next is tried, within the call's deadline.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Opens connections to one upstream, to checked addresses only.
pub(crate) struct Dialer {
    host: String,
    port: u16,
    resolver: Arc<dyn Resolver>,
    addresses: AddressPolicy,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub(crate) enum DialError {
    /// The name has no address.
    #[error("{host} does not resolve: {source}")]
    Unresolved { host: String, source: io::Error },
    /// Every address of the name is outside what is allowed.
    #[error(transparent)]
    Refused(#[from] AddressRefused),
    /// No allowed address accepted.
    #[error("no address of {host} accepted a connection: {source}")]
    Unreachable { host: String, source: io::Error },
}

impl Dialer {
    pub(crate) fn new(origin: &Origin, resolver: Arc<dyn Resolver>, addresses: AddressPolicy) -> Self {
        Self { host: origin.host.clone(), port: origin.port, resolver, addresses }
    }

    /// A new connection. The name is resolved once, and the address that was checked is the address that is connected
    /// to, so that no second answer of the name server (DNS rebinding) is ever used.
    pub(crate) async fn dial(&self) -> Result<TcpStream, DialError> {
        let mut last = Err(self.unreachable(io::ErrorKind::AddrNotAvailable.into()));
        for address in self.resolve().await? {
            last = match self.addresses.check(address) {
                Err(refused) => Err(refused.into()),
                Ok(()) => match self.connect(address).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => Err(self.unreachable(error)),
                },
            };
        }
        last
    }

    async fn resolve(&self) -> Result<Vec<IpAddr>, DialError> {
        if let Ok(address) = self.host.parse() {
            return Ok(vec![address]);
        }
        let unresolved = |source| DialError::Unresolved { host: self.host.clone(), source };
        self.resolver.resolve(&self.host).await.map_err(unresolved)
    }

    async fn connect(&self, address: IpAddr) -> io::Result<TcpStream> {
        let target = SocketAddr::new(address, self.port);
        let stream = timeout(CONNECT_LIMIT, TcpStream::connect(target)).await??;
        // A request is written in one piece; waiting to fill a packet would only delay it.
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn unreachable(&self, source: io::Error) -> DialError {
        DialError::Unreachable { host: self.host.clone(), source }
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
