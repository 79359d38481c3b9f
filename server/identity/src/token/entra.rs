use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::jwt::{self, Reading};
use super::response::{self, Expected};
use super::{ExchangeError, ExchangeRequest, ExchangedToken, Scope, Subject, TokenExchange};
use crate::provider::Provider;

/// The on-behalf-of flow of Microsoft Entra ID, which is no RFC 8693 ("Microsoft identity platform and OAuth 2.0
/// On-Behalf-Of flow", Microsoft Learn). The grant is RFC 7523's, and the scope names the audience.
///
/// Two things are Entra's own. The session's access token must be for the portal's own API, so the login asks for a scope of
/// it (`api://<portal>/access`). And a token carries every scope of its API that was ever consented to, which is wider than
/// asked and refused: either consent to no more than the grant says, or grant the scope `.default`, which asks for just that.
#[derive(Debug)]
pub struct EntraOnBehalfOf {
    provider: Arc<Provider>,
    own_audiences: Vec<String>,
    application_ids: HashMap<String, String>,
}

const ON_BEHALF_OF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEFAULT: &str = ".default";

impl EntraOnBehalfOf {
    /// Exchanges at `provider`. `own_audiences` is what may stand in `aud` of a token for the portal's own API: its
    /// application ID (tokens of version 2) or its application ID URI (version 1).
    pub fn new(provider: Arc<Provider>, own_audiences: Vec<String>) -> Self {
        Self { provider, own_audiences, application_ids: HashMap::new() }
    }

    /// Says that tokens for `audience`, an application ID URI, may have this application ID as `aud`, as those of version 2
    /// do.
    #[must_use]
    pub fn with_application_id(mut self, audience: &str, application_id: &str) -> Self {
        self.application_ids.insert(audience.to_owned(), application_id.to_owned());
        self
    }

    /// Entra refuses an assertion that is not for the caller, but only after having seen it.
    fn check_assertion(&self, assertion: &str) -> Result<(), ExchangeError> {
        let Reading::Claims(claims) = jwt::read(assertion) else {
            return Err(ExchangeError::Request("the session's access token says nothing about its audience"));
        };
        let mut audiences = claims.audiences().peekable();
        let named = audiences.peek().is_some();
        if named && audiences.all(|audience| self.own_audiences.iter().any(|own| own == audience)) {
            Ok(())
        } else {
            Err(ExchangeError::Request("the session's access token is not for the portal's own API"))
        }
    }
}

/// The scope of a request in both spellings.
struct EntraScope {
    prefix: String,
    plain: Scope,
    everything: bool,
}

impl EntraScope {
    fn of(request: &ExchangeRequest<'_>) -> Result<Self, ExchangeError> {
        let prefix = format!("{}/", request.audience.trim_end_matches('/'));
        let plain = request.scope.without_prefix(&prefix);
        let everything = plain == Scope::parse(DEFAULT);
        let foreign = plain.iter().any(|value| value.contains("://"));
        if plain.is_empty() || foreign || (!everything && plain.iter().any(|value| value == DEFAULT)) {
            return Err(ExchangeError::Request("Entra ID takes either scopes of the audience or .default"));
        }
        Ok(Self { prefix, plain, everything })
    }

    fn qualified(&self) -> String {
        self.plain.with_prefix(&self.prefix).to_string()
    }

    fn limit(&self) -> Option<&Scope> {
        (!self.everything).then_some(&self.plain)
    }
}

#[async_trait]
impl TokenExchange for EntraOnBehalfOf {
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        let scope = match request.subject {
            Subject::Person(_) => EntraScope::of(&request)?,
            // Without a person there are application roles, which only `.default` asks for.
            Subject::Portal => EntraScope::of(&ExchangeRequest { scope: &Scope::parse(DEFAULT), ..request })?,
        };
        let qualified = scope.qualified();
        let fields = match request.subject {
            Subject::Person(assertion) => {
                self.check_assertion(assertion)?;
                vec![
                    ("grant_type", ON_BEHALF_OF),
                    ("assertion", assertion),
                    ("scope", qualified.as_str()),
                    ("requested_token_use", "on_behalf_of"),
                ]
            }
            Subject::Portal => vec![("grant_type", "client_credentials"), ("scope", qualified.as_str())],
        };
        let answer = self.provider.post_token(&fields).await?;
        let expected = Expected {
            issued_token_type: false,
            alias: self.application_ids.get(request.audience).map(String::as_str),
            scope_prefix: Some(&scope.prefix),
            scope: scope.limit(),
            ..Expected::of(&request)
        };
        response::accept(&self.provider, &answer, &expected).await
    }
}
