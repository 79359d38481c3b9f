use crate::http::ApiError;

/// Anything else below `/api`: an endpoint that does not exist is no page.
pub async fn unknown() -> ApiError {
    ApiError::not_found("There is no such endpoint.")
}
