use openidconnect::{
    OAuth2TokenResponse, RequestTokenError, StandardErrorResponse, core::CoreErrorResponseType,
};
use portico_ports::HttpClientError;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::ProviderError;
use super::discovered::TokenAnswer;
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
            org_id: self.org_id,
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

/// What an error of the token endpoint means: refused for good, or worth another try.
pub(crate) fn token_error(
    error: RequestTokenError<HttpClientError, StandardErrorResponse<CoreErrorResponseType>>,
) -> ProviderError {
    match error {
        RequestTokenError::ServerResponse(refusal) => match refusal.error().as_ref() {
            // The provider is not well (RFC 6749, section 4.1.2.1, which providers use here too): that is no refusal.
            code @ ("server_error" | "temporarily_unavailable") => {
                ProviderError::Unavailable(code.to_owned())
            }
            code => ProviderError::Refused { code: code.to_owned() },
        },
        RequestTokenError::Request(error) => error.into(),
        // The body may hold tokens, so only the place of the error is told.
        RequestTokenError::Parse(_, body) if is_token_answer(&body) => {
            ProviderError::IdToken("it lacks a claim that must be there, or is no JWT".into())
        }
        RequestTokenError::Parse(error, _) => {
            ProviderError::Nonsense(format!("the token endpoint's answer, at {}", error.path()))
        }
        RequestTokenError::Other(_) => ProviderError::Nonsense("the token endpoint's answer is empty".into()),
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
