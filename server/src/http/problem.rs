//! Errors as `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use portico_app::functions::Refusal;
use portico_contracts::{FieldError, Problem};
use portico_identity::session::SessionError;
use portico_policy::Decision;

/// When to come back where something is away, in seconds: by then another instance of it may have taken over.
pub const RETRY_SOON: HeaderValue = HeaderValue::from_static("2");

/// An error on its way out. The request's layer adds `instance` and `traceId`, and logs it once.
#[derive(Clone, Debug)]
pub struct ApiError(Box<Parts>);

/// Boxed, since every handler's result has room for it.
#[derive(Clone, Debug)]
struct Parts {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    headers: HeaderMap,
    /// For the log alone: what happened inside.
    cause: Option<String>,
}

impl ApiError {
    /// An error of a kind (`/problems/<kind>`), with what was wrong and what to do.
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            kind,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            headers: HeaderMap::new(),
            cause: None,
        }))
    }

    /// 400: the request is not what it should be.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request could not be read", detail)
    }

    /// 401: there is no session, or not any more.
    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "signed-out", "You are signed out", "Sign in and try again.")
    }

    /// 403: the session may not do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This is not allowed", detail)
    }

    /// 404: nothing is there, or nothing that this session may know of.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Nothing is here", detail)
    }

    /// 500. The cause is logged and never shown.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong",
            "The portal could not do this. Try again; if it happens again, tell the platform team the trace id.",
        );
        error.0.cause = Some(cause.to_string());
        error
    }

    /// 503: the policy engine gives no answer. Why is logged and never shown.
    pub fn undecided(decision: &Decision) -> Self {
        let error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "policy-unavailable",
            "Whether this is allowed cannot be decided just now",
            decision.caller_detail(),
        );
        error.cause(&decision.reason).header(RETRY_AFTER, RETRY_SOON)
    }

    /// 503: something the portal depends on is away. The cause is logged and never shown.
    pub fn unavailable(what: &str, cause: impl std::fmt::Display) -> Self {
        let detail = format!("{what} cannot be reached. Nothing was lost; try again in a moment.");
        let mut error =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The portal is not complete", detail);
        error.0.cause = Some(cause.to_string());
        error.header(RETRY_AFTER, RETRY_SOON)
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Adds response headers.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.0.headers.extend(headers);
        self
    }

    /// Adds the fields that it is about.
    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Adds what the log should say.
    #[must_use]
    pub fn cause(mut self, cause: impl std::fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What kind of error it is: the last part of the problem's `type`.
    pub fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// The error as a problem of one request.
    pub fn problem(&self, instance: &str, trace_id: &str) -> Problem {
        Problem {
            kind: format!("/problems/{}", self.0.kind),
            title: self.0.title.to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone(),
            instance: instance.to_owned(),
            trace_id: trace_id.to_owned(),
            errors: self.0.errors.clone(),
        }
    }

    /// What the log says of it.
    pub fn log_text(&self) -> &str {
        self.0.cause.as_deref().unwrap_or(&self.0.detail)
    }

    /// The error as a server function's refusal; logged here, since no layer sees it as an `ApiError`.
    pub fn refusal(&self, instance: &str, trace_id: &str) -> Refusal {
        if self.0.status.is_server_error() {
            tracing::error!(
                http.status = self.0.status.as_u16(),
                error.message = self.log_text(),
                trace_id,
                "refused"
            );
        }
        Refusal(Box::new(self.problem(instance, trace_id)))
    }
}

/// A session that is over is no fault of the store.
impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Ended => Self::signed_out(),
            error => Self::unavailable("The session store", error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.0.status;
        response.headers_mut().extend(self.0.headers.clone());
        response.extensions_mut().insert(self);
        response
    }
}

/// The response of a problem, complete.
pub fn render(problem: &Problem, mut response: Response) -> Response {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // A router has counted the empty body that stood there.
    response.headers_mut().remove(CONTENT_LENGTH);
    *response.body_mut() = Body::from(body);
    response
}
