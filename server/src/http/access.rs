//! One line and one measurement for each request, when its answer is over.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Body as _, Frame, SizeHint};
use portico_gateway::{ANSWERED, CallError, Outcome, RemoteBackend, RouteMetrics};
use portico_stream::OutletSlot;
use portico_telemetry::trace::{RequestTrace, Value};
use tracing::Level;

use super::RequestContext;
use crate::metrics::{Failure, Place};
use crate::routes::bff;
use crate::state::AppState;

/// A body of at most this many bytes, known beforehand, goes out at once: its request is over when the answer begins.
const AT_ONCE: u64 = 64 * 1024;

/// What the proxy says of a call, beside the answer.
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// Whose upstream it is for.
    pub backend: Arc<RemoteBackend>,
    /// How it ended; nothing while it has not.
    pub end: Option<CallEnd>,
}

/// How a call through the proxy ended.
#[derive(Clone, Debug)]
pub struct CallEnd {
    /// The declared route, or what stands for none.
    pub route: Arc<RouteMetrics>,
    /// What became of it.
    pub outcome: &'static str,
    /// How often the upstream was tried.
    pub attempts: u32,
    /// How long it was waited for.
    pub waited: Duration,
}

impl CallRecord {
    /// A call that begins.
    pub fn of(backend: Arc<RemoteBackend>) -> Self {
        Self { backend, end: None }
    }
}

impl CallEnd {
    /// How this one ended.
    pub fn of(outcome: &Outcome<'_>) -> Self {
        Self {
            route: outcome.metrics.clone(),
            outcome: outcome.result.as_ref().map_or_else(CallError::slug, |_| ANSWERED),
            attempts: outcome.attempts,
            waited: outcome.waited,
        }
    }
}

/// A request that is under way. It is told of exactly once: when its answer is over, or, if nobody waits for it any more,
/// when it is dropped.
pub struct Access {
    state: AppState,
    context: RequestContext,
    method: Method,
    place: Matched,
    started: Instant,
    call: Option<CallRecord>,
    status: Option<StatusCode>,
    outcome: &'static str,
    error: Option<String>,
    bytes: u64,
    /// Of an event stream: what the hub wrote by itself.
    outlet: Option<OutletSlot>,
    over: bool,
}

/// The outcome of a request whose answer nobody waited for.
const GONE: &str = "client-gone";

/// The route that a request turned out to be for; a place among the portal's own.
#[derive(Clone, Debug, Default)]
pub struct Matched(Option<Arc<OnceLock<Place>>>);

impl Matched {
    /// Where the router will say it.
    pub fn awaited() -> Self {
        Self(Some(Arc::default()))
    }

    fn place(&self) -> Option<Place> {
        self.0.as_ref()?.get().copied()
    }
}

/// The layer, inside the router, that says which route was matched.
pub async fn matched(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if let Some(Matched(Some(place))) = request.extensions().get() {
        // There is one router, and so one match.
        let _ = place.set(state.metrics.place(&request));
    }
    next.run(request).await
}

impl Access {
    /// A request has come. `matched` is where its route will be known; a call has none but its remote's.
    pub fn begin(state: &AppState, context: RequestContext, request: &Request, matched: Matched) -> Self {
        state.metrics.active.increment();
        Self {
            state: state.clone(),
            context,
            method: request.method().clone(),
            place: matched,
            started: Instant::now(),
            call: None,
            status: None,
            outcome: GONE,
            error: None,
            bytes: 0,
            outlet: None,
            over: false,
        }
    }

    /// What is known of the request.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// What is known of the request, and where the proxy says what becomes of its call.
    pub fn parts(&mut self) -> (&RequestContext, &mut Option<CallRecord>) {
        (&self.context, &mut self.call)
    }

    /// Whether the answer is an upstream's own, which passes as it is.
    pub fn is_passed_on(&self) -> bool {
        self.end().is_some_and(|end| end.outcome == ANSWERED)
    }

    /// It was refused or failed: `kind` is the problem's, `message` is for the log.
    pub fn failed(&mut self, kind: &'static str, message: &str) {
        self.outcome = kind;
        self.error = Some(message.to_owned());
    }

    /// The answer begins. What is small goes as it is; the end of anything else is waited for.
    pub fn answer(mut self, response: Response) -> Response {
        self.status = Some(response.status());
        self.outlet = response.extensions().get().cloned();
        if let Some(outcome) = self.end().map(|end| end.outcome) {
            self.outcome = outcome;
        } else if self.error.is_none() {
            self.outcome = if response.status().as_u16() < 400 { "ok" } else { "error" };
        }
        match response.body().size_hint().exact() {
            Some(bytes) if bytes <= AT_ONCE => {
                self.bytes = bytes;
                self.over = true;
                response
            }
            _ => response.map(|body| Body::new(Followed { body, access: self })),
        }
    }

