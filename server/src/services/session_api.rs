use async_trait::async_trait;
use axum::http::header::SET_COOKIE;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use portico_app::functions::{EventSubscription, Published, Refusal, RemoteToken, Switched};
use portico_app::portal_api::{NewEvent, PortalApi};
use portico_contracts::{Application, Session};

use super::{authorise, events, organization, remote_token, session_view};
use crate::http::{ApiError, Authenticated, RequestContext};
use crate::state::AppState;

/// The server functions' way into the services, for one request of one session.
pub struct SessionApi {
    state: AppState,
    context: RequestContext,
    session: Authenticated,
}

impl SessionApi {
    /// For one request.
    pub fn new(state: AppState, context: RequestContext, session: Authenticated) -> Self {
        Self { state, context, session }
    }

    async fn invoke(&self, name: &str) -> Result<(), Refusal> {
        let allowed = authorise::invoke(&self.state, &self.context, &self.session, name).await;
        allowed.map_err(|error| self.refusal(error))
    }

    fn refusal(&self, error: ApiError) -> Refusal {
        error.refusal(&self.context.path, &self.context.trace_id)
    }
}

#[async_trait]
impl PortalApi for SessionApi {
    async fn session(&self) -> Result<Session, Refusal> {
        self.invoke("session").await?;
        Ok(session_view(&self.session))
    }

    async fn applications(&self) -> Result<Vec<Application>, Refusal> {
        self.invoke("applications").await?;
        let applications = authorise::applications(&self.state, &self.context, &self.session).await;
        let applications = applications.map_err(|error| self.refusal(error))?;
        Ok(applications.iter().map(|application| (**application).clone()).collect())
    }

    async fn exchange_remote_token(&self, remote: &str) -> Result<RemoteToken, Refusal> {
        let exchanged = remote_token::exchange(&self.state, &self.context, &self.session, remote).await;
        exchanged.map_err(|error| self.refusal(error))
    }

    async fn publish_event(&self, event: NewEvent) -> Result<Published, Refusal> {
        let published = events::publish_data(&self.state, &self.context, &self.session, event).await;
        published.map(|id| Published { id }).map_err(|error| self.refusal(error))
    }

    async fn subscribe_events(&self) -> Result<EventSubscription, Refusal> {
        let types = events::subscribable(&self.state, &self.context, &self.session).await;
        let types = types.map_err(|error| self.refusal(error))?;
        Ok(EventSubscription { url: events::stream_url(&self.session), types: events::kinds(&types) })
    }

    async fn switch_organization(&self, organization: &str, return_to: &str) -> Result<Switched, Refusal> {
        // Taken before the first await: the reactive owner of this request is the current one only until then.
        let options = use_context::<ResponseOptions>();
        let switched =
            organization::switch(&self.state, &self.context, &self.session, organization, return_to).await;
        let switched = switched.map_err(|error| self.refusal(error))?;
        if let (Some(options), Some(cookie)) = (options, switched.set_cookie) {
            options.append_header(SET_COOKIE, cookie);
        }
        Ok(Switched { location: switched.location })
    }
}
