//! TLS for the portal's own socket.

use std::path::Path;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::config::{ListenConfig, TlsMode};

/// Why TLS cannot be served.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A PEM file cannot be used.
    #[error("{0}: {1}")]
    File(String, String),
    /// Certificate and key do not fit.
    #[error("the certificate cannot be served: {0}")]
    Certificate(#[from] tokio_rustls::rustls::Error),
    /// No certificate could be made.
    #[error("a certificate could not be generated: {0}")]
    Generated(#[from] rcgen::Error),
}

/// The acceptor that the configuration asks for; none for plain HTTP. Offers HTTP/2 and HTTP/1.1 by ALPN.
pub fn acceptor(config: &ListenConfig) -> Result<Option<TlsAcceptor>, TlsError> {
    let (chain, key) = match config.tls {
        TlsMode::Off => return Ok(None),
        TlsMode::Generated => generated(&config.addr.ip().to_string())?,
        TlsMode::Files => files(config)?,
    };
    let mut server = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(server))))
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn generated(host: &str) -> Result<Identity, TlsError> {
    let made = rcgen::generate_simple_self_signed([host.to_owned(), "localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())
        .map_err(|error| TlsError::File("generated key".into(), error.to_owned()))?;
    Ok((vec![made.cert.der().clone()], key))
}

fn files(config: &ListenConfig) -> Result<Identity, TlsError> {
    let path = |path: &Option<std::path::PathBuf>| path.clone().unwrap_or_default();
    let (certificate, key) = (path(&config.tls_certificate), path(&config.tls_key));
    let problem = |file: &Path| {
        let file = file.display().to_string();
        move |error: rustls_pki_types::pem::Error| TlsError::File(file, error.to_string())
    };
    let chain = CertificateDer::pem_file_iter(&certificate)
        .map_err(problem(&certificate))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(problem(&certificate))?;
    let key = PrivateKeyDer::from_pem_file(&key).map_err(problem(&key))?;
    Ok((chain, key))
}
