use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{Origin, OriginError, Resolver, Stream};
use crate::address::{AddressPolicy, AddressRefused};

/// How long one address may take to accept, and to agree on TLS: longer and the next is tried, within the call's
/// deadline.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Opens connections to one upstream, to checked addresses only.
pub(crate) struct Dialer {
    host: String,
    port: u16,
    resolver: Arc<dyn Resolver>,
    addresses: AddressPolicy,
    /// None for plain HTTP.
    tls: Option<(TlsConnector, ServerName<'static>)>,
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
    /// It accepted, but its certificate is not for this host, not from a trusted authority, or not valid now.
    #[error("{host} is not who it should be: {source}")]
    Untrusted { host: String, source: io::Error },
}

impl Dialer {
    pub(crate) fn new(
        origin: &Origin,
        resolver: Arc<dyn Resolver>,
        addresses: AddressPolicy,
        tls: Arc<ClientConfig>,
    ) -> Result<Self, OriginError> {
        let name = || ServerName::try_from(origin.host.clone());
        let tls = match origin.secure {
            true => {
                let name = name().map_err(|_| OriginError::NotAUrl { url: origin.url.to_string() })?;
                Some((TlsConnector::from(tls), name))
            }
            false => None,
        };
        Ok(Self { host: origin.host.clone(), port: origin.port, resolver, addresses, tls })
    }

    /// A new connection. The name is resolved once, and the address that was checked is the address that is connected
    /// to, so that no second answer of the name server (DNS rebinding) is ever used.
    pub(crate) async fn dial(&self) -> Result<Stream, DialError> {
        let mut last = Err(self.unreachable(io::ErrorKind::AddrNotAvailable.into()));
        for address in self.resolve().await? {
            last = match self.addresses.check(address) {
                Err(refused) => Err(refused.into()),
                Ok(()) => match self.connect(address).await {
                    Ok(stream) => return self.secure(stream).await,
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

    async fn secure(&self, stream: TcpStream) -> Result<Stream, DialError> {
        let Some((connector, name)) = &self.tls else { return Ok(Stream::Plain(stream)) };
        match timeout(CONNECT_LIMIT, connector.connect(name.clone(), stream)).await {
            Ok(Ok(stream)) => Ok(Stream::Secure(Box::new(stream))),
            // Rustls reports what the certificate or the handshake lacked as invalid data; the rest is the line's fault.
            Ok(Err(source)) if source.kind() == io::ErrorKind::InvalidData => {
                Err(DialError::Untrusted { host: self.host.clone(), source })
            }
            Ok(Err(source)) => Err(self.unreachable(source)),
            Err(elapsed) => Err(self.unreachable(elapsed.into())),
        }
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
