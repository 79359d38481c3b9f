use std::time::Duration;

use http::StatusCode;
use portico_openapi::{FieldProblem, Rejection};
use portico_policy::{Decision, Effect};
use thiserror::Error;

use crate::body::RequestBodyError;
use crate::credential::CredentialError;
use crate::forward::ForwardError;
use crate::path::PathError;
use crate::quota::QuotaExceeded;
use crate::routes::MethodSet;
use crate::token::TokenError;
use crate::upgrade::UpgradeError;

/// Why a call brought no upstream answer. `Display` is for the log; [`CallError::detail`] is for the caller.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The path or query could be read in two ways.
    #[error("{0}")]
    Path(#[from] PathError),
    /// No declared route.
    #[error("no declared route matches")]
    NotDeclared,
    /// Declared for other methods.
    #[error("the route is declared for {0} only")]
    MethodNotAllowed(MethodSet),
    /// Refused by policy.
    #[error("{}", .0.reason)]
    Refused(Decision),
    /// Beyond what the remote may use.
    #[error("{0}")]
    Quota(#[from] QuotaExceeded),
    /// A request to switch protocols that is not forwarded.
    #[error("{0}")]
    Upgrade(#[from] UpgradeError),
    /// No token.
    #[error("{0}")]
    Token(#[from] TokenError),
    /// No credential of the operator's.
    #[error("{0}")]
    Credential(#[from] CredentialError),
    /// The caller's body did not arrive.
    #[error("{0}")]
    RequestBody(#[from] RequestBodyError),
    /// The caller's body did not arrive in time.
    #[error("the request's body did not arrive in time")]
    RequestBodyTimeout,
    /// The remote's OpenAPI document has no such operation.
    #[error("the OpenAPI document knows no such operation")]
    NoOperation,
    /// The request does not fit the remote's OpenAPI document.
    #[error("{0}")]
    Rejected(#[from] Rejection),
    /// A body that has to be read before it goes on is longer than this many bytes.
    #[error("a body that is held against the OpenAPI document is over {0} bytes")]
    BodyTooLarge(usize),
    /// A view was asked with a query parameter that it does not declare, or twice with the same.
    #[error("the view does not take that: {0}")]
    UnknownParameter(FieldProblem),
    /// The upstream refused or failed a call that a view cannot do without.
    #[error("the upstream answered the leg {name} with {status}")]
    Leg {
        /// The leg's name.
        name: String,
        /// The upstream's status.
        status: u16,
    },
    /// The upstream.
    #[error("{0}")]
    Upstream(#[from] ForwardError),
}

/// When a policy engine that gives no answer may give one again.
const UNDECIDED: Duration = Duration::from_secs(2);

impl CallError {
    /// The HTTP status that it becomes.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Path(PathError::TooLong) => StatusCode::URI_TOO_LONG,
            Self::Path(_) | Self::RequestBody(_) => StatusCode::BAD_REQUEST,
            Self::NotDeclared => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused(decision) if decision.effect == Effect::SignIn => StatusCode::UNAUTHORIZED,
            Self::Refused(decision) if decision.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(_) => StatusCode::FORBIDDEN,
            Self::Quota(exceeded) => exceeded.status(),
            Self::Upgrade(UpgradeError::Malformed(_)) => StatusCode::BAD_REQUEST,
            Self::Upgrade(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Token(TokenError::SessionOver) => StatusCode::UNAUTHORIZED,
            Self::Token(TokenError::Refused) => StatusCode::FORBIDDEN,
            Self::Token(TokenError::Unavailable) => StatusCode::BAD_GATEWAY,
            Self::Credential(CredentialError::NotThere) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Credential(CredentialError::Reserved) => StatusCode::BAD_REQUEST,
            Self::RequestBodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::NoOperation => StatusCode::NOT_FOUND,
            Self::Rejected(Rejection::Parameters(_) | Rejection::NotJson(_)) => StatusCode::BAD_REQUEST,
            Self::Rejected(Rejection::ContentType(_)) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Rejected(Rejection::Body(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownParameter(_) => StatusCode::BAD_REQUEST,
            Self::Leg { status, .. } => leg_status(*status),
            Self::Upstream(error) => upstream_status(error),
        }
    }

    /// The last part of the problem's `type` (RFC 9457), and the outcome's name in metrics.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Path(_) => "ambiguous-path",
            Self::NotDeclared => "route-not-declared",
            Self::MethodNotAllowed(_) => "method-not-declared",
            Self::Refused(decision) if decision.effect == Effect::SignIn => "signed-out",
            Self::Refused(decision) if decision.is_unavailable() => "policy-unavailable",
            Self::Refused(_) => "forbidden",
            Self::Quota(exceeded) => exceeded.slug(),
            Self::Upgrade(_) => "upgrade-refused",
            Self::Token(TokenError::SessionOver) => "signed-out",
            Self::Token(TokenError::Refused) => "token-refused",
            Self::Token(TokenError::Unavailable) => "token-unavailable",
            Self::Credential(CredentialError::NotThere) => "credential-unavailable",
            Self::Credential(CredentialError::Reserved) => "reserved-parameter",
            Self::RequestBody(_) | Self::RequestBodyTimeout => "body-incomplete",
            Self::NoOperation => "operation-not-described",
            Self::Rejected(Rejection::ContentType(_)) => "content-type",
            Self::Rejected(_) => "invalid-request",
            Self::BodyTooLarge(_) => "too-large",
            Self::UnknownParameter(_) => "unknown-parameter",
            Self::Leg { .. } => "leg-failed",
            Self::Upstream(error) => error.slug(),
        }
    }

    /// When the caller may try again, where that is known (`Retry-After`; RFC 9110, section 10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Quota(exceeded) => exceeded.retry_after(),
            Self::Upstream(ForwardError::Open(after)) => Some(*after),
            Self::Upstream(ForwardError::Full | ForwardError::Unprocessed { .. }) => {
                Some(Duration::from_secs(1))
            }
            Self::Refused(decision) if decision.is_unavailable() => Some(UNDECIDED),
            _ => None,
        }
    }

    /// The kind in words.
    pub fn title(&self) -> &'static str {
        match self.status().as_u16() {
            400 => "The request could not be read",
            401 => "You are signed out",
            403 => "This is not allowed",
            404 | 405 => "No such call",
            413 => "The body is too large",
            415 => "The body has another content type",
            429 => "Too many calls at once",
            503 if matches!(self, Self::Quota(_)) => "This remote has reached its quota",
            503 if matches!(self, Self::Refused(_)) => "Whether this is allowed cannot be decided just now",
            503 => "The service is not available just now",
            422 => "The body is not what the service expects",
            504 => "The service did not answer in time",
            _ => "The service could not be reached",
        }
    }

    /// What the caller may be told: nothing about addresses, tokens or policies, but what to do.
    pub fn detail(&self) -> String {
        match self {
            Self::Path(error) => format!("The call was refused because {error}."),
            Self::NotDeclared => "This remote declares no such call in its manifest.".to_owned(),
            Self::MethodNotAllowed(methods) => format!("This remote declares the call for {methods} only."),
            Self::Refused(decision) => decision.caller_detail(),
            Self::Quota(exceeded) => exceeded.detail(),
            Self::Upgrade(UpgradeError::NotDeclared) => {
                "This remote declares no switch to that protocol in its manifest.".to_owned()
            }
            Self::Upgrade(error) => format!("The call was refused because {error}."),
            Self::Token(TokenError::SessionOver) => "The session is over. Sign in again.".to_owned(),
            Self::Token(TokenError::Refused) => "You may not use this remote's service.".to_owned(),
            Self::Token(TokenError::Unavailable) => {
                "Sign-in is not available just now. Try again.".to_owned()
            }
            Self::Credential(CredentialError::NotThere) => {
                "The portal has no credential for this remote's service just now. Try again in a moment."
                    .to_owned()
            }
            Self::Credential(CredentialError::Reserved) => {
                "The call was refused because its query has a parameter that is the portal's to set."
                    .to_owned()
            }
            Self::RequestBody(_) => "The request's body broke off.".to_owned(),
            Self::RequestBodyTimeout => "The request's body did not arrive in time.".to_owned(),
            Self::NoOperation => "The description of this remote's service knows no such call.".to_owned(),
            Self::Rejected(Rejection::Parameters(_)) => {
                "The call does not fit the description of this remote's service: see `errors`.".to_owned()
            }
            Self::Rejected(Rejection::Body(_)) => {
                "The body does not fit the description of this remote's service: see `errors`.".to_owned()
            }
            Self::Rejected(Rejection::NotJson(reason)) => format!("The body is not JSON: {reason}."),
            Self::Rejected(Rejection::ContentType(listed)) => {
                format!("The body has to be sent, not compressed, as {}.", listed.join(" or "))
            }
            Self::BodyTooLarge(limit) => format!("The body of this call may have at most {limit} bytes."),
            Self::UnknownParameter(_) => {
                "The view does not take one of the query parameters, or not twice: see `errors`.".to_owned()
            }
            Self::Leg { name, status } => {
                format!("This remote's service answered {name}, which is needed here, with status {status}.")
            }
            Self::Upstream(error) => upstream_detail(error).to_owned(),
        }
    }
}

/// What the service refused is refused; what it failed at, it failed at. A 401 of its own would look like the end of the
/// session.
fn leg_status(status: u16) -> StatusCode {
    let own = StatusCode::from_u16(status).ok().filter(|status| status.is_client_error());
    own.filter(|status| *status != StatusCode::UNAUTHORIZED).unwrap_or(StatusCode::BAD_GATEWAY)
}

fn upstream_status(error: &ForwardError) -> StatusCode {
    match error {
        ForwardError::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
        ForwardError::Open(_) | ForwardError::Full | ForwardError::Unprocessed { .. } => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ForwardError::CallerSlow => StatusCode::REQUEST_TIMEOUT,
        ForwardError::CallerGone(_) => StatusCode::BAD_REQUEST,
        _ => StatusCode::BAD_GATEWAY,
    }
}

fn upstream_detail(error: &ForwardError) -> &'static str {
    match error {
        ForwardError::Unreachable(_) => "This remote's service cannot be reached. Try again in a moment.",
        ForwardError::AddressRefused(_) => {
            "This remote's service is not at an address that the portal may call."
        }
        ForwardError::Untrusted(_) => "This remote's service could not prove who it is.",
        ForwardError::Reset(_) | ForwardError::ResetTogether(_) => {
            "This remote's service broke the connection. Check whether the change was made before you repeat it."
        }
        ForwardError::Unprocessed { .. } => {
            "This remote's service did not take the call. Nothing was done; try again."
        }
        ForwardError::BadAnswer(_) => "This remote's service gave no usable answer.",
        ForwardError::Timeout(_) => "This remote's service did not answer in time.",
        ForwardError::Open(_) => {
            "This remote's service keeps failing, and is not called for a moment. Nothing was sent; try again."
        }
        ForwardError::Full => "This remote's service has too much to do. Nothing was sent; try again.",
        ForwardError::CallerGone(_) => "The request's body broke off.",
        ForwardError::CallerSlow => "The request's body did not arrive in time.",
        ForwardError::ForeignRedirect => {
            "This remote's service redirects to somewhere else, which is refused."
        }
        ForwardError::TokenRejected => "This remote's service did not accept the portal's token. Try again.",
    }
}
