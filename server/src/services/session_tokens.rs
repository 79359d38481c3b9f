use std::sync::Arc;

use axum::http::StatusCode;
use portico_gateway::{BearerToken, TokenError, TokenRequest, TokenSource};
use portico_identity::token::{
    ExchangeError, ExchangedToken, Holder, Subject, TokenCache, TokenKey, TokenKeyRef,
};
use portico_telemetry::trace::SpanKind;
use tracing::Instrument as _;

use super::{SubjectTokenError, subject_token};
use crate::audit;
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::providers::Authority;
use crate::state::AppState;

/// The exchanged tokens of one session: what the proxy attaches and token mode hands out.
pub struct SessionTokens<'a> {
    state: &'a AppState,
    session: &'a Authenticated,
    context: &'a RequestContext,
}

/// Why there is no exchanged token.
#[derive(Debug, thiserror::Error)]
pub enum SessionTokenError {
    /// No subject token.
    #[error(transparent)]
    Subject(#[from] SubjectTokenError),
    /// No exchange.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
}

impl<'a> SessionTokens<'a> {
    /// Of `session`, for a request.
    pub fn new(state: &'a AppState, session: &'a Authenticated, context: &'a RequestContext) -> Self {
        Self { state, session, context }
    }

    /// A token for the remote's audience and scopes, from the cache or newly exchanged.
    pub async fn exchanged(
        &self,
        request: TokenRequest<'_>,
    ) -> Result<Arc<ExchangedToken>, SessionTokenError> {
        let (tokens, key) = self.place(request)?;
        if let Some(token) = tokens.find(key) {
            self.state.metrics.tokens.cached.increment();
            return Ok(token);
        }
        // Boxed: rare, and as large as all the rest of a call.
        Box::pin(self.exchange(tokens, key.to_key()).instrument(self.context.span())).await
    }

    async fn exchange(
        &self,
        tokens: &TokenCache,
        key: TokenKey,
    ) -> Result<Arc<ExchangedToken>, SessionTokenError> {
        let mut span =
            self.context.trace.as_ref().map(|trace| trace.child("exchange token", SpanKind::Internal));
        let token = self.newly_exchanged(tokens, &key).await;
        if let Some(span) = &mut span {
            span.set("portico.audience", key.audience.clone());
            span.fail_with(token.as_ref().err());
        }
        token
    }

    async fn newly_exchanged(
        &self,
        tokens: &TokenCache,
        key: &TokenKey,
    ) -> Result<Arc<ExchangedToken>, SessionTokenError> {
        let failed = |_: &SubjectTokenError| self.state.metrics.tokens.failed.increment();
        let subject = self.subject(key).await.inspect_err(failed)?;
        let token = tokens.token(key, subject_of(subject.as_deref())).await;
        self.record(key, token.as_ref().err());
        Ok(token?)
    }

    /// Who got, or did not get, a token for which audience. Requests that waited for one exchange each have their line.
    fn record(&self, key: &TokenKey, error: Option<&ExchangeError>) {
        let resource = format!("audience {}", key.audience);
        let reason = error.map_or_else(|| key.scope.to_string(), ToString::to_string);
        let counts = &self.state.metrics.tokens;
        if error.is_some() { &counts.failed } else { &counts.exchanged }.increment();
        audit::decision("exchange", &resource, error.is_none(), &reason, self.session, self.context);
    }

    /// The cache that holds the token, and its key there. But for GitHub's, every token comes from the provider that the
    /// session belongs to.
    fn place<'r>(
        &'r self,
        request: TokenRequest<'r>,
    ) -> Result<(&'a TokenCache, TokenKeyRef<'r>), SessionTokenError> {
        let providers = &self.state.providers;
        let key = |holder, organization| TokenKeyRef {
            holder,
            organization,
            audience: request.audience,
            scope: request.scopes,
        };
        let organization = self.session.state.org_id.as_str();
        let key = match providers.authority(request.audience) {
            Authority::Person => key(Holder::Session(self.session.active.id), organization),
            Authority::App(tokens) => return Ok((tokens, key(Holder::Portal, organization))),
            // The portal belongs to no organization.
            Authority::Portal => key(Holder::Portal, ""),
        };
        let own = providers.by_issuer(&self.session.state.person.issuer);
        Ok((&own.ok_or(ExchangeError::SessionEnded)?.tokens, key))
    }

    /// The session's own token, refreshed where it is about to end; none where the portal's own authority is used.
    async fn subject(&self, key: &TokenKey) -> Result<Option<String>, SubjectTokenError> {
        match key.holder {
            Holder::Portal => Ok(None),
            Holder::Session(_) => subject_token(self.state, &self.session.active).await.map(Some),
        }
    }
}

fn subject_of(token: Option<&str>) -> Subject<'_> {
    token.map_or(Subject::Portal, Subject::Person)
}

impl TokenSource for SessionTokens<'_> {
    async fn token(&self, request: TokenRequest<'_>) -> Result<BearerToken, TokenError> {
        bearer(&*self.exchanged(request).await.map_err(token_error)?)
    }

    async fn fresh(
        &self,
        request: TokenRequest<'_>,
        rejected: &BearerToken,
    ) -> Result<BearerToken, TokenError> {
        let (tokens, key) = self.place(request).map_err(token_error)?;
        let Some(refused) = tokens.find(key) else { return self.token(request).await };
        if bearer(&refused)? != *rejected {
            // Another request has had it exchanged in the meantime.
            return bearer(&refused);
        }
        let key = key.to_key();
        let subject = self.subject(&key).await;
        let subject = subject.map_err(|error| token_error(error.into()))?;
        let fresh = tokens.refresh(&key, subject_of(subject.as_deref()), &refused).await;
        self.record(&key, fresh.as_ref().err());
        let fresh = fresh.map_err(|error| token_error(error.into()))?;
        bearer(fresh.as_deref().unwrap_or(&refused))
    }
}

fn bearer(token: &ExchangedToken) -> Result<BearerToken, TokenError> {
    BearerToken::prepared(token.token.authorization()).map_err(|_| TokenError::Unavailable)
}

fn token_error(error: SessionTokenError) -> TokenError {
    tracing::warn!(error.message = %error, "no token for a call");
    match error {
        SessionTokenError::Subject(SubjectTokenError::SessionOver(_))
        | SessionTokenError::Exchange(ExchangeError::SessionEnded) => TokenError::SessionOver,
        SessionTokenError::Subject(SubjectTokenError::Lost) => TokenError::Refused,
        SessionTokenError::Exchange(ExchangeError::Refused { .. }) => TokenError::Refused,
        _ => TokenError::Unavailable,
    }
}

impl SessionTokenError {
    /// The error as a problem.
    pub fn into_api(self) -> ApiError {
        match token_error(self) {
            TokenError::SessionOver => ApiError::signed_out(),
            TokenError::Refused => {
                ApiError::forbidden("The identity provider gives no token for this remote's service.")
            }
            TokenError::Unavailable => ApiError::new(
                StatusCode::BAD_GATEWAY,
                "token-unavailable",
                "No token at the moment",
                "The identity provider gives no token just now. Try again in a moment.",
            ),
        }
    }
}
