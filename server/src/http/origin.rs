//! Anti-forgery: what changes state, and every `/bff` call, must come from the portal's own pages.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::ApiError;
use crate::state::AppState;

/// The layer. Reads are free, but for `/bff`, which checks for itself, since a GET may cost an upstream; the back-channel
/// logout authenticates itself by its token and the development IdP has pages and rules of its own.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let exempt = path == "/auth/backchannel-logout" || path.starts_with("/dev/idp/");
    if exempt || !changes {
        return next.run(request).await;
    }
    match check(request.headers(), &state.origin) {
        Ok(()) => next.run(request).await,
        Err(why) => ApiError::forbidden(why).into_response(),
    }
}

/// Whether a request comes from this origin (Fetch Metadata, W3C; `Origin`, RFC 6454; or a header that no cross-site form
/// can send).
pub fn check(headers: &HeaderMap, origin: &str) -> Result<(), &'static str> {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    if let Some(site) = sites.next() {
        // "none" is a person's own doing (address bar, bookmark), which never changes state here.
        return if site == "same-origin" && sites.next().is_none() {
            Ok(())
        } else {
            Err("The request comes from another site. Only the portal's own pages may send it.")
        };
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    if let Some(sent) = origins.next() {
        return if sent.as_bytes() == origin.as_bytes() && origins.next().is_none() {
            Ok(())
        } else {
            Err("The request comes from another origin. Only the portal's own pages may send it.")
        };
    }
    match headers.get("x-csrf") {
        Some(value) if value == "1" => Ok(()),
        _ => Err(
            "The request does not say where it comes from. A client that is not a browser sends X-CSRF: 1.",
        ),
    }
}

/// The same rule for a stream, whose client may send neither header: a foreign one is refused, an absent one is not.
pub fn check_stream(headers: &HeaderMap, origin: &str) -> Result<(), &'static str> {
    let foreign_site =
        headers.get_all("sec-fetch-site").iter().any(|site| site != "same-origin" && site != "none");
    let foreign_origin =
        headers.get_all(header::ORIGIN).iter().any(|sent| sent.as_bytes() != origin.as_bytes());
    if foreign_site || foreign_origin {
        return Err("The stream is for the portal's own pages.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const ORIGIN: &str = "http://127.0.0.1:3000";

    fn allowed(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        check(&headers, ORIGIN).is_ok()
    }

    #[test]
    fn case_24_a_request_that_says_nothing_of_its_origin_is_refused() {
        assert!(!allowed(&[]));
        assert!(!allowed(&[("content-type", "text/plain")]));
        assert!(!allowed(&[("x-csrf", "0")]));
        assert!(allowed(&[("x-csrf", "1")]));
    }

    #[test]
    fn case_25_cross_site_and_same_site_are_refused_whatever_else_is_sent() {
        for site in ["cross-site", "same-site", "none", "nonsense"] {
            assert!(!allowed(&[("sec-fetch-site", site), ("origin", ORIGIN), ("x-csrf", "1")]), "{site}");
        }
        assert!(allowed(&[("sec-fetch-site", "same-origin")]));
        assert!(!allowed(&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn case_26_foreign_null_and_look_alike_origins_are_refused() {
        for origin in [
            "null",
            "http://evil.example",
            "http://127.0.0.1:3000.evil.example",
            "http://evil127.0.0.1:3000",
            "http://127.0.0.1:30000",
            "https://127.0.0.1:3000",
            "http://127.0.0.1:3000/",
            "HTTP://127.0.0.1:3000",
            "http://localhost:3000",
        ] {
            assert!(!allowed(&[("origin", origin), ("x-csrf", "1")]), "{origin}");
        }
        assert!(allowed(&[("origin", ORIGIN)]));
    }
}
