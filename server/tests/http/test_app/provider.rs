use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use portico_ports::{HttpClient, HttpClientError, OsRandom, Random as _};
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, rand_core};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Answer, Browser, TestApp, json_response};

/// The issuer of a [`FakeProvider`] that has no other; nothing listens there.
pub const ISSUER: &str = "https://idp.test";
/// The portal's `client_id` at it.
pub const CLIENT_ID: &str = "portico";

/// An OpenID provider with keys of its own that answers whatever a test wants, correct or not.
#[derive(Clone)]
pub struct FakeProvider(Arc<Shared>);

struct Shared {
    issuer: String,
    /// What the token endpoint hands out as access token.
    access_token: Mutex<String>,
    /// The raw id_token that the token endpoint hands out.
    id_token: Mutex<String>,
}

/// An id_token before it is signed. A test changes what it wants to be wrong.
pub struct IdToken {
    pub header: Value,
    pub claims: Value,
    pub signature: Signature,
}

/// How an id_token is signed.
pub enum Signature {
    /// RS256 with the provider's key.
    Sound,
    /// RS256 with a key that nobody published.
    ByStranger,
    /// HS256, keyed with the provider's public key as PEM, DER or modulus: what a confused verifier would take.
    KeyedWithPublicKey(PublicKeyForm),
    /// RS256 with the last bit turned.
    Broken,
    /// None at all.
    Absent,
}

/// In which form a public key is passed off as a secret.
#[derive(Clone, Copy, Debug)]
pub enum PublicKeyForm {
    Pem,
    Der,
    Modulus,
}

static KEY: LazyLock<RsaPrivateKey> = LazyLock::new(new_key);
static STRANGER: LazyLock<RsaPrivateKey> = LazyLock::new(new_key);

impl FakeProvider {
    /// With one published key.
    pub fn new() -> Self {
        Self::at(ISSUER)
    }

    /// The same under another issuer, `https://` and a host.
    pub fn at(issuer: &str) -> Self {
        let access_token = Mutex::new("an-access-token".to_owned());
        Self(Arc::new(Shared { issuer: issuer.to_owned(), access_token, id_token: Mutex::default() }))
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The stranger's public key as a JWK.
    pub fn stranger_jwk() -> Value {
        public_jwk(&STRANGER)
    }

    /// Logs in with an id_token that `change` has been over, up to the callback's answer.
    pub async fn login(&self, app: &TestApp, browser: &Browser, change: impl FnOnce(&mut IdToken)) -> Answer {
        self.login_by(app, browser, "/auth/login?return_to=/todos", change).await
    }

    /// The same, begun with a request of the test's choice.
    pub async fn login_by(
        &self,
        app: &TestApp,
        browser: &Browser,
        login: &str,
        change: impl FnOnce(&mut IdToken),
    ) -> Answer {
        self.login_at(app.now(), browser, login, change).await
    }

    /// The same, for a portal whose clock says `now`, in seconds since 1970.
    pub async fn login_at(
        &self,
        now: i64,
        browser: &Browser,
        login: &str,
        change: impl FnOnce(&mut IdToken),
    ) -> Answer {
        let begun = browser.get(login).sent_from("none").send().await;
        let authorize = Url::parse(begun.location()).expect("the provider's URL");
        let parameter = |name: &str| {
            let found = authorize.query_pairs().find(|(n, _)| n == name);
            found.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        assert_eq!(authorize.origin().ascii_serialization(), self.issuer(), "where the login went");
        let mut token = IdToken::for_nonce(&parameter("nonce"), now);
        token.claims["iss"] = json!(self.issuer());
        change(&mut token);
        *self.0.id_token.lock() = token.sign();
        let state = parameter("state");
        let callback = format!("/auth/callback?code=a-code&state={state}&iss={}", self.issuer());
        browser.get(&callback).sent_from("cross-site").send().await
    }

    /// Hands out this access token from now on.
    pub fn hands_out(&self, access_token: &str) {
        access_token.clone_into(&mut self.0.access_token.lock());
    }

    /// Hands out, with the next refresh, an id_token whose claims `change` has been over.
    pub fn refreshes_with(&self, now: i64, change: impl FnOnce(&mut Value)) {
        let mut token = IdToken::for_nonce("", now);
        token.remove("nonce");
        token.claims["iss"] = json!(self.issuer());
        change(&mut token.claims);
        *self.0.id_token.lock() = token.sign();
    }

    /// A sound logout token by `sub`, after `change` has been over it (Back-Channel Logout 1.0, section 2.4).
    pub fn logout_token(&self, now: i64, change: impl FnOnce(&mut IdToken)) -> String {
        let mut token = IdToken {
            header: json!({ "alg": "RS256", "typ": "logout+jwt", "kid": "k1" }),
            claims: json!({
                "iss": self.issuer(), "aud": CLIENT_ID, "iat": now, "exp": now + 120, "sub": "person-1",
                "jti": portico_ports::token::<16>(&OsRandom),
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            }),
            signature: Signature::Sound,
        };
        change(&mut token);
        token.sign()
    }

    /// What it answers to a request of the portal.
    pub fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        match request.uri().path() {
            "/.well-known/openid-configuration" => json_response(200, &discovery(self.issuer())),
            "/jwks" => json_response(200, &json!({ "keys": [public_jwk(&KEY)] })),
            "/token" if request.body().windows(14).any(|part| part == b"token-exchange") => json_response(
                200,
                &json!({
                    "access_token": "an-exchanged-token", "token_type": "Bearer", "expires_in": 300,
                    "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                }),
            ),
            "/token" => json_response(
                200,
                &json!({
                    "access_token": *self.0.access_token.lock(), "token_type": "Bearer", "expires_in": 300,
                    "refresh_token": "a-refresh-token", "id_token": *self.0.id_token.lock(),
                }),
            ),
            _ => json_response(404, &json!({})),
        }
    }
}

#[async_trait]
impl HttpClient for FakeProvider {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpClientError> {
        if !request.uri().to_string().starts_with(&format!("{}/", self.issuer())) {
            return Err(HttpClientError::Connection("there is no such host".into()));
        }
        Ok(self.answer(&request))
    }
}

/// Several providers side by side: each answers for its own host.
pub struct FakeProviders(pub Vec<FakeProvider>);

#[async_trait]
impl HttpClient for FakeProviders {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpClientError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let of = self.0.iter().find(|provider| provider.issuer().ends_with(&format!("//{host}")));
        of.ok_or_else(|| HttpClientError::Connection("there is no such host".into()))?.send(request).await
    }
}

impl IdToken {
    /// What a sound provider would issue now.
    pub fn for_nonce(nonce: &str, now: i64) -> Self {
        Self {
            header: json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }),
            claims: json!({
                "iss": ISSUER, "aud": CLIENT_ID, "sub": "person-1", "name": "Pat Person", "nonce": nonce,
                "iat": now, "exp": now + 300, "org_id": "acme",
                "organizations": [{ "id": "acme", "name": "Acme", "roles": ["member"] }],
            }),
            signature: Signature::Sound,
        }
    }

