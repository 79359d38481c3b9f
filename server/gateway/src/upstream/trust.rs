use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;
use thiserror::Error;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Whom an upstream must be, and who the portal is to it. A connection uses what holds when it is opened; once something else
/// holds, it finishes what is under way and is closed.
pub struct TlsSettings {
    current: RwLock<Current>,
    /// How often something changed.
    generation: AtomicU64,
}

struct Current {
    roots: Arc<RootCertStore>,
    identity: Option<Identity>,
    offers: Offers,
}

/// The portal's certificate with its chain, and the key.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// The same settings, once for each list of protocols that is offered by ALPN (RFC 7301).
struct Offers {
    any: Arc<ClientConfig>,
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

/// Which protocols a connection offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// HTTP/2, or else HTTP/1.1.
    Any,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// HTTP/2 as ALPN names it (RFC 9113, section 3.2).
pub(super) const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// Why a certificate or key cannot be used. Nothing of them is in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TlsError {
    /// No certificate in PEM.
    #[error("there is no certificate (PEM) in it")]
    NoCertificate,
    /// No private key in PEM.
    #[error("there is no private key (PEM) in it")]
    NoKey,
    /// They are no pair, or of an unknown kind.
    #[error("certificate and key cannot be used together: {0}")]
    Unusable(String),
}

impl TlsSettings {
    /// The public certificate authorities, TLS 1.2 and 1.3. One for every upstream that nobody configured otherwise, so
    /// that its sessions are resumed.
    pub fn public() -> Arc<Self> {
        static SHARED: OnceLock<Arc<TlsSettings>> = OnceLock::new();
        let roots = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Arc::clone(SHARED.get_or_init(|| Arc::new(Self::with(roots()))))
    }

    /// As with [`TlsSettings::public`], but for one upstream: it may be given a certificate of the portal's.
    pub fn of_public_authorities() -> Self {
        Self::with(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }

    /// The authorities in `pem` and no others.
    pub fn of_authorities(pem: &str) -> Result<Self, TlsError> {
        Ok(Self::with(authorities(pem)?))
    }

    /// Exactly these settings, but for the protocols that are offered.
    pub fn fixed(config: &ClientConfig) -> Self {
        let (roots, offers) = (Arc::new(RootCertStore::empty()), Offers::of(config));
        Self::holding(Current { roots, identity: None, offers })
    }

    fn with(roots: RootCertStore) -> Self {
        let roots = Arc::new(roots);
        let offers = Offers::of(&builder(&roots).with_no_client_auth());
        Self::holding(Current { roots, identity: None, offers })
    }

    fn holding(current: Current) -> Self {
        Self { current: RwLock::new(current), generation: AtomicU64::new(0) }
    }

    /// Shows this certificate, with its chain, on every connection from now on.
    pub fn identify(&self, chain: &str, key: &str) -> Result<(), TlsError> {
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| TlsError::NoKey)?;
        let identity = Identity { chain: certificates(chain)?, key };
        let mut current = self.current.write();
        *current = Current::of(Arc::clone(&current.roots), Some(identity))?;
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Trusts the authorities in `pem` and no others, on every connection from now on. The portal's certificate stays.
    pub fn trust(&self, pem: &str) -> Result<(), TlsError> {
        let roots = Arc::new(authorities(pem)?);
        let mut current = self.current.write();
        let identity = current.identity.as_ref().map(Identity::copy);
        *current = Current::of(roots, identity)?;
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    pub(crate) fn current(&self, offer: Offer) -> Arc<ClientConfig> {
        let offers = &self.current.read().offers;
        Arc::clone(match offer {
            Offer::Any => &offers.any,
            Offer::Http1 => &offers.http1,
            Offer::Http2 => &offers.http2,
        })
    }

    /// A number that moves with every change.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

impl Identity {
    fn copy(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl Current {
    fn of(roots: Arc<RootCertStore>, identity: Option<Identity>) -> Result<Self, TlsError> {
        let builder = builder(&roots);
        let config = match &identity {
            None => builder.with_no_client_auth(),
            Some(Identity { chain, key }) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(|error| TlsError::Unusable(error.to_string()))?,
        };
        Ok(Self { offers: Offers::of(&config), roots, identity })
    }
}

impl Offers {
    fn of(config: &ClientConfig) -> Self {
        let offering = |protocols: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Arc::new(config)
        };
        Self { any: offering(&[H2, HTTP_1_1]), http1: offering(&[HTTP_1_1]), http2: offering(&[H2]) }
    }
}

fn authorities(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| TlsError::Unusable(error.to_string()))?;
    }
    Ok(roots)
}

type Builder =
    tokio_rustls::rustls::ConfigBuilder<ClientConfig, tokio_rustls::rustls::client::WantsClientCert>;

fn builder(roots: &Arc<RootCertStore>) -> Builder {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring serves TLS 1.2 and 1.3")
        .with_root_certificates(Arc::clone(roots))
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or(TlsError::NoCertificate)
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings")
            .field("authorities", &self.current.read().roots.len())
            .finish_non_exhaustive()
    }
}
