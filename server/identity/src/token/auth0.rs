use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use super::response::{self, Expected};
use super::rfc8693::GRANT_TYPE;
use super::{
    ClientCredentials, ExchangeError, ExchangeRequest, ExchangedToken, IntrospectionPolicy, Subject,
    TokenExchange,
};
use crate::provider::Provider;

/// Auth0's Custom Token Exchange: the grant of RFC 8693 with a `subject_token_type` of the tenant's own, which selects the
/// Action that validates the subject token ("Call Your API Using the Custom Token Exchange Flow", Auth0 Docs).
#[derive(Debug)]
pub struct Auth0CustomTokenExchange {
    provider: Arc<Provider>,
    own: ClientCredentials,
    subject_token_type: String,
    organizations: bool,
    introspection: IntrospectionPolicy,
}

/// The `subject_token_type` is one that Auth0 does not let anyone register.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "the subject_token_type {0:?} must be a URI of your own, outside the namespaces of IETF, Auth0 and Okta"
)]
pub struct ReservedTokenType(String);

/// What Auth0 keeps for itself and others.
const RESERVED: [&str; 7] = [
    "http://auth0.com",
    "https://auth0.com",
    "http://okta.com",
    "https://okta.com",
    "urn:ietf",
    "urn:auth0",
    "urn:okta",
];

impl Auth0CustomTokenExchange {
    /// Exchanges at `provider`, with the `subject_token_type` of the tenant's Custom Token Exchange Profile.
    ///
    /// # Errors
    /// Where that is no URI, or one that cannot be registered.
    pub fn new(provider: Arc<Provider>, subject_token_type: &str) -> Result<Self, ReservedTokenType> {
        let lower = subject_token_type.to_ascii_lowercase();
        let is_uri = url::Url::parse(subject_token_type).is_ok();
        if !is_uri || RESERVED.iter().any(|reserved| lower.starts_with(reserved)) {
            return Err(ReservedTokenType(subject_token_type.to_owned()));
        }
        Ok(Self {
            own: ClientCredentials::new(Arc::clone(&provider)),
            provider,
            subject_token_type: subject_token_type.to_owned(),
            organizations: false,
            introspection: IntrospectionPolicy::Never,
        })
    }

    /// For tenants that use Organizations: asks for tokens of the session's organization (`organization`), and refuses one
    /// that does not name it (`org_id`).
    #[must_use]
    pub fn with_organizations(mut self) -> Self {
        self.organizations = true;
        self
    }

    /// With opaque tokens checked as `policy` says.
    #[must_use]
    pub fn introspecting(mut self, policy: IntrospectionPolicy) -> Self {
        self.introspection = policy;
        self.own = self.own.introspecting(policy);
        self
    }
}

#[async_trait]
impl TokenExchange for Auth0CustomTokenExchange {
    async fn exchange(&self, request: ExchangeRequest<'_>) -> Result<ExchangedToken, ExchangeError> {
        let Subject::Person(subject_token) = request.subject else {
            return self.own.exchange(request).await;
        };
        let organization = request.organization.filter(|_| self.organizations);
        let scope = request.scope.to_string();
        let mut fields = vec![
            ("grant_type", GRANT_TYPE),
            ("subject_token", subject_token),
            ("subject_token_type", self.subject_token_type.as_str()),
            ("audience", request.audience),
        ];
        if !scope.is_empty() {
            fields.push(("scope", &scope));
        }
        fields.extend(organization.map(|organization| ("organization", organization)));
        let answer = self.provider.post_token(&fields).await?;
        let expected = Expected {
            // The documentation promises RFC 8693 and shows no such member: what is stated must be right.
            issued_token_type: false,
            organization: organization.is_some(),
            introspection: self.introspection,
            ..Expected::of(&request)
        };
        response::accept(&self.provider, &answer, &expected).await
    }
}
