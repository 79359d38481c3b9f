use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// An organization a person belongs to, with the roles held there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// `org_id`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Role names, as the provider or the portal's own store gives them.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// Who signed in. Two issuers with the same `sub` are two people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The issuer that vouches for `sub`.
    pub issuer: String,
    /// The subject at that issuer.
    pub sub: String,
    /// Display name.
    pub name: String,
    /// E-mail address, where the provider gave one.
    pub email: Option<String>,
    /// The `email_verified` claim (OpenID Connect Core 1.0, section 5.1); none where the provider says nothing of it.
    #[serde(default)]
    pub email_verified: Option<bool>,
    /// Claims of the id_token that the configuration keeps for policies, by name. Shared, since every request's principal
    /// has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Arc<BTreeMap<String, Vec<String>>>>,
}

/// The tokens of a session. They never leave the server; `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// The subject token of exchanges.
    pub access_token: String,
    /// When it ends.
    #[serde(with = "time::serde::timestamp")]
    pub access_expires_at: OffsetDateTime,
    /// Rotating, single-use.
    pub refresh_token: Option<String>,
    /// When the refresh token ends, where the provider says so.
    #[serde(default, with = "time::serde::timestamp::option")]
    pub refresh_expires_at: Option<OffsetDateTime>,
    /// Kept for `id_token_hint` at logout.
    pub id_token: String,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("access_expires_at", &self.access_expires_at).finish_non_exhaustive()
    }
}

/// Everything a session is, as it is kept at rest (sealed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    /// Who.
    pub person: Person,
    /// The organization it acts for.
    pub org_id: String,
    /// Every organization the person may switch to: what the provider says and what the portal keeps itself.
    pub organizations: Vec<Membership>,
    /// What the provider's claims alone say of it.
    #[serde(default)]
    pub provider_organizations: Vec<Membership>,
    /// The provider's session id (`sid`), for back-channel logout.
    pub sid: Option<String>,
    /// The provider's tokens.
    pub tokens: Tokens,
    /// When it began.
    #[serde(with = "time::serde::timestamp")]
    pub created_at: OffsetDateTime,
    /// When it ends whatever happens.
    #[serde(with = "time::serde::timestamp")]
    pub expires_at: OffsetDateTime,
    /// What the person would know the browser by, from its `User-Agent`.
    #[serde(default)]
    pub device: String,
    /// The organization that the provider issued the tokens for; empty where it names none.
    #[serde(default)]
    pub tokens_org_id: String,
    /// What the last form has to say on the next page, in the words of whoever put it there.
    #[serde(default)]
    pub notice: Option<String>,
    /// What it may do has changed: the next page goes on under a new id.
    #[serde(default)]
    pub renew: bool,
}

impl SessionState {
    /// When it ends if it is used all the time: a session never outlives the tokens it was made from.
    pub fn ends_at(&self) -> OffsetDateTime {
        let tokens = &self.tokens;
        let tokens_end = match (&tokens.refresh_token, tokens.refresh_expires_at) {
            (Some(_), Some(end)) => end,
            (Some(_), None) => return self.expires_at,
            (None, _) => tokens.access_expires_at,
        };
        self.expires_at.min(tokens_end)
    }

    /// The roles held in the current organization; none when the person is not its member.
    pub fn roles(&self) -> &[String] {
        self.organizations.iter().find(|o| o.id == self.org_id).map_or(&[], |o| &o.roles)
    }
}
