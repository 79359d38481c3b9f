use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};

use super::Asset;
use crate::http::ApiError;
use crate::state::AppState;

/// A name with a hash in it never means anything else, so it is kept for a year.
pub(super) const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// `cargo leptos watch` puts no hashes into the names of what it builds again: what a browser kept would not be what the
/// next page names the hash of, and would be refused.
pub(super) const ALWAYS_ASKED_FOR: HeaderValue = HeaderValue::from_static("no-store");

/// `GET /pkg/…`: in the best encoding that the client takes.
pub async fn pkg(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    let assets = state.assets();
    match assets.get(uri.path()) {
        Some(asset) => serve(asset, &assets.caching, &headers),
        None => {
            ApiError::not_found("There is no such file; the shell may have been updated. Reload the page.")
                .into_response()
        }
    }
}

/// `GET /favicon.svg`.
pub async fn favicon(State(state): State<AppState>) -> Response {
    public_file(&state, "favicon.svg", "image/svg+xml")
}

/// A file of `public/`.
fn public_file(state: &AppState, name: &str, content_type: &'static str) -> Response {
    let Some(bytes) = state.assets().public(name) else {
        return ApiError::not_found("There is no such file.").into_response();
    };
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

fn serve(asset: &Asset, caching: &HeaderValue, headers: &HeaderMap) -> Response {
    let (bytes, encoding) = match (&asset.brotli, &asset.gzip) {
        (Some(brotli), _) if accepts(headers, "br") => (brotli.clone(), Some("br")),
        (_, Some(gzip)) if accepts(headers, "gzip") => (gzip.clone(), Some("gzip")),
        _ => (asset.identity.clone(), None),
    };
    let mut response = Response::new(Body::from(bytes));
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, asset.content_type.clone());
    out.insert(CACHE_CONTROL, caching.clone());
    out.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = encoding {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether a client takes an encoding (RFC 9110, section 12.5.3).
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let refused =
            parameters.split('=').nth(1).is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q == 0.0));
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}
