use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKey as _;
use openidconnect::core::CoreJwsSigningAlgorithm as Alg;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::discovered::Discovered;
use super::keys::{ALGORITHMS, Fitting, KeyFailure, SKEW, fitting};
use super::{ProviderConfig, ProviderError};

/// What a verified logout token says: which sessions end (Back-Channel Logout 1.0, section 2.4). At least one of `sub` and
/// `sid` is there; with both, it is the session `sid` of the person `sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    /// The issuer, written as in [`Person::issuer`](crate::session::Person::issuer).
    pub issuer: String,
    /// Whose sessions: all of them, where there is no `sid`.
    pub sub: Option<String>,
    /// The one session, by the provider's id for it.
    pub sid: Option<String>,
    /// The token's own id. It must not have been seen before at this issuer.
    pub jti: String,
    /// From when on this token is refused in any case, so that its `jti` may be forgotten: minutes away.
    pub expires_at: OffsetDateTime,
}

/// Why a logout token is refused.
#[derive(Debug, Error)]
pub enum LogoutTokenError {
    /// It is no JWT in compact form, or a member is of the wrong type.
    #[error("it is not a logout token")]
    Malformed,
    /// `alg` is `none`, symmetric, or unknown.
    #[error("alg is not acceptable")]
    Algorithm,
    /// `typ` says that it is something else.
    #[error("typ is neither logout+jwt nor JWT")]
    Type,
    /// The header demands an extension that we do not know (RFC 7515, section 4.1.11).
    #[error("crit names an extension that is not understood")]
    Critical,
    /// No key of the provider fits, or several do and the token names none.
    #[error("it is signed by no known key")]
    UnknownKey,
    /// The signature is not by the provider's key.
    #[error("the signature is wrong")]
    Signature,
    /// `iss` is another.
    #[error("iss is not the provider")]
    Issuer,
    /// `aud` is not this client, or not this client alone.
    #[error("aud is not this client")]
    Audience,
    /// `exp` has passed.
    #[error("it has expired")]
    Expired,
    /// `iat` lies in the future or too far back.
    #[error("iat is not recent")]
    IssuedAt,
    /// `events` does not say that this is a logout.
    #[error("events does not hold the logout event")]
    Event,
    /// There is a `nonce`: somebody passes an id_token off as a logout token.
    #[error("there is a nonce")]
    Nonce,
    /// Neither `sub` nor `sid` says who.
    #[error("there is neither sub nor sid")]
    Subject,
    /// There is no `jti`.
    #[error("there is no jti")]
    TokenId,
    /// The provider's keys could not be had. Worth another try.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// The member of `events` that makes a token a logout token (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Providers should let a logout token live for two minutes at most (section 4); older ones are refused whatever their `exp`.
const LONGEST_LIFE: Duration = Duration::minutes(5);
/// In bytes. Real ones have one kilobyte.
const LONGEST_TOKEN: usize = 16 * 1024;

/// `jwk`, `jku` and `x5u` are not even read: keys come from the provider's own key set only (case 11).
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: f64,
    exp: f64,
    jti: Option<String>,
    events: Option<Map<String, Value>>,
    sub: Option<String>,
    sid: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    nonce: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Whether a member is there, `null` included.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The checks of section 2.6. What costs nothing comes first, so that only a token that is otherwise sound can have keys
/// fetched.
pub(super) fn verify(
    jwt: &str,
    discovered: &Discovered,
    config: &ProviderConfig,
    now: OffsetDateTime,
) -> Result<LogoutToken, KeyFailure<LogoutTokenError>> {
    let parts = Parts::split(jwt).map_err(KeyFailure::Final)?;
    let header: Header = decode(parts.header).map_err(KeyFailure::Final)?;
    let algorithm = check_header(&header).map_err(KeyFailure::Final)?;
    let claims: Claims = decode(parts.payload).map_err(KeyFailure::Final)?;
    let token = check_claims(claims, discovered, config, now).map_err(KeyFailure::Final)?;
    let key = match fitting(&discovered.keys, header.kid.as_deref(), &algorithm) {
        Fitting::One(key) => key,
        Fitting::None => return Err(KeyFailure::UnknownKey(LogoutTokenError::UnknownKey)),
        Fitting::Several => return Err(KeyFailure::Final(LogoutTokenError::UnknownKey)),
    };
    key.verify_signature(&algorithm, parts.signed.as_bytes(), &parts.signature)
        .map_err(|_| KeyFailure::Final(LogoutTokenError::Signature))?;
    Ok(token)
}

/// RFC 7515, section 3.1.
struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn split(jwt: &'a str) -> Result<Self, LogoutTokenError> {
        if jwt.len() > LONGEST_TOKEN {
            return Err(LogoutTokenError::Malformed);
        }
        let (signed, signature) = jwt.rsplit_once('.').ok_or(LogoutTokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(LogoutTokenError::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| LogoutTokenError::Malformed)?;
        Ok(Self { header, payload, signed, signature })
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, LogoutTokenError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| LogoutTokenError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| LogoutTokenError::Malformed)
}

fn check_header(header: &Header) -> Result<Alg, LogoutTokenError> {
    let typ = header.typ.as_deref().unwrap_or("JWT");
    // The prefix may be left out (RFC 7515, section 4.1.9), and media types ignore case.
    let typ = typ.to_ascii_lowercase();
    if !matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "logout+jwt") {
        return Err(LogoutTokenError::Type);
    }
    if header.crit {
        return Err(LogoutTokenError::Critical);
    }
    let algorithm = serde_json::from_value(Value::String(header.alg.clone())).ok();
    algorithm.filter(|algorithm| ALGORITHMS.contains(algorithm)).ok_or(LogoutTokenError::Algorithm)
}

