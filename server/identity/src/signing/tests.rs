use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{CoreJsonCurveType, CoreJsonWebKey, CoreJwsSigningAlgorithm as Alg};
use openidconnect::{JsonWebKey as _, JsonWebKeyId};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

use super::{SigningAlgorithm, SigningKey, SigningKeyError};

/// A private key as a file holds it, and its public half as another library reads it.
pub(crate) struct TestKey {
    pub(crate) pem: String,
    pub(crate) public: CoreJsonWebKey,
}

static RSA: LazyLock<rsa::RsaPrivateKey> =
    LazyLock::new(|| rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key"));

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

impl TestKey {
    pub(crate) fn rsa(kid: Option<&str>) -> Self {
        let der = RSA.to_pkcs8_der().expect("an encoding");
        let public = CoreJsonWebKey::new_rsa(RSA.n().to_bytes_be(), RSA.e().to_bytes_be(), id(kid));
        Self { pem: pem("PRIVATE KEY", der.as_bytes()), public }
    }

    /// As GitHub and older versions of OpenSSL write it.
    pub(crate) fn rsa_pkcs1() -> Self {
        let der = RSA.to_pkcs1_der().expect("an encoding");
        Self { pem: pem("RSA PRIVATE KEY", der.as_bytes()), ..Self::rsa(None) }
    }

    pub(crate) fn es256(kid: Option<&str>) -> Self {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random);
        let point = pair.expect("a key").public_key().as_ref().to_vec();
        let (x, y) = point[1..].split_at(32);
        let public = CoreJsonWebKey::new_ec(x.to_vec(), y.to_vec(), CoreJsonCurveType::P256, id(kid));
        Self { pem: pem("PRIVATE KEY", der.as_ref()), public }
    }

    pub(crate) fn ed25519(kid: Option<&str>) -> Self {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).expect("a key");
        let x = pair.public_key().as_ref().to_vec();
        let public = CoreJsonWebKey::new_okp(x, CoreJsonCurveType::Ed25519, id(kid));
        Self { pem: pem("PRIVATE KEY", der.as_ref()), public }
    }

    pub(crate) fn signing(&self, algorithm: SigningAlgorithm) -> SigningKey {
        SigningKey::from_pem(&self.pem, algorithm, None).expect("a key")
    }

    /// The claims of `jwt`, whose signature by this key another library has verified.
    pub(crate) fn verified(&self, jwt: &str, algorithm: &Alg) -> Value {
        let (signed, signature) = jwt.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        self.public
            .verify_signature(algorithm, signed.as_bytes(), &signature)
            .expect("the signature is right");
        decoded(jwt, 1)
    }
}

fn id(kid: Option<&str>) -> Option<JsonWebKeyId> {
    kid.map(|kid| JsonWebKeyId::new(kid.to_owned()))
}

/// The header (0) or the claims (1) of a JWT.
pub(crate) fn decoded(jwt: &str, part: usize) -> Value {
    let part = jwt.split('.').nth(part).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[test]
fn what_it_signs_another_library_verifies() {
    let (rsa, pkcs1) = (TestKey::rsa(None), TestKey::rsa_pkcs1());
    let (ec, ed) = (TestKey::es256(None), TestKey::ed25519(None));
    for (key, algorithm, expected) in [
        (&rsa, SigningAlgorithm::Rs256, Alg::RsaSsaPkcs1V15Sha256),
        (&rsa, SigningAlgorithm::Ps256, Alg::RsaSsaPssSha256),
        (&pkcs1, SigningAlgorithm::Rs256, Alg::RsaSsaPkcs1V15Sha256),
        (&ec, SigningAlgorithm::Es256, Alg::EcdsaP256Sha256),
        (&ed, SigningAlgorithm::EdDsa, Alg::EdDsa),
    ] {
        let jwt = key.signing(algorithm).jwt(&json!({ "sub": "portal" })).expect("a signature");
        assert_eq!(key.verified(&jwt, &expected), json!({ "sub": "portal" }));
        assert_eq!(decoded(&jwt, 0), json!({ "alg": json!(algorithm), "typ": "JWT" }));
    }
}

#[test]
fn the_header_names_the_key_and_its_certificate() {
    let key = SigningKey::from_pem(&TestKey::es256(None).pem, SigningAlgorithm::Es256, Some("k1".into()));
    let key = key.expect("a key").with_certificate(&pem("CERTIFICATE", b"abc")).expect("a certificate");
    let header = decoded(&key.jwt(&json!({})).expect("a signature"), 0);
    // The SHA-256 of "abc", of FIPS 180's examples.
    let thumbprint = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
    assert_eq!(header, json!({ "alg": "ES256", "typ": "JWT", "kid": "k1", "x5t#S256": thumbprint }));
}

#[test]
fn a_key_that_does_not_fit_is_refused_with_a_reason() {
    let unfit = |pem: &str, algorithm| SigningKey::from_pem(pem, algorithm, None).expect_err("no fit");
    let (rsa, ec) = (TestKey::rsa(None).pem, TestKey::es256(None).pem);
    assert!(matches!(unfit(&rsa, SigningAlgorithm::Es256), SigningKeyError::Unfit(_)));
    assert!(matches!(unfit(&rsa, SigningAlgorithm::EdDsa), SigningKeyError::Unfit(_)));
    assert!(matches!(unfit(&ec, SigningAlgorithm::Rs256), SigningKeyError::Unfit(_)));
    assert!(matches!(unfit(&TestKey::rsa_pkcs1().pem, SigningAlgorithm::EdDsa), SigningKeyError::Unfit(_)));
    assert_eq!(unfit("", SigningAlgorithm::Rs256), SigningKeyError::NotPem);
    assert_eq!(unfit(&pem("CERTIFICATE", b"abc"), SigningAlgorithm::Rs256), SigningKeyError::NotPem);
    assert_eq!(unfit(&pem("EC PRIVATE KEY", b"abc"), SigningAlgorithm::Es256), SigningKeyError::Sec1);
    let key = TestKey::es256(None).signing(SigningAlgorithm::Es256);
    assert_eq!(
        key.with_certificate(&ec).expect_err("a key is no certificate"),
        SigningKeyError::NoCertificate
    );
}

#[test]
fn nothing_of_a_key_shows_in_debug_output() {
    let key = TestKey::es256(None).signing(SigningAlgorithm::Es256);
    assert_eq!(format!("{key:?}"), "SigningKey { algorithm: Es256, key_id: None, .. }");
}
