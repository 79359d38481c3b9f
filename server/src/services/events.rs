//! Events: what a session may publish and subscribe to, and the way into the log.

use std::sync::Arc;

use axum::http::StatusCode;
use portico_identity::session::SessionId;
use portico_policy::Resource;
use portico_registry::Offer;
use portico_stream::{
    AppendError, Author, CloseReason, EventGateway, IncomingEvent, PublishError, TopicSpec,
};

use portico_telemetry::trace::{RequestTrace, Span, SpanKind};
use portico_telemetry::{Exposition, Kind};

use crate::audit;
use crate::http::{ApiError, Authenticated, RequestContext, body_limit};
use crate::services::question;
use crate::state::AppState;

/// The event path of this instance.
pub struct Events {
    gateway: EventGateway,
    brokers: String,
    partitions: i32,
}

impl Events {
    /// Over a started gateway whose log is at `brokers`.
    pub fn new(gateway: EventGateway, brokers: String, partitions: i32) -> Self {
        Self { gateway, brokers, partitions }
    }

    /// The gateway itself.
    pub fn gateway(&self) -> &EventGateway {
        &self.gateway
    }

    /// Kafka's bootstrap servers, comma-separated.
    pub fn brokers(&self) -> String {
        self.brokers.clone()
    }

    /// Follows the topics that manifests name; those that are followed already stay.
    pub async fn follow(&self, topics: impl Iterator<Item = &str>) {
        let topics = topic_specs(topics, self.partitions);
        if let Err(error) = self.gateway.declare_topics(&topics).await {
            tracing::warn!(error.message = %error, "new topics cannot be followed yet");
        }
    }

    /// Whether streams can be opened, or why not.
    pub fn ready(&self) -> Result<(), String> {
        let health = self.gateway.health();
        match (health.ready, health.connected) {
            (true, true) => Ok(()),
            (false, _) => Err("the event log has not been reached yet".into()),
            (true, false) => Err("the event log does not answer".into()),
        }
    }

    /// What the event path has done.
    pub fn expose(&self, out: &mut Exposition) {
        let (metrics, health) = (self.gateway.metrics(), self.gateway.health());
        let counters = [
            ("portico_events_published_total", "Events that the log acknowledged.", &metrics.published),
            (
                "portico_events_publish_failures_total",
                "Events that the log did not acknowledge.",
                &metrics.publish_failures,
            ),
            ("portico_event_records_total", "Records read from the log.", &metrics.records),
            (
                "portico_event_records_unreadable_total",
                "Records that are no event, skipped.",
                &metrics.records_unreadable,
            ),
            (
                "portico_event_records_untenanted_total",
                "Records without an organization, skipped.",
                &metrics.records_without_organization,
            ),
            (
                "portico_event_records_repeated_total",
                "Records that repeat another, skipped.",
                &metrics.records_repeated,
            ),
            ("portico_stream_frames_total", "Frames handed to streams as they came.", &metrics.frames),
            (
                "portico_stream_frames_replayed_total",
                "Frames handed to streams that resumed.",
                &metrics.frames_replayed,
            ),
            ("portico_streams_opened_total", "Streams opened.", &metrics.streams_opened),
            (
                "portico_streams_closed_total",
                "Streams that ended, for whatever reason.",
                &metrics.streams_closed,
            ),
            (
                "portico_streams_lagged_total",
                "Streams cut because their reader was too slow.",
                &metrics.streams_lagged,
            ),
            ("portico_stream_resets_total", "Gaps that clients were told of.", &metrics.resets),
            (
                "portico_event_history_reads_total",
                "Reads of older records straight from the log.",
                &metrics.history_reads,
            ),
            ("portico_event_consumer_errors_total", "Errors of the consumer.", &metrics.consumer_errors),
            (
                "portico_event_consumer_restarts_total",
                "Times the consumer was made anew.",
                &metrics.consumer_restarts,
            ),
        ];
        for (name, help, counter) in counters {
            out.family(name, Kind::Counter, help).sample(&[], counter.get());
        }
        out.gauge("portico_streams", "Open streams.", health.streams);
        out.gauge("portico_event_lag_records", "Records in the log that are not read yet.", health.lag);
        let connected = u8::from(health.connected);
        out.gauge("portico_event_log_connected", "Whether the event log answered lately.", connected);
    }

    /// Ends a session's streams so that they are opened again, with what the session may have now.
    pub fn interrupt_session(&self, id: &SessionId) {
        self.gateway.interrupt_session(&id.to_string());
    }

    /// Ends a session's streams.
    pub fn close_session(&self, id: &SessionId, reason: CloseReason) {
        self.gateway.close_session(&id.to_string(), reason);
    }
}

/// Topics as they are declared to the log.
pub fn topic_specs<'a>(topics: impl Iterator<Item = &'a str>, partitions: i32) -> Vec<TopicSpec> {
    topics.map(|name| TopicSpec { name: Arc::from(name), partitions }).collect()
}

/// Where a page of this session opens its stream. The URL names the page's organization, since an `EventSource` sends no
/// header of its own that could.
pub fn stream_url(session: &Authenticated) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("organization", &session.state.org_id);
    format!("/stream?{}", query.finish())
}