    fn end(&self) -> Option<&CallEnd> {
        self.call.as_ref()?.end.as_ref()
    }

    fn tell(&self) {
        let took = self.started.elapsed();
        self.state.metrics.active.decrement();
        // Whoever left before the answer is counted as nginx does it: 499.
        let status = self.status.unwrap_or(StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST));
        let outcome = if self.over { self.outcome } else { GONE };
        match &self.call {
            Some(call) => self.route_of(call).observe(&self.method, status, took, outcome),
            None => self.state.metrics.observe(self.place(), &self.method, status, took),
        }
        if status.is_server_error() {
            self.state.metrics.failed(Failure {
                at: self.state.clock.now(),
                route: format!("{} {}", self.method, self.route()),
                status: status.as_u16(),
                outcome,
                trace_id: self.context.trace_id.to_string(),
                count: 1,
            });
        }
        if let Some(trace) = &self.context.trace {
            self.end_span(trace, status, outcome);
        }
        self.log(status, took, outcome);
    }

    /// The request's span (OpenTelemetry, *Semantic Conventions for HTTP Spans*).
    fn end_span(&self, trace: &RequestTrace, status: StatusCode, outcome: &'static str) {
        let route = self.route().to_string();
        let name = format!("{} {route}", self.method);
        let mut attributes: Vec<(&'static str, Value)> = vec![
            ("http.request.method", self.method.to_string().into()),
            ("http.route", route.into()),
            ("url.path", self.context.path.to_string().into()),
            ("http.response.status_code", status.as_u16().into()),
            ("client.address", self.context.client_ip.to_string().into()),
            ("portico.outcome", outcome.into()),
        ];
        if let Some(call) = &self.call {
            attributes.push(("portico.remote", call.backend.id().to_owned().into()));
        }
        let failed = status.is_server_error().then_some(outcome);
        if let Some(kind) = failed {
            attributes.push(("error.type", kind.into()));
        }
        trace.finish(name, self.started, attributes, failed.map(Into::into));
    }

    fn place(&self) -> Place {
        self.place.place().unwrap_or_else(|| self.state.metrics.place_of(bff::PATTERN))
    }

    /// The route of a call; looked for again only where the call did not come to its end.
    fn route_of(&self, call: &CallRecord) -> Arc<RouteMetrics> {
        match &call.end {
            Some(end) => end.route.clone(),
            None => call.backend.route_metrics(&self.method, &self.context.path),
        }
    }

    /// `http.route`: of a proxied call the prefix and the declared pattern.
    fn route(&self) -> impl std::fmt::Display + '_ {
        std::fmt::from_fn(|f| match &self.call {
            Some(call) => write!(f, "/bff/{}{}", call.backend.id(), self.route_of(call).pattern),
            None => f.write_str(self.state.metrics.pattern(self.place())),
        })
    }

    fn log(&self, status: StatusCode, took: Duration, outcome: &'static str) {
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let end = self.end();
        // A call site has one level, and so there are two.
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    target: "request",
                    parent: None,
                    $level,
                    trace_id = &*self.context.trace_id,
                    http.method = self.method.as_str(),
                    http.route = %self.route(),
                    url.path = &*self.context.path,
                    http.status = self.status.map(|status| status.as_u16()),
                    portico.remote = self.call.as_ref().map(|call| call.backend.id()),
                    outcome,
                    error.message = self.error.as_deref(),
                    duration_us = micros(took),
                    upstream_us = end.map(|end| micros(end.waited)),
                    attempts = end.map(|end| end.attempts),
                    bytes = self.bytes + self.outlet.as_ref().map_or(0, OutletSlot::bytes),
                    client.address = %self.context.client_ip,
                    "request"
                )
            };
        }
        match status.is_server_error() {
            true => line!(Level::ERROR),
            false => line!(Level::INFO),
        }
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        self.tell();
    }
}

/// A body whose end is the end of its request.
struct Followed {
    body: Body,
    access: Access,
}

impl http_body::Body for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.access.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                self.access.over = frame.is_trailers() || self.body.is_end_stream();
            }
            Poll::Ready(Some(Err(error))) => {
                let message = error.to_string();
                self.access.failed("answer-broken", &message);
                self.access.over = true;
            }
            Poll::Ready(None) => self.access.over = true,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
