use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use portico_app::Outcome;
use portico_identity::provider::ProviderError;

use super::document::{Document, respond};
use super::shell_state;
use crate::http::problem::RETRY_SOON;
use crate::http::{ApiError, RequestContext};
use crate::state::AppState;

/// An error that a person sees as a page: what happened and what to do. The layer renders it.
#[derive(Clone, Debug)]
pub struct PageError {
    status: StatusCode,
    title: String,
    detail: String,
    trace_id: String,
    temporary: bool,
    cause: Option<String>,
}

impl PageError {
    /// A login that cannot be finished.
    pub fn login(context: &RequestContext, status: StatusCode, why: &str) -> Self {
        Self {
            status,
            title: "This sign-in could not be finished".into(),
            detail: format!("{why} Nothing was changed. Start again from the home page."),
            trace_id: context.trace_id.to_string(),
            temporary: false,
            cause: None,
        }
    }

    /// What the provider's failure means to the person at the screen.
    pub fn provider(context: &RequestContext, error: &ProviderError) -> Self {
        let (status, temporary, why) = match error {
            ProviderError::Timeout => {
                (StatusCode::GATEWAY_TIMEOUT, true, "The identity provider did not answer in time.")
            }
            ProviderError::Unavailable(_) => {
                (StatusCode::BAD_GATEWAY, true, "The identity provider cannot be reached.")
            }
            ProviderError::Nonsense(_) => {
                (StatusCode::BAD_GATEWAY, false, "The identity provider's answer could not be used.")
            }
            ProviderError::Refused { .. } => {
                (StatusCode::BAD_REQUEST, false, "The identity provider refused it.")
            }
            ProviderError::IdToken(_) => {
                (StatusCode::BAD_REQUEST, false, "The identity provider's answer failed its checks.")
            }
        };
        let mut page = Self::login(context, status, why);
        if temporary {
            page.detail = format!("{why} Nothing was changed. Reload this page in a moment.");
        }
        page.temporary = temporary;
        page.cause = Some(error.to_string());
        page
    }

    /// The provider ended the login with an error code (RFC 6749, section 4.1.2.1).
    pub fn refused_by_provider(context: &RequestContext, code: &str) -> Self {
        let why = match code {
            "access_denied" => "The sign-in was cancelled.",
            "login_required" | "interaction_required" | "consent_required" => {
                "The identity provider needs you to sign in."
            }
            _ => "The identity provider refused the sign-in.",
        };
        let mut page = Self::login(context, StatusCode::BAD_REQUEST, why);
        page.cause = Some(format!("error={code:.80}"));
        page
    }

    /// Something the portal depends on is away.
    pub fn unavailable(context: &RequestContext, what: &str, cause: &dyn std::fmt::Display) -> Self {
        let mut page = Self::from_api(context, &ApiError::unavailable(what, cause));
        page.temporary = true;
        page
    }

    /// An endpoint's error as a page.
    pub fn from_api(context: &RequestContext, error: &ApiError) -> Self {
        let problem = error.problem(&context.path, &context.trace_id);
        Self {
            status: error.status(),
            title: problem.title,
            detail: problem.detail,
            trace_id: problem.trace_id,
            temporary: error.status().is_server_error(),
            cause: Some(error.log_text().to_owned()),
        }
    }

    /// Adds what the log should say.
    #[must_use]
    pub fn cause(mut self, cause: String) -> Self {
        self.cause = Some(cause);
        self
    }

    /// What the log says of it.
    pub fn log_text(&self) -> &str {
        self.cause.as_deref().unwrap_or(&self.detail)
    }

    /// Whether the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        self.temporary
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if self.temporary && self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, RETRY_SOON);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Where "try again" leads: to the same request while that can succeed, to a new login where an old one is spent.
fn again(uri: &Uri, temporary: bool) -> String {
    match uri.path_and_query() {
        Some(same) if temporary => same.as_str().to_owned(),
        _ if uri.path() == "/auth/callback" => "/auth/login".to_owned(),
        _ => uri.path().to_owned(),
    }
}

/// The layer that turns a [`PageError`] into the page it stands for, in the person's language and theme.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let preferences = shell_state::preferences(request.headers());
    let uri = request.uri().clone();
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<PageError>() else { return response };
    let path_and_query = again(&uri, error.temporary);
    let cause = error.log_text();
    if error.status.is_server_error() {
        tracing::error!(error.message = cause, http.status = error.status.as_u16(), "page failed");
    } else {
        tracing::info!(error.message = cause, http.status = error.status.as_u16(), "page refused");
    }
    let outcome = Outcome::Error {
        status: error.status.as_u16(),
        title: error.title,
        detail: error.detail,
        trace_id: error.trace_id,
    };
    let shell = shell_state::anonymous(&state, preferences, Some(outcome));
    let mut page = respond(&state, Document { shell, path_and_query, csp: Default::default() });
    // Cookies that the handler set go with the page, and so does when to come back.
    for (name, value) in response.headers() {
        page.headers_mut().append(name, value.clone());
    }
    page
}
