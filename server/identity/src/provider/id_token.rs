use std::collections::BTreeMap;
use std::sync::Arc;

use openidconnect::OAuth2TokenResponse as _;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{AccessTokenHash, TokenResponse};
use openidconnect::{
    ClaimsVerificationError, IdTokenClaims, Nonce, NonceVerifier, SignatureVerificationError,
};
use time::OffsetDateTime;

use super::discovered::{OidcClient, TokenAnswer};
use super::keys::{ALGORITHMS, KeyFailure, SKEW};
use super::{PortalClaims, ProviderConfig, ProviderError};
use crate::session::Person;

pub(crate) type Claims = IdTokenClaims<PortalClaims, CoreGenderClaim>;

/// The nonce that a login expects; a refresh's id_token need not carry one (OpenID Connect Core, section 12.2).
#[derive(Clone, Copy)]
pub(crate) enum ExpectedNonce<'a> {
    Exactly(&'a str),
    Any,
}

impl NonceVerifier for ExpectedNonce<'_> {
    fn verify(self, nonce: Option<&Nonce>) -> Result<(), String> {
        match self {
            Self::Exactly(expected) => (&Nonce::new(expected.to_owned())).verify(nonce),
            Self::Any => Ok(()),
        }
    }
}

/// Verifies the answer's id_token (OpenID Connect Core, section 3.1.3.7) and its binding to the access token.
///
/// An id_token without `kid` is taken to be signed by the one key of the set that fits its algorithm; where several fit,
/// it is refused, since section 10.1 demands a `kid` then (case 3).
pub(crate) fn verify(
    client: &OidcClient,
    answer: &TokenAnswer,
    nonce: ExpectedNonce<'_>,
    now: OffsetDateTime,
) -> Result<Claims, KeyFailure<ProviderError>> {
    let refuse = |why: String| KeyFailure::Final(ProviderError::IdToken(why));
    let id_token = answer.id_token().ok_or_else(|| refuse("there is none in the answer".into()))?;
    let (now, skew) = (chrono_now(now), chrono::Duration::seconds(SKEW.whole_seconds()));
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now - skew)
        .set_issue_time_verifier_fn(move |iat| {
            let limit = now + skew;
            (iat <= limit).then_some(()).ok_or_else(|| "iat lies in the future".to_owned())
        });
    let claims = id_token.claims(&verifier, nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            KeyFailure::UnknownKey(ProviderError::IdToken(error.to_string()))
        }
        other => refuse(other.to_string()),
    })?;
    if let Some(expected) = claims.access_token_hash() {
        let actual = id_token
            .signing_alg()
            .ok()
            .zip(id_token.signing_key(&verifier).ok())
            .and_then(|(alg, key)| AccessTokenHash::from_token(answer.access_token(), alg, key).ok());
        if actual.as_ref() != Some(expected) {
            return Err(refuse("at_hash does not fit the access token".into()));
        }
    }
    azp_is_ours(client, claims).map_err(refuse)?;
    if claims.subject().is_empty() {
        return Err(refuse("sub is empty".into()));
    }
    Ok(claims.clone())
}

/// `azp`, where present, names the client the token was issued to.
fn azp_is_ours(client: &OidcClient, claims: &Claims) -> Result<(), String> {
    match claims.authorized_party() {
        Some(party) if party != client.client_id() => Err("azp names another client".into()),
        _ => Ok(()),
    }
}

/// Who the claims describe.
pub(crate) fn person(config: &ProviderConfig, claims: &Claims) -> Person {
    let sub = claims.subject().to_string();
    let email = claims.email().map(|email| email.to_string());
    let named = claims.name().and_then(|names| names.get(None)).map(|name| name.to_string());
    let preferred = claims.preferred_username().map(|name| name.to_string());
    let name = named.or(preferred).or_else(|| email.clone()).unwrap_or_else(|| sub.clone());
    Person {
        issuer: config.issuer.to_string(),
        sub,
        name,
        email,
        email_verified: claims.email_verified(),
        claims: kept_claims(config, claims),
    }
}

/// The claims that the configuration keeps, as far as the provider sends them.
fn kept_claims(config: &ProviderConfig, claims: &Claims) -> Option<Arc<BTreeMap<String, Vec<String>>>> {
    let of = |name: &String| Some((name.clone(), claims.additional_claims().texts(name)?));
    let kept: BTreeMap<_, _> = config.claims.iter().filter_map(of).collect();
    (!kept.is_empty()).then(|| Arc::new(kept))
}

fn chrono_now(now: OffsetDateTime) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(now.unix_timestamp(), 0).unwrap_or_default()
}
