use bytes::Bytes;
use http::{Response, StatusCode};
use openidconnect::OAuth2TokenResponse;
use serde::Deserialize;
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
    /// The organization the tokens are for.
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

/// The tokens of an answer. A provider that does not rotate sends no new refresh token: `previous` then stays.
pub(crate) fn collect(
    answer: &TokenAnswer,
    id_token: String,
    previous: Option<String>,
    now: OffsetDateTime,
) -> Tokens {
    let lifetime = answer.expires_in().and_then(|d| Duration::try_from(d).ok()).unwrap_or(ASSUMED_LIFETIME);
    Tokens {
        access_token: answer.access_token().secret().clone(),
        access_expires_at: now + lifetime,
        refresh_token: answer.refresh_token().map(|token| token.secret().clone()).or(previous),
        refresh_expires_at: None,
        id_token,
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
