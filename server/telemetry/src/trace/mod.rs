//! Traces: what a request caused, how long each part took, and where, told to an OpenTelemetry collector.
//!
//! [`Sampling`] decides whether a request is recorded, and a [`Tracer`] carries what was recorded away. A recorded request has a
//! [`RequestTrace`], from which everything that it causes takes a [`Span`]; a request that is not recorded has none, and
//! pays for none. Names and attributes are those of OpenTelemetry's semantic conventions.

mod export;
mod ids;
mod otlp;
mod parent;
mod sampling;
mod span;

pub use export::{ExportError, SpanExporter, Tracer};
pub use ids::{HexId, IdSource, SpanId, TraceId};
pub use otlp::{OtlpHttp, Resource};
pub use parent::TraceParent;
pub use sampling::Sampling;
pub use span::{FinishedSpan, RequestTrace, Span, SpanKind, Value};
