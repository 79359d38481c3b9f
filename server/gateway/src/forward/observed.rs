use std::time::Instant;

use http::{Method, Request, Response, Version};
use portico_telemetry::trace::{RequestTrace, Span, SpanKind};

use super::ForwardError;
use crate::body::RequestBody;
use crate::headers::TRACEPARENT;
use crate::remote::RemoteBackend;

/// One attempt at an upstream: counted, and a span where the call is recorded.
pub(super) struct Observed<'a> {
    remote: &'a RemoteBackend,
    method: Method,
    started: Instant,
    /// Boxed, since most calls are recorded by nobody.
    span: Option<Box<Span<'a>>>,
}

impl<'a> Observed<'a> {
    /// An attempt begins, after so many `before` it. Where it is recorded, the upstream goes on from its span.
    pub(super) fn begin(
        remote: &'a RemoteBackend,
        trace: Option<&'a RequestTrace>,
        request: &mut Request<RequestBody>,
        before: impl FnOnce() -> u32,
    ) -> Self {
        let method = request.method().clone();
        let span = trace.map(|trace| Box::new(span(trace, remote, &method, before())));
        if let Some(span) = &span {
            request.headers_mut().insert(TRACEPARENT, span.traceparent());
        }
        Self { remote, method, started: Instant::now(), span }
    }

    /// It is over: an answer has begun, or there is none.
    pub(super) fn end<B>(self, result: &Result<Response<B>, ForwardError>) {
        let status = result.as_ref().map(Response::status);
        self.remote.metrics.attempt(&self.method, status, self.started.elapsed());
        let Some(mut span) = self.span else { return };
        match status {
            Ok(status) => {
                let is_http2 = result.as_ref().is_ok_and(|response| response.version() == Version::HTTP_2);
                span.set("network.protocol.version", if is_http2 { "2" } else { "1.1" });
                span.set("http.response.status_code", status.as_u16());
                if status.is_client_error() || status.is_server_error() {
                    span.fail(status.as_str().to_owned());
                }
            }
            Err(error) => span.fail(error.slug()),
        }
    }
}

/// OpenTelemetry, *Semantic Conventions for HTTP Spans*.
fn span<'a>(trace: &'a RequestTrace, remote: &RemoteBackend, method: &Method, before: u32) -> Span<'a> {
    let mut span = trace.child(method.to_string(), SpanKind::Client);
    let place = &remote.upstream.origin.place;
    span.set("http.request.method", method.to_string());
    span.set("server.address", place.host.clone());
    span.set("server.port", place.port);
    span.set("portico.remote", remote.id.clone());
    if before > 0 {
        span.set("http.request.resend_count", before);
    }
    span
}
