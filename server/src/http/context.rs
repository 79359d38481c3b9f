//! What is known of a request from the outside: trace id, client address; and how it ends: problems in their final form,
//! panics as errors. The line that it leaves is [`super::access`]'s.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portico_telemetry::trace::{RequestTrace, SpanId, TraceId, TraceParent, Tracer};

use super::access::Access;
use super::{ApiError, problem};
use crate::audit::Audit;
use crate::state::AppState;

const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// What is known of a request before anything else is.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// W3C Trace Context's trace id: the client's, or a new one.
    pub trace_id: TraceId,
    /// This request's own span id.
    pub span_id: SpanId,
    /// Whether what the request causes elsewhere is to be recorded there.
    pub sampled: bool,
    /// Where what it causes is recorded, if it is.
    pub trace: Option<Arc<RequestTrace>>,
    /// The client's address, behind trusted proxies if there are any.
    pub client_ip: IpAddr,
    /// The path of the request, for `instance`.
    pub path: Arc<str>,
    /// Where its decisions are recorded.
    pub audit: Arc<Audit>,
}

impl RequestContext {
    /// Of a request that came from `peer`.
    pub fn of(state: &AppState, request: &Request, peer: IpAddr) -> Self {
        let (fresh, span_id) = state.ids.next(state.random.as_ref());
        let parent = request.headers().get("traceparent").and_then(TraceParent::parse);
        let trace_id = parent.map_or(fresh, |parent| parent.trace_id);
        // Also without a collector: the portal tells nobody of it then, and whoever comes next may well.
        let sampled = state.sampling.takes(&fresh, parent.as_ref());
        let tracer = state.tracer.as_ref().filter(|_| sampled);
        let trace = tracer.map(|tracer| recorded(tracer, (trace_id, span_id), parent, request.headers()));
        Self {
            trace_id,
            span_id,
            sampled,
            trace,
            client_ip: client_ip(peer, request.headers(), &state.config.listen.trusted_proxies),
            path: without_secrets(request.uri().path()),
            audit: state.audit.clone(),
        }
    }

    /// The `traceparent` for what this request causes.
    pub fn traceparent(&self) -> HeaderValue {
        let Self { trace_id, span_id, sampled, .. } = *self;
        TraceParent { trace_id, span_id, sampled }.header()
    }

    /// The span in which its log lines stand. Making one costs more than deciding about a call, so the proxy makes it only
    /// where something rare begins.
    pub fn span(&self) -> tracing::Span {
        tracing::info_span!("request", trace_id = %self.trace_id, url.path = %self.path)
    }
}

/// The trace of a request that is recorded. `tracestate` belongs to the `traceparent` it came with (W3C Trace Context,
/// section 3.3).
fn recorded(
    tracer: &Arc<Tracer>,
    (trace_id, span_id): (TraceId, SpanId),
    parent: Option<TraceParent>,
    headers: &HeaderMap,
) -> Arc<RequestTrace> {
    let state = headers.get("tracestate").filter(|_| parent.is_some()).cloned();
    let parent = parent.map(|parent| parent.span_id);
    Arc::new(RequestTrace::new(tracer.clone(), trace_id, span_id, parent, state))
}

/// The answer where handling panicked.
pub fn panicked(panic: &(dyn std::any::Any + Send)) -> Response {
    let what = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    ApiError::internal(format!("panic: {}", what.unwrap_or_default())).into_response()
}

/// The answer in its last form: problems get their instance and trace id, every answer the header that says the same. An
/// error is told to `access`, for the line that the request leaves.
pub fn finish(mut response: Response, access: &mut Access) -> Response {
    let problem = problem_of(&mut response, access.is_passed_on());
    if let Some(error) = problem {
        access.failed(error.kind(), error.log_text());
        let context = access.context();
        response = problem::render(&error.problem(&context.path, &context.trace_id), response);
    }
    response.headers_mut().insert(X_TRACE_ID, access.context().trace_id.into());
    response
}

/// The error that an answer stands for.
fn problem_of(response: &mut Response, is_passed_on: bool) -> Option<ApiError> {
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        return Some(error);
    }
    // What axum itself answers (405, 415, a broken body) is text: it becomes a problem like every other error.
    let status = response.status();
    if is_passed_on || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_text = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let title = status.canonical_reason().unwrap_or("Error");
    is_text.then(|| ApiError::new(status, kind_of(status), title, detail_of(status)))
}

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

/// The path as logs and problems may show it: the token of an invitation's link is a credential.
pub fn without_secrets(path: &str) -> Arc<str> {
    // By what anyone could make of it: better hidden than logged. Nearly every path is its own reading.
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let hidden = if path.contains(['%', '.', '\\']) {
        leads_to_invitation(&percent_decoded(path))
    } else {
        parts.next().is_some_and(|first| first.eq_ignore_ascii_case("invitations")) && parts.next().is_some()
    };
    if hidden { "/invitations/***".into() } else { path.into() }
}

/// Whether something stands below `/invitations`: in any letter case, however often a slash or backslash stands there, and
/// with dot segments followed.
fn leads_to_invitation(path: &[u8]) -> bool {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| matches!(b, b'/' | b'\\')) {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.len() > 1 && parts[0].eq_ignore_ascii_case(b"invitations")
}

/// The path with its percent-encoding undone, more than once: who decodes twice must not read what was hidden from those
/// who decode once.
fn percent_decoded(path: &str) -> Vec<u8> {
    let mut bytes = path.as_bytes().to_vec();
    // Three times are more than any server does.
    for _ in 0..3 {
        let decoded: Vec<u8> = percent_encoding::percent_decode(&bytes).collect();
        if decoded == bytes {
            break;
        }
        bytes = decoded;
    }
    bytes
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
        for path in [
            "/invitations/abc",
            "/invitations/abc/def",
            "//Invitations//abc",
            "/invitations/abc/",
            "/%69nvitations/abc",
            "/%49NVITATION%53/abc",
            "/invitations%2Fabc",
            "/%2finvitations/abc",
            "/%2569nvitations/abc",
            "/./invitations/abc",
            "/%2e%2e/invitations/abc",
            "/members/../invitations/abc",
            "/invitations%5cabc",
        ] {
            assert_eq!(&*without_secrets(path), "/invitations/***", "{path}");
        }
        for path in [
            "/invitations",
            "/members",
            "/api/platform/invitations/abc/revoke",
            "/100%25",
            "/%zz/%",
            "/x%2finvitations/a",
        ] {
            assert_eq!(&*without_secrets(path), path);
        }
    }
}
