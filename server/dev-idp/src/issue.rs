use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::claims::{self, AccessTokenClaims, Actor, IdTokenClaims, PersonClaims};
use crate::config::Client;
use crate::idp::DevIdp;
use crate::keys::KeyError;
use crate::ledger::TokenKind;
use crate::scope::Scope;
use crate::store::Grant;

/// The answer of the token endpoint (RFC 6749, section 5.1; RFC 8693, section 2.2.1).
#[derive(Serialize)]
pub(crate) struct TokenResponse {
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    pub(crate) expires_in: i64,
    pub(crate) scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued_token_type: Option<&'static str>,
}

/// The type of every token that an exchange takes or gives (RFC 8693, section 3).
pub(crate) const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

impl DevIdp {
    /// The tokens of a login or a refresh, without the refresh token.
    pub(crate) fn issue_login(
        &self,
        (id, grant): (&str, &Grant),
        scope: &Scope,
        nonce: Option<&str>,
    ) -> Result<TokenResponse, KeyError> {
        let now = self.now();
        let access_token = self.sign_access_token(now, (id, grant), &self.issuer, scope, None)?;
        self.ledger.record(TokenKind::Access, &access_token);
        let id_token = self.sign_id_token(now, grant, scope, nonce, &access_token)?;
        self.ledger.record(TokenKind::Id, &id_token);
        Ok(TokenResponse { id_token: Some(id_token), ..self.response(access_token, scope) })
    }

    /// An access token for an upstream, in place of the subject token.
    pub(crate) fn issue_exchanged(
        &self,
        (id, grant): (&str, &Grant),
        actor: String,
        audience: &str,
        scope: &Scope,
    ) -> Result<TokenResponse, KeyError> {
        let actor = Actor { sub: actor };
        let access_token = self.sign_access_token(self.now(), (id, grant), audience, scope, Some(actor))?;
        self.ledger.record(TokenKind::Exchanged { audience: audience.to_owned() }, &access_token);
        Ok(TokenResponse { issued_token_type: Some(ACCESS_TOKEN_TYPE), ..self.response(access_token, scope) })
    }

    /// A token of the client's own.
    pub(crate) fn issue_own(
        &self,
        client: &Client,
        audience: &str,
        scope: &Scope,
    ) -> Result<TokenResponse, KeyError> {
        let (now, id) = (self.now(), self.new_id());
        let grant = Grant {
            client_id: client.client_id.clone(),
            sub: client.client_id.clone(),
            org_id: String::new(),
            scope: scope.clone(),
            sid: String::new(),
            auth_time: now,
            expires_at: now + self.config.lifetimes.access_token,
        };
        self.store.lock().grants.add(now, id.clone(), grant.clone());
        let access_token = self.sign_access_token(now, (&id, &grant), audience, scope, None)?;
        self.ledger.record(TokenKind::Own { audience: audience.to_owned() }, &access_token);
        Ok(self.response(access_token, scope))
    }

    /// The claims and the grant of an access token that is genuine, current and not revoked.
    pub(crate) fn verify_access_token(&self, token: &str) -> Option<(AccessTokenClaims, (String, Grant))> {
        let now = self.now();
        let claims: AccessTokenClaims = self.keys.read().verify(claims::ACCESS_TOKEN, token)?;
        if claims.iss != self.issuer || claims.exp <= now.unix_timestamp() {
            return None;
        }
        let (id, mut grant) = self.store.lock().grants.of_access_token(now, &claims.jti)?.clone();
        // A refresh may have moved the grant on to another organization; this token stays in its own.
        grant.org_id.clone_from(&claims.org_id);
        Some((claims, (id, grant)))
    }

    fn response(&self, access_token: String, scope: &Scope) -> TokenResponse {
        TokenResponse {
            access_token,
            token_type: "Bearer",
            expires_in: self.config.lifetimes.access_token.whole_seconds(),
            scope: scope.to_string(),
            id_token: None,
            refresh_token: None,
            issued_token_type: None,
        }
    }

    fn sign_access_token(
        &self,
        now: OffsetDateTime,
        (id, grant): (&str, &Grant),
        audience: &str,
        scope: &Scope,
        act: Option<Actor>,
    ) -> Result<String, KeyError> {
        let expires_at = now + self.config.lifetimes.access_token;
        let jti = self.new_id();
        let account = self.account(&grant.sub);
        let roles = account.as_ref().and_then(|account| account.membership(&grant.org_id));
        let claims = AccessTokenClaims {
            iss: self.issuer.clone(),
            sub: grant.sub.clone(),
            aud: audience.to_owned(),
            exp: expires_at.unix_timestamp(),
            iat: now.unix_timestamp(),
            auth_time: grant.is_of_a_login().then(|| grant.auth_time.unix_timestamp()),
            jti: jti.clone(),
            client_id: grant.client_id.clone(),
            scope: scope.to_string(),
            sid: grant.sid.clone(),
            org_id: grant.org_id.clone(),
            roles: roles.map(|membership| membership.roles.clone()).unwrap_or_default(),
            act,
        };
        let token = self.keys.read().sign(claims::ACCESS_TOKEN, &claims)?;
        self.store.lock().grants.record_access_token(now, jti, id, expires_at);
        Ok(token)
    }

    fn sign_id_token(
        &self,
        now: OffsetDateTime,
        grant: &Grant,
        scope: &Scope,
        nonce: Option<&str>,
        access_token: &str,
    ) -> Result<String, KeyError> {
        let account = self.account(&grant.sub).ok_or(KeyError)?;
        let claims = IdTokenClaims {
            iss: &self.issuer,
            aud: &grant.client_id,
            exp: (now + self.config.lifetimes.id_token).unix_timestamp(),
            iat: now.unix_timestamp(),
            auth_time: grant.auth_time.unix_timestamp(),
            nonce,
            sid: &grant.sid,
            at_hash: at_hash(access_token),
            person: PersonClaims::new(&account, &self.config.organizations, &grant.org_id, scope),
        };
        self.keys.read().sign(claims::ID_TOKEN, &claims)
    }
}

/// The left half of the token's SHA-256 (OpenID Connect Core 1.0, section 3.1.3.6).
fn at_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(access_token.as_bytes())[..16])
}
