use axum::http::header;
use axum::response::IntoResponse;

/// The pages' one stylesheet, a file of its own because their policy allows no inline style.
pub(super) async fn stylesheet() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../pages/style.css"))
}