    /// Takes a claim out.
    pub fn remove(&mut self, claim: &str) {
        self.claims.as_object_mut().expect("claims are an object").remove(claim);
    }

    fn sign(&self) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&self.header), encode(&self.claims));
        let signature = match self.signature {
            Signature::Sound => rs256(&KEY, &message),
            Signature::ByStranger => rs256(&STRANGER, &message),
            Signature::KeyedWithPublicKey(form) => hs256(&public_key(form), &message),
            Signature::Broken => {
                let sound = rs256(&KEY, &message);
                let mut bytes = URL_SAFE_NO_PAD.decode(sound).expect("base64url");
                *bytes.last_mut().expect("a signature has bytes") ^= 1;
                URL_SAFE_NO_PAD.encode(bytes)
            }
            Signature::Absent => String::new(),
        };
        format!("{message}.{signature}")
    }
}

fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/end-session"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// RSASSA-PKCS1-v1_5 over SHA-256 (RFC 8017, section 9.2; the prefix is its note 1's).
fn rs256(key: &RsaPrivateKey, message: &str) -> String {
    const DIGEST_INFO: [u8; 19] =
        *b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    let scheme = Pkcs1v15Sign { hash_len: Some(32), prefix: Box::new(DIGEST_INFO) };
    URL_SAFE_NO_PAD.encode(key.sign(scheme, &Sha256::digest(message)).expect("the key signs"))
}

/// HMAC-SHA-256 (RFC 2104), written out: a test needs no crate for it.
fn hs256(secret: &[u8], message: &str) -> String {
    let mut key = [0_u8; 64];
    let hashed = Sha256::digest(secret);
    let secret = if secret.len() > key.len() { hashed.as_slice() } else { secret };
    key[..secret.len()].copy_from_slice(secret);
    let pad = |byte: u8| key.map(|k| k ^ byte);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    URL_SAFE_NO_PAD.encode(Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize())
}

fn public_key(form: PublicKeyForm) -> Vec<u8> {
    let der = KEY.to_public_key().to_pkcs1_der().expect("the key can be written").as_bytes().to_vec();
    match form {
        PublicKeyForm::Der => der,
        PublicKeyForm::Modulus => KEY.n().to_bytes_be(),
        PublicKeyForm::Pem => {
            let base64 = STANDARD.encode(der);
            let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
            format!("-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n", lines.join("\n"))
                .into()
        }
    }
}

/// A private key for RS256 in PKCS#8 form, as an operator's file holds it.
pub fn private_key_pem() -> String {
    pem(&KEY)
}

fn pem(key: &RsaPrivateKey) -> String {
    let der = key.to_pkcs8_der().expect("the key can be written");
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_bytes()))
}

/// A key for RS256 that is nobody else's.
#[derive(Clone)]
pub struct RsaKey(RsaPrivateKey);

impl RsaKey {
    pub fn generate() -> Self {
        Self(new_key())
    }

    /// As an operator's file holds it.
    pub fn pem(&self) -> String {
        pem(&self.0)
    }

    /// Whether this key signed the JWT. RS256 signs the same text the same way every time.
    pub fn signed(&self, jwt: &str) -> bool {
        jwt.rsplit_once('.').is_some_and(|(message, signature)| rs256(&self.0, message) == signature)
    }
}

fn public_jwk(key: &RsaPrivateKey) -> Value {
    let encode = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
    let (n, e) = (encode(key.n().to_bytes_be()), encode(key.e().to_bytes_be()));
    json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": n, "e": e })
}

fn new_key() -> RsaPrivateKey {
    RsaPrivateKey::new(&mut Entropy, 2048).expect("a key can be made")
}

/// The system's randomness, as the `rsa` crate takes it.
struct Entropy;

impl rand_core::CryptoRng for Entropy {}

impl rand_core::RngCore for Entropy {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        OsRandom.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}
