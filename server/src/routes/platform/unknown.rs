use crate::http::{ApiError, MaybeSession};

/// Anything else below `/api`: an endpoint that does not exist is no page. The session is looked for only so that the
/// request is counted.
pub async fn unknown(_counted: MaybeSession) -> ApiError {
    ApiError::not_found("There is no such endpoint.")
}
