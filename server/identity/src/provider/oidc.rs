use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use parking_lot::RwLock;
use portico_ports::{Clock, HttpClient, Random};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::discovered::{Discovered, discover};
use super::keys::KeyFailure;
use super::{ProviderConfig, ProviderError};
use crate::client_auth::{ClientCall, form_post};

/// One OpenID provider, discovered when it is first needed and kept.
pub struct Provider {
    config: ProviderConfig,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    discovered: RwLock<Option<Arc<Discovered>>>,
    /// When keys were last asked for because a token named one that nobody knew; also the lock that makes any fetch one at a
    /// time.
    unknown_key_at: tokio::sync::Mutex<Option<OffsetDateTime>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Unknown keys lead to at most one fetch in this time, however many tokens name them (cases 4 and 11). Discovery does not
/// count: a provider that makes a key when it first signs with it (Keycloak) has it a moment after its keys were read.
const KEY_FETCH_WINDOW: Duration = Duration::seconds(30);

impl Provider {
    /// A provider by configuration; nothing is fetched yet. The time limit of `http` is the limit of every call to it.
    pub fn new(
        config: ProviderConfig,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let (discovered, unknown_key_at) = (RwLock::default(), tokio::sync::Mutex::default());
        Self { config, http, clock, random, discovered, unknown_key_at }
    }

    /// Its configuration.
    pub fn config(&self) -> &ProviderConfig {
        &self.config
    }

    /// Whether discovery succeeded; tries it where it has not yet. For readiness.
    ///
    /// # Errors
    /// Why it did not.
    pub async fn ready(&self) -> Result<(), ProviderError> {
        self.discovered().await.map(drop)
    }

    /// A call to the token endpoint, as the client that the provider knows.
    pub(crate) async fn post_token(&self, fields: &[(&str, &str)]) -> Result<Response<Bytes>, ProviderError> {
        let discovered = self.discovered().await?;
        self.post(&discovered.token_endpoint, &discovered, fields).await
    }

    /// A call to the introspection endpoint (RFC 7662); none where discovery names no such endpoint.
    pub(crate) async fn post_introspection(
        &self,
        fields: &[(&str, &str)],
    ) -> Result<Option<Response<Bytes>>, ProviderError> {
        let discovered = self.discovered().await?;
        let Some(endpoint) = &discovered.extras.introspection_endpoint else { return Ok(None) };
        self.post(endpoint, &discovered, fields).await.map(Some)
    }

    /// A form POST to one of the provider's endpoints, as the client that the provider knows.
    pub(super) async fn post(
        &self,
        endpoint: &Url,
        discovered: &Discovered,
        fields: &[(&str, &str)],
    ) -> Result<Response<Bytes>, ProviderError> {
        let call = ClientCall {
            client_id: &self.config.client_id,
            auth: &self.config.client_auth,
            issuer: &discovered.issuer,
            token_endpoint: &discovered.token_endpoint,
            now: self.clock.now(),
            random: self.random.as_ref(),
        };
        Ok(self.http.send(form_post(endpoint, &call, fields)?).await?)
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// What is known without asking.
    pub(super) fn known(&self) -> Option<Arc<Discovered>> {
        self.discovered.read().clone()
    }

    pub(super) async fn discovered(&self) -> Result<Arc<Discovered>, ProviderError> {
        if let Some(discovered) = self.known() {
            return Ok(discovered);
        }
        let _one_at_a_time = self.unknown_key_at.lock().await;
        match self.known() {
            Some(discovered) => Ok(discovered),
            None => self.fetch().await,
        }
    }

    async fn fetch(&self) -> Result<Arc<Discovered>, ProviderError> {
        let fresh = Arc::new(discover(&self.config, self.http.as_ref()).await?);
        *self.discovered.write() = Some(fresh.clone());
        Ok(fresh)
    }

    /// The outcome of `verify` with the keys at hand, or with fresh ones where none of those fits.
    pub(super) async fn with_keys<T, E: From<ProviderError>>(
        &self,
        verify: impl Fn(&Discovered) -> Result<T, KeyFailure<E>>,
    ) -> Result<T, E> {
        let known = self.discovered().await?;
        let unknown = match verify(&known) {
            Ok(verified) => return Ok(verified),
            Err(KeyFailure::Final(error)) => return Err(error),
            Err(KeyFailure::UnknownKey(error)) => error,
        };
        let fresh = {
            let mut unknown_key_at = self.unknown_key_at.lock().await;
            match self.known().filter(|now_known| !Arc::ptr_eq(now_known, &known)) {
                Some(fetched_meanwhile) => fetched_meanwhile,
                None if unknown_key_at.is_some_and(|at| self.clock.now() - at < KEY_FETCH_WINDOW) => {
                    return Err(unknown);
                }
                None => {
                    // Before it is known whether the provider answers: a flood of unknown keys must not become a flood of
                    // fetches while it does not.
                    *unknown_key_at = Some(self.clock.now());
                    self.fetch().await?
                }
            }
        };
        verify(&fresh).map_err(|failure| match failure {
            KeyFailure::UnknownKey(error) | KeyFailure::Final(error) => error,
        })
    }
}
