use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Scope;

/// What a JWT access token (RFC 9068) says about itself, or introspection (RFC 7662) about an opaque one. The signature is
/// for the upstream to verify: the portal got the token from the provider's own endpoint, and reads it only to notice an
/// answer that is not what was asked.
#[derive(Debug, Deserialize)]
pub(super) struct AccessTokenClaims {
    sub: Option<String>,
    aud: Option<OneOrMany>,
    /// Seconds since 1970; a NumericDate may have a fraction (RFC 7519, section 2).
    pub(super) exp: Option<f64>,
    scope: Option<OneOrMany>,
    /// What some providers call `scope`.
    scp: Option<OneOrMany>,
    /// The organization the token is for, where the provider keeps organizations.
    pub(super) org_id: Option<String>,
    /// Who acts for the subject (RFC 8693, section 4.1).
    act: Option<Actor>,
}

/// What RFC 8693, section 4.1, shows in `act`; those who acted before are nested in it, and only for information.
#[derive(Debug, Deserialize)]
pub(super) struct Actor {
    pub(super) sub: Option<String>,
    pub(super) client_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// What a token turned out to be.
#[derive(Debug)]
pub(super) enum Reading {
    /// Not a JWT: only what the response says about it is known.
    Opaque,
    /// A JWT with readable claims.
    Claims(Box<AccessTokenClaims>),
    /// It looks like a JWT and cannot be read.
    Unreadable,
}

pub(super) fn read(token: &str) -> Reading {
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Reading::Opaque;
    };
    let is_header = decode(header).is_some_and(|header| {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&header).is_ok()
    });
    if !is_header {
        return Reading::Opaque;
    }
    let claims = decode(payload).and_then(|payload| serde_json::from_slice(&payload).ok());
    claims.map_or(Reading::Unreadable, Reading::Claims)
}

/// Whom a token is about, where it says so.
pub(super) fn subject(token: &str) -> Option<String> {
    match read(token) {
        Reading::Claims(claims) => claims.sub.filter(|sub| !sub.is_empty()),
        Reading::Opaque | Reading::Unreadable => None,
    }
}

fn decode(part: &str) -> Option<Zeroizing<Vec<u8>>> {
    URL_SAFE_NO_PAD.decode(part).ok().map(Zeroizing::new)
}

impl AccessTokenClaims {
    /// Every value of `aud`.
    pub(super) fn audiences(&self) -> impl Iterator<Item = &str> {
        self.aud.iter().flat_map(OneOrMany::values)
    }

    /// Who acts for the subject, if it says so.
    pub(super) fn actor(&self) -> Option<&Actor> {
        let named = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.is_empty());
        self.act.as_ref().filter(|actor| named(&actor.sub) || named(&actor.client_id))
    }

    /// What the token says it may be used for, if it says so.
    pub(super) fn scope(&self) -> Option<Scope> {
        let stated = self.scope.as_ref().or(self.scp.as_ref())?;
        Some(stated.values().flat_map(str::split_ascii_whitespace).collect())
    }
}

impl OneOrMany {
    fn values(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}
