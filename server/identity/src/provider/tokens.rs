use bytes::Bytes;
use http::{Response, StatusCode};
use openidconnect::{ExtraTokenFields, OAuth2TokenResponse};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::ProviderError;
use super::discovered::TokenAnswer;
use crate::answer::{self, Failure};
use crate::session::{Membership, Person, SessionState, Tokens};

/// A finished sign-in or refresh: verified, with everything a session is made of.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Who.
    pub person: Person,
    /// The organization the tokens are for; empty where they are for none in particular.
    pub org_id: String,
    /// The organizations that the claims name.
    pub organizations: Vec<Membership>,
    /// Whether these are all that the person belongs to. A provider that names only the organization of the login says
    /// nothing of others.
    pub names_all_organizations: bool,
    /// The provider's session id.
    pub sid: Option<String>,
    /// The tokens.
    pub tokens: Tokens,
}

impl SignIn {
    /// The session this sign-in begins at `now` and that ends after `absolute` at the latest.
    pub fn into_state(self, now: OffsetDateTime, absolute: Duration) -> SessionState {
        SessionState {
            person: self.person,
            tokens_org_id: self.org_id.clone(),
            org_id: self.org_id,
            notice: None,
            provider_organizations: self.organizations.clone(),
            organizations: self.organizations,
            sid: self.sid,
            tokens: self.tokens,
            created_at: now,
            expires_at: now + absolute,
            device: String::new(),
            renew: false,
        }
    }
}

/// An access token without `expires_in` is taken to live this long (RFC 6749, section 5.1 only recommends the field).
const ASSUMED_LIFETIME: Duration = Duration::minutes(5);

/// The tokens of an answer. A provider that does not rotate sends no new refresh token: that of `previous` then stays.
pub(crate) fn collect(
    answer: &TokenAnswer,
    id_token: String,
    previous: Option<&Tokens>,
    now: OffsetDateTime,
) -> Tokens {
    let kept = || {
        previous.map(|tokens| (tokens.refresh_token.clone(), tokens.refresh_expires_at)).unwrap_or_default()
    };
    let refresh_ends = answer.extra_fields().extra_fields().ends_after().map(|after| now + after);
    let (refresh_token, refresh_expires_at) = match answer.refresh_token() {
        Some(token) => (Some(token.secret().clone()), refresh_ends),
        None => kept(),
    };
    let lifetime = answer.expires_in().and_then(|d| Duration::try_from(d).ok()).unwrap_or(ASSUMED_LIFETIME);
    Tokens {
        access_token: answer.access_token().secret().clone(),
        access_expires_at: now + lifetime,
        refresh_token,
        refresh_expires_at,
        id_token,
    }
}

/// How long a refresh token lives, which RFC 6749 has no field for: Keycloak's name of it, and what others use.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RefreshLifetime {
    /// Seconds. Whatever else stands there is no reason to refuse the tokens.
    #[serde(default, alias = "refresh_token_expires_in", skip_serializing_if = "serde_json::Value::is_null")]
    refresh_expires_in: serde_json::Value,
}

impl ExtraTokenFields for RefreshLifetime {}

impl RefreshLifetime {
    /// None where it is not said, or where it has no end (Keycloak's offline tokens say 0).
    fn ends_after(&self) -> Option<Duration> {
        let seconds = self.refresh_expires_in.as_i64().filter(|seconds| *seconds > 0)?;
        // No session lasts a century.
        Some(Duration::seconds(seconds.min(100 * 365 * 86_400)))
    }
}

/// The token endpoint's answer to a grant (RFC 6749, section 5).
pub(crate) fn read(response: &Response<Bytes>) -> Result<TokenAnswer, ProviderError> {
    if response.status() != StatusCode::OK {
        return Err(failed(response, "the token endpoint"));
    }
    answer::json(response).map_err(|unreadable| {
        // The body may hold tokens, so nothing of it is told.
        if is_token_answer(response.body()) {
            ProviderError::IdToken("it lacks a claim that must be there, or is no JWT".into())
        } else {
            ProviderError::Nonsense(format!("the token endpoint's answer: {}", unreadable.as_str()))
        }
    })
}

/// What it means that `endpoint` did not do as asked: refused for good, or worth another try.
pub(crate) fn failed(response: &Response<Bytes>, endpoint: &str) -> ProviderError {
    match answer::failure(response) {
        Failure::Unavailable(why) => ProviderError::Unavailable(format!("{endpoint}: {why}")),
        Failure::Refused(code) => ProviderError::Refused { code },
        Failure::Neither => {
            ProviderError::Nonsense(format!("{endpoint} answered {} without a reason", response.status()))
        }
    }
}

/// Whether a body that could not be read is a token response all the same, so that its id_token must be at fault.
fn is_token_answer(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "access_token")]
        _access_token: String,
        #[serde(rename = "id_token")]
        _id_token: String,
    }
    serde_json::from_slice::<Answer>(body).is_ok()
}
