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
use tokio_rustls::rustls::{self, AlertDescription};

use super::http2::Target;
use super::trust::Offer;
use super::{Origin, OriginError, Purpose, Stream, TlsSettings, UpstreamProtocol};
use crate::address::{AddressPolicy, AddressRefused};

/// Opens connections to one upstream, to checked addresses only.
pub(crate) struct Dialer {
    /// Who must answer, wherever it is: the name in its certificate.
    host: String,
    addresses: AddressPolicy,
    /// None for plain HTTP.
    tls: Option<(Arc<TlsSettings>, ServerName<'static>)>,
    protocol: UpstreamProtocol,
    target: Target,
}

/// A connection, and what is spoken on it.
pub(crate) struct Dialed {
    pub(crate) stream: Stream,
    pub(crate) is_http2: bool,
}

/// Why there is no connection.
#[derive(Clone, Debug, Error)]
pub(crate) enum DialError {
    /// The name has no address.
    #[error("{host} does not resolve: {source}")]
    Unresolved { host: String, source: Arc<io::Error> },
    /// The address, or every address of a name, is outside what is allowed.
    #[error(transparent)]
    Refused(#[from] AddressRefused),
    /// It accepts no connection.
    #[error("{address} accepts no connection: {source}")]
    Unreachable { address: SocketAddr, source: Arc<io::Error> },
    /// It accepted, but its certificate is not for this host, not from a trusted authority, or not valid now.
    #[error("{host} is not who it should be: {source}")]
    Untrusted { host: String, source: Arc<io::Error> },
    /// It accepted, but speaks another protocol than the one it is configured to speak.
    #[error("{address} does not speak the protocol that is configured for it: {source}")]
    Protocol { address: SocketAddr, source: Arc<io::Error> },
}

impl Dialer {
    pub(crate) fn new(
        origin: &Origin,
        addresses: AddressPolicy,
        tls: Arc<TlsSettings>,
        protocol: UpstreamProtocol,
    ) -> Result<Self, OriginError> {
        let name = || ServerName::try_from(origin.place.host.clone());
        let tls = match origin.secure {
            true => {
                let name = name().map_err(|_| OriginError::NotAUrl { url: origin.url.to_string() })?;
                Some((tls, name))
            }
            false => None,
        };
        let target = Target::of(origin)?;
        Ok(Self { host: origin.place.host.clone(), addresses, tls, protocol, target })
    }

    /// What HTTP/2 requests name as their target.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Whether calls are made in HTTP/2, where that is known before anything was dialed.
    pub(super) fn is_http2(&self) -> Option<bool> {
        match (self.protocol, &self.tls) {
            (UpstreamProtocol::Http2, _) => Some(true),
            (UpstreamProtocol::Http1, _) | (UpstreamProtocol::Negotiated, None) => Some(false),
            (UpstreamProtocol::Negotiated, Some(_)) => None,
        }
    }

    /// The upstream's own name.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// A number that moves when the TLS settings do; it stands still without TLS.
    pub(crate) fn generation(&self) -> u64 {
        self.tls.as_ref().map_or(0, |(tls, _)| tls.generation())
    }

    /// Whether the upstream may be at `address`.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), AddressRefused> {
        self.addresses.check(address)
    }

    /// A new connection to `address`; `limit` is for each of the two handshakes. No name is resolved here: the address
    /// that is checked is the address that is connected to, so that no second answer of the name server (DNS rebinding)
    /// is ever used.
    pub(crate) async fn dial(
        &self,
        address: SocketAddr,
        limit: Duration,
        purpose: Purpose,
    ) -> Result<Dialed, DialError> {
        self.addresses.check(address.ip())?;
        let unreachable = |source| DialError::Unreachable { address, source: Arc::new(source) };
        let stream = connect(address, limit).await.map_err(unreachable)?;
        let offer = match (purpose, self.protocol) {
            (Purpose::Switch, _) | (_, UpstreamProtocol::Http1) => Offer::Http1,
            (_, UpstreamProtocol::Negotiated) => Offer::Any,
            (_, UpstreamProtocol::Http2) => Offer::Http2,
        };
        let Some((tls, name)) = &self.tls else {
            return Ok(Dialed { stream: Stream::Plain(stream), is_http2: offer == Offer::Http2 });
        };
        let connecting = TlsConnector::from(tls.current(offer)).connect(name.clone(), stream);
        let source = match timeout(limit, connecting).await {
            Ok(Ok(stream)) => {
                let stream = Stream::Secure(Box::new(stream));
                let is_http2 = stream.chose_http2();
                if offer == Offer::Http2 && !is_http2 {
                    let source = Arc::new(io::Error::other("it does not choose h2 by ALPN"));
                    return Err(DialError::Protocol { address, source });
                }
                return Ok(Dialed { stream, is_http2 });
            }
            Ok(Err(source)) => source,
            Err(elapsed) => elapsed.into(),
        };
        if is_about_the_protocol(&source) {
            return Err(DialError::Protocol { address, source: Arc::new(source) });
        }
        // Rustls reports what the certificate or the handshake lacked as invalid data; the rest is the line's fault.
        Err(match source.kind() {
            io::ErrorKind::InvalidData => {
                DialError::Untrusted { host: self.host.clone(), source: Arc::new(source) }
            }
            _ => unreachable(source),
        })
    }
}

/// Whether the other side says that it speaks nothing of what was offered (RFC 7301, section 3.2).
fn is_about_the_protocol(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)))
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
