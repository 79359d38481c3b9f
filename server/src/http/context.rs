//! The outermost layer: trace id, client address, access log, problems in their final form, panics as errors.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tracing::Instrument;

use super::{ApiError, problem};
use crate::audit::Audit;
use crate::state::AppState;

/// What is known of a request before anything else is.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// W3C Trace Context's trace id: the client's, or a new one. 32 hex digits.
    pub trace_id: Arc<str>,
    /// This request's own span id. 16 hex digits.
    pub span_id: Arc<str>,
    /// The client's address, behind trusted proxies if there are any.
    pub client_ip: IpAddr,
    /// The path of the request, for `instance`.
    pub path: Arc<str>,
    /// Where its decisions are recorded.
    pub audit: Arc<Audit>,
}

impl RequestContext {
    /// The `traceparent` for what this request causes.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace_id, self.span_id)
    }
}

/// The layer.
pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let context = describe(&state, &request);
    request.extensions_mut().insert(context.clone());
    let method = request.method().clone();
    let span = tracing::info_span!("request", trace_id = %context.trace_id, http.method = %method, url.path = %context.path);
    let started = Instant::now();
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let response = handled.unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<&str>().copied().map(str::to_owned);
        let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        ApiError::internal(format!("panic: {what}")).into_response()
    });
    let _entered = span.enter();
    let mut response = finish(response, &context);
    if let Ok(value) = HeaderValue::from_str(&context.trace_id) {
        response.headers_mut().insert("x-trace-id", value);
    }
    tracing::info!(
        http.status = response.status().as_u16(),
        duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        client.address = %context.client_ip,
        "request"
    );
    state.metrics.request(&method, response.status(), started.elapsed());
    response
}

/// Gives problems their instance and trace id, and logs them once.
fn finish(mut response: Response, context: &RequestContext) -> Response {
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        if error.status().is_server_error() {
            tracing::error!(error.message = error.log_text(), "request failed");
        } else {
            tracing::info!(error.message = error.log_text(), "request refused");
        }
        return problem::render(&error.problem(&context.path, &context.trace_id), response);
    }
    // What axum itself answers (405, 415, a broken body) is text: it becomes a problem like every other error.
    let status = response.status();
    let is_text = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if (status.is_client_error() || status.is_server_error())
        && is_text
        && !response.extensions().get::<Proxied>().is_some()
    {
        let title = status.canonical_reason().unwrap_or("Error");
        let error = ApiError::new(status, kind_of(status), title, detail_of(status));
        return problem::render(&error.problem(&context.path, &context.trace_id), response);
    }
    response
}

/// Marks a response as an upstream's own: it passes as it is.
#[derive(Clone, Copy, Debug)]
pub struct Proxied;

fn kind_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported-media-type",
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        status if status.is_client_error() => "bad-request",
        _ => "internal",
    }
}

fn detail_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is nothing at this path.",
        StatusCode::METHOD_NOT_ALLOWED => "This path does not take this method; see the Allow header.",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "Send the body as application/json.",
        StatusCode::PAYLOAD_TOO_LARGE => "The body is larger than this endpoint takes.",
        status if status.is_client_error() => "The request is not in the form that this endpoint takes.",
        _ => "Try again.",
    }
}

fn describe(state: &AppState, request: &Request) -> RequestContext {
    let mut random = [0_u8; 24];
    state.random.fill(&mut random);
    let (trace, span) = random.split_at(16);
    let continued = request.headers().get("traceparent").and_then(trace_id_of);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = peer.unwrap_or(IpAddr::from([127, 0, 0, 1]));
    RequestContext {
        trace_id: continued.map_or_else(|| hex(trace).into(), Arc::from),
        span_id: hex(span).into(),
        client_ip: client_ip(peer, request.headers(), &state.config.listen.trusted_proxies),
        path: without_secrets(request.uri().path()),
        audit: state.audit.clone(),
    }
}

/// The path as logs and problems may show it: the token of an invitation's link is a credential.
pub fn without_secrets(path: &str) -> Arc<str> {
    // In any letter case and however often a slash stands there: better hidden than logged.
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (Some(first), Some(_)) if first.eq_ignore_ascii_case("invitations") => "/invitations/***".into(),
        _ => path.into(),
    }
}

/// The trace id of a valid `traceparent` (W3C Trace Context, section 3.2.2).
fn trace_id_of(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let lower_hex = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let valid = version.len() == 2
        && version != "ff"
        && trace.len() == 32
        && span.len() == 16
        && [version, trace, span].into_iter().all(lower_hex)
        && trace.bytes().any(|b| b != b'0')
        && span.bytes().any(|b| b != b'0');
    valid.then_some(trace)
}

/// Lower-case hex, digit by digit: every request needs two of these, and formatting allocates for each byte.
fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// The address to account a request to: the last one in `X-Forwarded-For` that no trusted proxy vouches for. What a
/// client writes there itself stands further left and is never reached.
fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[ipnet::IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));
    let mut current = peer.to_canonical();
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.iter().rev() {
        if !is_trusted(&current) {
            break;
        }
        let Ok(ip) = hop.trim().parse::<IpAddr>() else { break };
        current = ip.to_canonical();
    }
    current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_74_a_forwarding_header_counts_only_behind_a_trusted_hop() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("9.9.9.9, 203.0.113.7"));
        let client: IpAddr = "198.51.100.1".parse().expect("an address");
        let proxy: IpAddr = "10.0.0.2".parse().expect("an address");
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        assert_eq!(client_ip(client, &headers, &trusted), client, "a client cannot name another address");
        assert_eq!(client_ip(proxy, &headers, &[]), proxy, "nothing is trusted by default");
        assert_eq!(
            client_ip(proxy, &headers, &trusted),
            "203.0.113.7".parse::<IpAddr>().expect("an address")
        );
    }

    #[test]
    fn the_token_of_an_invitation_is_in_no_path_that_is_logged() {
        for path in ["/invitations/abc", "/invitations/abc/def", "//Invitations//abc", "/invitations/abc/"] {
            assert_eq!(&*without_secrets(path), "/invitations/***", "{path}");
        }
        for path in ["/invitations", "/members", "/api/platform/invitations/abc/revoke"] {
            assert_eq!(&*without_secrets(path), path);
        }
    }

    #[test]
    fn only_a_valid_traceparent_is_continued() {
        let id = |text: &'static str| trace_id_of(&HeaderValue::from_static(text)).map(str::to_owned);
        assert!(id("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").is_some());
        for bad in [
            "",
            "00-x-y-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }
}
