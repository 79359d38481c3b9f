use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use thiserror::Error;

use crate::keys::KeyError;
use crate::params::Repeated;
use crate::routes::client_auth::ClientAuthError;

/// Why an endpoint that clients call directly refused (RFC 6749, section 5.2; RFC 8693, section 2.2.2).
#[derive(Debug, Error)]
pub(crate) enum TokenError {
    /// Malformed.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The client is not who it says, or says nothing.
    #[error("the client did not authenticate")]
    InvalidClient {
        /// Whether it tried the `Authorization` header.
        basic: bool,
    },
    /// The code, refresh token or its circumstances do not hold.
    #[error("{0}")]
    InvalidGrant(&'static str),
    /// Not one of the grants here.
    #[error("this grant_type is not supported")]
    UnsupportedGrantType,
    /// Asked for more than there is.
    #[error("{0}")]
    InvalidScope(&'static str),
    /// RFC 8693: no such upstream for this client.
    #[error("{0}")]
    InvalidTarget(&'static str),
    /// Signing failed.
    #[error("the provider could not sign the token")]
    Server(#[from] KeyError),
}

impl TokenError {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient { .. } => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope(_) => "invalid_scope",
            Self::InvalidTarget(_) => "invalid_target",
            Self::Server(_) => "server_error",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::InvalidClient { .. } => StatusCode::UNAUTHORIZED,
            Self::Server(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<Repeated> for TokenError {
    fn from(_: Repeated) -> Self {
        Self::InvalidRequest("a parameter was sent more than once")
    }
}

impl From<ClientAuthError> for TokenError {
    fn from(error: ClientAuthError) -> Self {
        match error {
            ClientAuthError::Refused { basic } => Self::InvalidClient { basic },
            ClientAuthError::SeveralMethods => {
                Self::InvalidRequest("the client used more than one way to authenticate")
            }
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.code(), "error_description": self.to_string() }));
        let pragma = [(header::PRAGMA, "no-cache")];
        if matches!(self, Self::InvalidClient { basic: true }) {
            let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"portico-dev-idp\"")];
            return (self.status(), pragma, challenge, body).into_response();
        }
        (self.status(), pragma, body).into_response()
    }
}
