//! TLS for the portal's own socket.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::config::{Config, TlsMode};
use crate::dev::private_file;

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
pub fn acceptor(config: &Config) -> Result<Option<TlsAcceptor>, TlsError> {
    let (chain, key) = match config.listen.tls {
        TlsMode::Off => return Ok(None),
        TlsMode::Generated => {
            generate(config)?;
            read(&generated_certificate(config), &config.data_dir.join("tls/key.pem"))?
        }
        TlsMode::Files => {
            let path = |path: &Option<PathBuf>| path.clone().unwrap_or_default();
            read(&path(&config.listen.tls_certificate), &path(&config.listen.tls_key))?
        }
    };
    let mut server = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(server))))
}

/// Where the generated certificate is: kept, so that a browser's exception for it lasts, and trusted by the portal itself
/// and the example services, which talk to the development IdP over it.
pub fn generated_certificate(config: &Config) -> PathBuf {
    config.data_dir.join("tls/certificate.pem")
}

/// The certificate to trust besides the public roots: the generated one, where it is in use.
pub fn own_root(config: &Config) -> Option<CertificateDer<'static>> {
    if config.listen.tls != TlsMode::Generated {
        return None;
    }
    CertificateDer::from_pem_file(generated_certificate(config)).ok()
}

fn generate(config: &Config) -> Result<(), TlsError> {
    let certificate = generated_certificate(config);
    if certificate.exists() {
        return Ok(());
    }
    let host = config.listen.addr.ip().to_string();
    let made = rcgen::generate_simple_self_signed([host, "localhost".to_owned()])?;
    let problem =
        |error: std::io::Error| TlsError::File(certificate.display().to_string(), error.to_string());
    let directory = config.data_dir.join("tls");
    std::fs::create_dir_all(&directory).map_err(problem)?;
    let mut key = private_file(&directory.join("key.pem")).map_err(problem)?;
    key.write_all(made.signing_key.serialize_pem().as_bytes()).map_err(problem)?;
    // Last, since its being there means that both are.
    std::fs::write(&certificate, made.cert.pem()).map_err(problem)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn read(certificate: &Path, key: &Path) -> Result<Identity, TlsError> {
    let problem = |file: &Path| {
        let file = file.display().to_string();
        move |error: rustls_pki_types::pem::Error| TlsError::File(file, error.to_string())
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .map_err(problem(certificate))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(problem(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(problem(key))?;
    Ok((chain, key))
}
