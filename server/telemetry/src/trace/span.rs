use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::HeaderValue;

use super::{SpanId, TraceId, TraceParent, Tracer};

/// What part a span has in a conversation (OpenTelemetry, *SpanKind*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Something within.
    Internal = 1,
    /// A request that was answered.
    Server = 2,
    /// A request that was made.
    Client = 3,
    /// A message that was sent.
    Producer = 4,
}

/// An attribute's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

/// The trace of one request that is recorded.
#[derive(Debug)]
pub struct RequestTrace {
    tracer: Arc<Tracer>,
    trace_id: TraceId,
    /// The request's own span.
    span_id: SpanId,
    parent: Option<SpanId>,
    /// `tracestate` as it came: others' data, handed on unread.
    state: Option<HeaderValue>,
    kind: SpanKind,
    /// The span of another trace that led to this one.
    cause: Option<(TraceId, SpanId)>,
    children: AtomicU64,
}

/// Part of what a request causes. It is over when it is dropped.
#[derive(Debug)]
pub struct Span<'a> {
    trace: &'a RequestTrace,
    id: SpanId,
    started: Instant,
    name: Cow<'static, str>,
    kind: SpanKind,
    attributes: Vec<(&'static str, Value)>,
    error: Option<Cow<'static, str>>,
}

/// A span that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedSpan {
    /// Of which trace.
    pub trace_id: TraceId,
    /// Its own id.
    pub id: SpanId,
    /// What caused it; none where the trace begins.
    pub parent: Option<SpanId>,
    /// What led to it, in another trace.
    pub link: Option<(TraceId, SpanId)>,
    /// `tracestate`.
    pub state: Option<String>,
    /// What it was, with few different values.
    pub name: Cow<'static, str>,
    /// Its part in a conversation.
    pub kind: SpanKind,
    /// Nanoseconds since 1970.
    pub started: u64,
    /// Nanoseconds since 1970.
    pub ended: u64,
    /// More about it.
    pub attributes: Vec<(&'static str, Value)>,
    /// Why it failed.
    pub error: Option<Cow<'static, str>>,
}

impl RequestTrace {
    /// Of a request whose span has this id, for `tracer` to carry away.
    pub fn new(
        tracer: Arc<Tracer>,
        trace_id: TraceId,
        span_id: SpanId,
        parent: Option<SpanId>,
        state: Option<HeaderValue>,
    ) -> Self {
        let (kind, cause, children) = (SpanKind::Server, None, AtomicU64::new(0));
        Self { tracer, trace_id, span_id, parent, state, kind, cause, children }
    }

    /// A trace of its own, for what goes on once the request is over. It names the request as what led to it
    /// (OpenTelemetry, *Links between spans*), since a parent would have to wait for its children.
    pub fn detached(&self) -> Self {
        let span_id = self.span_id.child(self.children.fetch_add(1, Ordering::Relaxed) + 1);
        Self {
            tracer: Arc::clone(&self.tracer),
            trace_id: span_id.trace(),
            span_id,
            parent: None,
            state: None,
            kind: SpanKind::Internal,
            cause: Some((self.trace_id, self.span_id)),
            children: AtomicU64::new(0),
        }
    }

    /// Something that the request causes begins.
    pub fn child(&self, name: impl Into<Cow<'static, str>>, kind: SpanKind) -> Span<'_> {
        let number = self.children.fetch_add(1, Ordering::Relaxed) + 1;
        Span {
            trace: self,
            id: self.span_id.child(number),
            started: Instant::now(),
            name: name.into(),
            kind,
            attributes: Vec::new(),
            error: None,
        }
    }

    /// `tracestate`, to be sent on.
    pub fn state(&self) -> Option<&HeaderValue> {
        self.state.as_ref()
    }

    /// The request itself is over.
    pub fn finish(
        &self,
        name: impl Into<Cow<'static, str>>,
        started: Instant,
        attributes: Vec<(&'static str, Value)>,
        error: Option<Cow<'static, str>>,
    ) {
        let own = (self.span_id, self.parent);
        self.end(own, name.into(), self.kind, started, attributes, error);
    }

    fn end(
        &self,
        (id, parent): (SpanId, Option<SpanId>),
        name: Cow<'static, str>,
        kind: SpanKind,
        started: Instant,
        attributes: Vec<(&'static str, Value)>,
        error: Option<Cow<'static, str>>,
    ) {
        let (started, ended) = (self.tracer.unix_nanos(started), self.tracer.unix_nanos(Instant::now()));
        let state = self.state.as_ref().and_then(|state| state.to_str().ok()).map(str::to_owned);
        let trace_id = self.trace_id;
        let link = self.cause.filter(|_| id == self.span_id);
        let span =
            FinishedSpan { trace_id, id, parent, link, state, name, kind, started, ended, attributes, error };
        self.tracer.take(span);
    }
}

impl Span<'_> {
    /// Says more about it.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.attributes.push((name, value.into()));
    }

    /// It failed: `error.type` in the semantic conventions' words.
    pub fn fail(&mut self, kind: impl Into<Cow<'static, str>>) {
        let kind = kind.into();
        self.attributes.push(("error.type", Value::Text(kind.clone())));
        self.error = Some(kind);
    }

    /// It failed, if there is an error: its words are the description.
    pub fn fail_with(&mut self, error: Option<&impl std::fmt::Display>) {
        if let Some(error) = error {
            self.error = Some(error.to_string().into());
        }
    }

    /// The `traceparent` for what this span causes elsewhere.
    pub fn traceparent(&self) -> HeaderValue {
        TraceParent { trace_id: self.trace.trace_id, span_id: self.id, sampled: true }.header()
    }
}

impl Drop for Span<'_> {
    fn drop(&mut self) {
        let (name, attributes) = (std::mem::take(&mut self.name), std::mem::take(&mut self.attributes));
        let own = (self.id, Some(self.trace.span_id));
        self.trace.end(own, name, self.kind, self.started, attributes, self.error.take());
    }
}
