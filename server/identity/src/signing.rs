//! Private keys that sign JWTs: client assertions and the tokens of a GitHub App.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The algorithms that Portico signs with (RFC 7518, section 3.1; RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
}

/// Why a key cannot be used. None of these texts holds any of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SigningKeyError {
    /// There is no private key in the text.
    #[error("it holds no private key in PEM form")]
    NotPem,
    /// `BEGIN EC PRIVATE KEY`.
    #[error("its key is in SEC1 form; `openssl pkcs8 -topk8 -nodes` writes the PKCS#8 form that is needed")]
    Sec1,
    /// The key is of another kind, damaged, or too weak: RSA needs 2048 bits.
    #[error("its key does not fit the algorithm: {0}")]
    Unfit(String),
    /// There is no certificate in the text.
    #[error("it holds no certificate in PEM form")]
    NoCertificate,
}

/// The system gave no randomness, which signatures need.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the token could not be signed")]
pub struct SignError;

/// A private key with the algorithm it signs by and the name that the other side knows it by.
pub struct SigningKey {
    pair: KeyPair,
    algorithm: SigningAlgorithm,
    key_id: Option<String>,
    certificate_thumbprint: Option<String>,
}

enum KeyPair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

/// RFC 7515, section 4.1.
#[derive(Serialize)]
struct Header<'a> {
    alg: SigningAlgorithm,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    x5t_s256: Option<&'a str>,
}

impl SigningKey {
    /// The first private key of `pem`: PKCS#8, or PKCS#1 for RSA. `key_id` becomes the `kid` of what it signs.
    ///
    /// # Errors
    /// Where there is no such key, or it does not fit `algorithm`.
    pub fn from_pem(
        pem: &str,
        algorithm: SigningAlgorithm,
        key_id: Option<String>,
    ) -> Result<Self, SigningKeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| SigningKeyError::NotPem)?;
        let pair = KeyPair::from_der(&der, algorithm)?;
        Ok(Self { pair, algorithm, key_id, certificate_thumbprint: None })
    }

    /// Also names the key by its certificate's SHA-256 thumbprint (`x5t#S256`, RFC 7515, section 4.1.8), which is how
    /// Microsoft Entra ID finds it.
    ///
    /// # Errors
    /// Where `pem` holds no certificate.
    pub fn with_certificate(mut self, pem: &str) -> Result<Self, SigningKeyError> {
        let certificate =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| SigningKeyError::NoCertificate)?;
        let thumbprint = ring::digest::digest(&ring::digest::SHA256, &certificate);
        self.certificate_thumbprint = Some(URL_SAFE_NO_PAD.encode(thumbprint));
        Ok(self)
    }

    /// What it signs by.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// A JWT with `claims` (RFC 7519) in compact form (RFC 7515, section 3.1).
    pub(crate) fn jwt(&self, claims: &impl Serialize) -> Result<String, SignError> {
        let header = Header {
            alg: self.algorithm,
            typ: "JWT",
            kid: self.key_id.as_deref(),
            x5t_s256: self.certificate_thumbprint.as_deref(),
        };
        let mut token = part(&header)?;
        token.push('.');
        token.push_str(&part(claims)?);
        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(token)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        match &self.pair {
            KeyPair::Ecdsa(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SignError),
            KeyPair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            KeyPair::Rsa(pair) => {
                let padding: &dyn RsaEncoding = match self.algorithm {
                    SigningAlgorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, message, &mut signature).map_err(|_| SignError)?;
                Ok(signature)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl KeyPair {
    fn from_der(der: &PrivateKeyDer<'_>, algorithm: SigningAlgorithm) -> Result<Self, SigningKeyError> {
        let unfit = |error: ring::error::KeyRejected| SigningKeyError::Unfit(error.to_string());
        let pkcs8 = der.secret_der();
        match (algorithm, der) {
            (_, PrivateKeyDer::Sec1(_)) => Err(SigningKeyError::Sec1),
            (SigningAlgorithm::Es256, PrivateKeyDer::Pkcs8(_)) => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new())
                    .map(Self::Ecdsa)
                    .map_err(unfit)
            }
            // OpenSSL writes Ed25519 keys without their public half; there is nothing then to check it against.
            (SigningAlgorithm::EdDsa, PrivateKeyDer::Pkcs8(_)) => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map(Self::Ed25519).map_err(unfit)
            }
            (SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256, PrivateKeyDer::Pkcs8(_)) => {
                RsaKeyPair::from_pkcs8(pkcs8).map(Self::Rsa).map_err(unfit)
            }
            (SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256, PrivateKeyDer::Pkcs1(_)) => {
                RsaKeyPair::from_der(pkcs8).map(Self::Rsa).map_err(unfit)
            }
            _ => Err(SigningKeyError::Unfit("WrongAlgorithm".to_owned())),
        }
    }
}

fn part(value: &impl Serialize) -> Result<String, SignError> {
    serde_json::to_vec(value).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| SignError)
}

#[cfg(test)]
pub(crate) mod tests;