/// Every type that a session may subscribe to, sorted.
pub async fn subscribable(state: &AppState, session: &Authenticated) -> Vec<String> {
    let applications = state.applications(session).await;
    let mut types: Vec<_> =
        applications.iter().flat_map(|a| &a.subscribes).map(|event| event.kind.clone()).collect();
    types.sort_unstable();
    types.dedup();
    types
}

/// Publishes `data`, JSON text, as an event of the remote called `source`. Returns the event's id.
pub async fn publish_data(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    source: &str,
    kind: &str,
    data: String,
) -> Result<String, ApiError> {
    let data = serde_json::value::RawValue::from_string(data)
        .map_err(|error| ApiError::bad_request("`data` must be JSON text.").cause(error))?;
    let envelope = serde_json::json!({ "specversion": "1.0", "source": source, "type": kind }).to_string();
    // The payload is spliced in as it is: parsed, it would lose key order, big numbers and duplicates.
    let event = format!("{},\"data\":{}}}", envelope.trim_end_matches('}'), data.get());
    publish(state, context, session, event.as_bytes()).await
}

/// Publishes a CloudEvent in structured JSON. Returns its id once Kafka has acknowledged it.
///
/// # Errors
/// 400 names what is wrong with the envelope; 403 where the session may not publish this type through this remote, or the
/// event claims to be somebody else's; 413; 429; 503 when it was not delivered.
pub async fn publish(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    body: &[u8],
) -> Result<String, ApiError> {
    state.limits.publish(&session.active.key).await?;
    let event = IncomingEvent::parse(body).map_err(|error| publish_error(PublishError::Envelope(error)))?;
    let topic = allowed_topic(state, context, session, &event).await?;
    let span = context.trace.as_ref().map(|trace| producer(trace, &topic));
    let traceparent = span.as_ref().map_or_else(|| context.traceparent(), Span::traceparent);
    let remote = event.source().to_owned();
    let resource = format!("event {remote:.100} {:.100}", event.kind());
    let author = Author {
        org: &session.state.org_id,
        user: &session.state.person.sub,
        remote: &remote,
        traceparent: traceparent.to_str().ok(),
    };
    let published = state.events.gateway().publisher().publish(event, author, &topic).await;
    if let Some(mut span) = span {
        span.fail_with(published.as_ref().err());
    }
    published.map(|published| published.id).map_err(|error| {
        if let PublishError::Conflict(conflict) = &error {
            audit::decision("publish", &resource, false, &conflict.to_string(), session, context);
        }
        publish_error(error)
    })
}

/// OpenTelemetry, *Semantic Conventions for Kafka*.
fn producer<'a>(trace: &'a RequestTrace, topic: &str) -> Span<'a> {
    let mut span = trace.child(format!("send {topic}"), SpanKind::Producer);
    span.set("messaging.system", "kafka");
    span.set("messaging.operation.type", "send");
    span.set("messaging.operation.name", "send");
    span.set("messaging.destination.name", topic.to_owned());
    span
}

/// The topic of an event, where this session may publish its type through the remote it names.
async fn allowed_topic(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    event: &IncomingEvent,
) -> Result<Arc<str>, ApiError> {
    let snapshot = state.registry.snapshot();
    let remote = snapshot.remotes().iter().find(|remote| remote.manifest.name == event.source());
    let declared = remote.and_then(|remote| {
        let declared = remote.manifest.events.publish.iter().find(|declared| declared.kind == event.kind());
        declared.map(|declared| (remote, declared))
    });
    let declared = match declared {
        Some((remote, declared)) if state.is_visible(session, remote).await => Some((remote, declared)),
        _ => None,
    };
    let resource = Resource::Event { remote: event.source(), kind: event.kind() };
    let Some((remote, declared)) = declared else {
        audit::decision(
            "publish",
            &bounded(&resource),
            false,
            "not declared for this session",
            session,
            context,
        );
        return Err(ApiError::forbidden(
            "No remote of this session with this source declares that it publishes this type.",
        ));
    };
    let query = question(remote, Offer::Publish(declared), &session.principal);
    let decision = state.policy.ask(&query).await;
    audit::decided("publish", &bounded(&resource), &decision, session, context);
    if decision.is_allowed() {
        Ok(Arc::from(declared.topic.as_str()))
    } else {
        Err(ApiError::forbidden(decision.caller_detail()))
    }
}

fn bounded(resource: &Resource<'_>) -> String {
    resource.to_string().chars().take(200).collect()
}

fn publish_error(error: PublishError) -> ApiError {
    match &error {
        PublishError::Envelope(portico_stream::EnvelopeError::TooLarge(_)) => {
            body_limit::too_large(portico_stream::MAX_EVENT_BYTES as u64)
        }
        PublishError::Envelope(envelope) => ApiError::bad_request(format!("The event cannot be taken: {envelope}.")),
        PublishError::Conflict(conflict) => ApiError::forbidden(format!("The event cannot be taken: {conflict}.")),
        PublishError::Log(AppendError::TooLarge) => body_limit::too_large(portico_stream::MAX_EVENT_BYTES as u64),
        PublishError::Log(log) => ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-delivered",
            "The event was not delivered",
            "The event log did not acknowledge the event. Send it again with the same id; a repeat is dropped.",
        )
        .cause(log),
    }
}