fn check_claims(
    claims: Claims,
    discovered: &Discovered,
    config: &ProviderConfig,
    now: OffsetDateTime,
) -> Result<LogoutToken, LogoutTokenError> {
    if claims.iss != discovered.issuer {
        return Err(LogoutTokenError::Issuer);
    }
    let for_us = match &claims.aud {
        Audience::One(audience) => *audience == config.client_id,
        Audience::Many(all) => !all.is_empty() && all.iter().all(|audience| *audience == config.client_id),
    };
    if !for_us {
        return Err(LogoutTokenError::Audience);
    }
    let expires_at = check_times(&claims, now)?;
    if claims.nonce {
        return Err(LogoutTokenError::Nonce);
    }
    if !claims.events.is_some_and(|events| events.get(EVENT).is_some_and(Value::is_object)) {
        return Err(LogoutTokenError::Event);
    }
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (sub, sid) = (said(claims.sub), said(claims.sid));
    if sub.is_none() && sid.is_none() {
        return Err(LogoutTokenError::Subject);
    }
    let jti = said(claims.jti).ok_or(LogoutTokenError::TokenId)?;
    Ok(LogoutToken { issuer: config.issuer.to_string(), sub, sid, jti, expires_at })
}

/// When the token ends for us: at its `exp`, or when its `iat` is too far back.
fn check_times(claims: &Claims, now: OffsetDateTime) -> Result<OffsetDateTime, LogoutTokenError> {
    // A NumericDate may have a fraction (RFC 7519, section 2); one of any size saturates here.
    let (iat, exp) = (claims.iat as i64, claims.exp as i64);
    let (at, skew) = (now.unix_timestamp(), SKEW.whole_seconds());
    if exp.saturating_add(skew) <= at {
        return Err(LogoutTokenError::Expired);
    }
    let oldest = at - skew - LONGEST_LIFE.whole_seconds();
    if iat > at + skew || iat <= oldest {
        return Err(LogoutTokenError::IssuedAt);
    }
    let left = exp.min(iat + LONGEST_LIFE.whole_seconds()) + skew - at;
    Ok(now + Duration::seconds(left))
}
