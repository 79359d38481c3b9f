use serde::{Deserialize, Serialize};

use crate::demo::{Account, Organization};
use crate::scope::Scope;

/// The header `typ` of each kind of token.
pub(crate) const ID_TOKEN: &str = "JWT";
pub(crate) const ACCESS_TOKEN: &str = "at+jwt";
pub(crate) const LOGOUT_TOKEN: &str = "logout+jwt";

/// OpenID Connect Core 1.0, section 2.
#[derive(Serialize)]
pub(crate) struct IdTokenClaims<'a> {
    pub(crate) iss: &'a str,
    pub(crate) aud: &'a str,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    pub(crate) auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<&'a str>,
    pub(crate) sid: &'a str,
    pub(crate) at_hash: String,
    #[serde(flatten)]
    pub(crate) person: PersonClaims<'a>,
}

/// What an `id_token_hint` is read for.
#[derive(Deserialize)]
pub(crate) struct IdTokenHint {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sid: String,
}

/// Who signed in, and as a member of which organization: in ID tokens and at userinfo.
#[derive(Serialize)]
pub(crate) struct PersonClaims<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    org_id: &'a str,
    org_name: &'a str,
    organizations: Vec<OrganizationClaims<'a>>,
    roles: &'a [String],
}

#[derive(Serialize)]
struct OrganizationClaims<'a> {
    id: &'a str,
    name: &'a str,
    roles: &'a [String],
}

impl<'a> PersonClaims<'a> {
    pub(crate) fn new(
        account: &'a Account,
        organizations: &'a [Organization],
        org_id: &'a str,
        scope: &Scope,
    ) -> Self {
        let name_of = |id: &'a str| {
            organizations
                .iter()
                .find(|organization| organization.id == id)
                .map_or(id, |found| found.name.as_str())
        };
        let with_email = scope.contains("email");
        Self {
            sub: &account.sub,
            name: scope.contains("profile").then_some(account.name.as_str()),
            email: with_email.then_some(account.email.as_str()),
            email_verified: with_email.then_some(true),
            org_id,
            org_name: name_of(org_id),
            organizations: account
                .memberships
                .iter()
                .map(|membership| OrganizationClaims {
                    id: &membership.organization,
                    name: name_of(&membership.organization),
                    roles: &membership.roles,
                })
                .collect(),
            roles: account.membership(org_id).map_or(&[], |membership| membership.roles.as_slice()),
        }
    }
}

/// RFC 9068, section 2.2. A client's own token names no sign-in and no organization.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccessTokenClaims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: String,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth_time: Option<i64>,
    pub(crate) jti: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) sid: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) org_id: String,
    pub(crate) roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) act: Option<Actor>,
}

/// Who uses an exchanged token on the subject's behalf (RFC 8693, section 4.1).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Actor {
    pub(crate) sub: String,
}

/// OpenID Connect Back-Channel Logout 1.0, section 2.4.
#[derive(Serialize)]
pub(crate) struct LogoutTokenClaims<'a> {
    pub(crate) iss: &'a str,
    pub(crate) aud: &'a str,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: String,
    pub(crate) sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<&'a str>,
    pub(crate) events: serde_json::Value,
}
