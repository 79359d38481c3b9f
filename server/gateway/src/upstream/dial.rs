use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{Origin, OriginError, Stream, TlsSettings};
use crate::address::{AddressPolicy, AddressRefused};

/// Opens connections to one upstream, to checked addresses only.
pub(crate) struct Dialer {
    /// Who must answer, wherever it is: the name in its certificate.
    host: String,
    addresses: AddressPolicy,
    /// None for plain HTTP.
    tls: Option<(Arc<TlsSettings>, ServerName<'static>)>,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub(crate) enum DialError {
    /// The name has no address.
    #[error("{host} does not resolve: {source}")]
    Unresolved { host: String, source: io::Error },
    /// The address, or every address of a name, is outside what is allowed.
    #[error(transparent)]
    Refused(#[from] AddressRefused),
    /// It accepts no connection.
    #[error("{address} accepts no connection: {source}")]
    Unreachable { address: SocketAddr, source: io::Error },
    /// It accepted, but its certificate is not for this host, not from a trusted authority, or not valid now.
    #[error("{host} is not who it should be: {source}")]
    Untrusted { host: String, source: io::Error },
}

impl Dialer {
    pub(crate) fn new(
        origin: &Origin,
        addresses: AddressPolicy,
        tls: Arc<TlsSettings>,
    ) -> Result<Self, OriginError> {
        let name = || ServerName::try_from(origin.place.host.clone());
        let tls = match origin.secure {
            true => {
                let name = name().map_err(|_| OriginError::NotAUrl { url: origin.url.to_string() })?;
                Some((tls, name))
            }
            false => None,
        };
        Ok(Self { host: origin.place.host.clone(), addresses, tls })
    }

    /// The upstream's own name.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether the upstream may be at `address`.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), AddressRefused> {
        self.addresses.check(address)
    }

    /// A new connection to `address`; `limit` is for each of the two handshakes. No name is resolved here: the address
    /// that is checked is the address that is connected to, so that no second answer of the name server (DNS rebinding)
    /// is ever used.
    pub(crate) async fn dial(&self, address: SocketAddr, limit: Duration) -> Result<Stream, DialError> {
        self.addresses.check(address.ip())?;
        let unreachable = |source| DialError::Unreachable { address, source };
        let stream = connect(address, limit).await.map_err(unreachable)?;
        let Some((tls, name)) = &self.tls else { return Ok(Stream::Plain(stream)) };
        match timeout(limit, TlsConnector::from(tls.current()).connect(name.clone(), stream)).await {
            Ok(Ok(stream)) => Ok(Stream::Secure(Box::new(stream))),
            // Rustls reports what the certificate or the handshake lacked as invalid data; the rest is the line's fault.
            Ok(Err(source)) if source.kind() == io::ErrorKind::InvalidData => {
                Err(DialError::Untrusted { host: self.host.clone(), source })
            }
            Ok(Err(source)) => Err(unreachable(source)),
            Err(elapsed) => Err(unreachable(elapsed.into())),
        }
    }
}

async fn connect(address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let stream = timeout(limit, TcpStream::connect(address)).await??;
    // A request is written in one piece; waiting to fill a packet would only delay it.
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer")
            .field("host", &self.host)
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
