use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, SecretDocument};
use portico_ports::Random;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// The ES256 keys: the current one signs, the one before it still verifies until its tokens have expired.
pub(crate) struct SigningKeys {
    current: SigningKey,
    previous: Option<SigningKey>,
}

/// A key could not be made or used; the cryptography crates say no more.
#[derive(Debug, Error)]
#[error("the signing key could not be made or used")]
pub(crate) struct KeyError;

struct SigningKey {
    /// PKCS#8, as it is kept; wiped when it is dropped.
    document: SecretDocument,
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: Jwk,
}

impl SigningKeys {
    pub(crate) fn generate(random: &dyn Random) -> Result<Self, KeyError> {
        Ok(Self { current: SigningKey::generate(random)?, previous: None })
    }

    /// The keys that were kept: the current one first.
    pub(crate) fn from_kept(kept: &[String]) -> Result<Self, KeyError> {
        let mut keys = kept.iter().map(|key| SigningKey::from_kept(key));
        let current = keys.next().ok_or(KeyError)??;
        Ok(Self { current, previous: keys.next().transpose()? })
    }

    /// The private keys as they are kept: PKCS#8 in base64, the current one first.
    pub(crate) fn to_kept(&self) -> Vec<String> {
        let keys = std::iter::once(&self.current).chain(&self.previous);
        keys.map(|key| STANDARD.encode(key.document.as_bytes())).collect()
    }

    pub(crate) fn rotate(&mut self, random: &dyn Random) -> Result<(), KeyError> {
        let fresh = SigningKey::generate(random)?;
        self.previous = Some(std::mem::replace(&mut self.current, fresh));
        Ok(())
    }

    /// Signs `claims` as a compact JWS; `typ` keeps one kind of token from passing for another (RFC 8725, 3.11).
    pub(crate) fn sign<T: Serialize>(&self, typ: &str, claims: &T) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.current.kid.clone());
        encode(&header, claims, &self.current.encoding).map_err(|_| KeyError)
    }

    /// The claims of a token that one of these keys signed; the caller checks time, issuer and audience.
    pub(crate) fn verify<T: DeserializeOwned>(&self, typ: &str, token: &str) -> Option<T> {
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(typ) {
            return None;
        }
        let kid = header.kid?;
        let key = std::iter::once(&self.current).chain(&self.previous).find(|key| key.kid == kid)?;
        // Time comes from the injected clock, and audiences differ per endpoint.
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        decode(token, &key.decoding, &validation).ok().map(|token| token.claims)
    }

    /// The public keys (RFC 7517).
    pub(crate) fn jwks(&self) -> JwkSet {
        let keys = std::iter::once(&self.current).chain(&self.previous);
        JwkSet { keys: keys.map(|key| key.public.clone()).collect() }
    }
}

impl SigningKey {
    fn generate(random: &dyn Random) -> Result<Self, KeyError> {
        Self::of(secret_key(random)?.to_pkcs8_der().map_err(|_| KeyError)?)
    }

    fn from_kept(kept: &str) -> Result<Self, KeyError> {
        let der = STANDARD.decode(kept).map_err(|_| KeyError)?;
        let key = p256::SecretKey::from_pkcs8_der(&der).map_err(|_| KeyError)?;
        Self::of(key.to_pkcs8_der().map_err(|_| KeyError)?)
    }

    fn of(document: SecretDocument) -> Result<Self, KeyError> {
        let encoding = EncodingKey::from_ec_der(document.as_bytes());
        let mut public = Jwk::from_encoding_key(&encoding, Algorithm::ES256).map_err(|_| KeyError)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(|_| KeyError)?;
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        public.common.key_id = Some(kid.clone());
        let decoding = DecodingKey::from_jwk(&public).map_err(|_| KeyError)?;
        Ok(Self { document, kid, encoding, decoding, public })
    }
}

/// A uniform secret scalar: 32 bytes that are zero or above the group's order (one in 2^32) are drawn again.
fn secret_key(random: &dyn Random) -> Result<p256::SecretKey, KeyError> {
    const ATTEMPTS: usize = 8;
    (0..ATTEMPTS)
        .find_map(|_| {
            let mut bytes = [0_u8; 32];
            random.fill(&mut bytes);
            p256::SecretKey::from_slice(&bytes).ok()
        })
        .ok_or(KeyError)
}
