//! Events: what a session may publish and subscribe to, and the way into the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use portico_app::portal_api::NewEvent;
use portico_identity::session::SessionId;
use portico_policy::{Decision, Resource};
use portico_registry::Offer;
use portico_stream::{
    AppendError, Author, Backlog, CloseReason, EventGateway, EventType, IncomingEvent, PublishError,
    StreamHealth, StreamMetrics, TopicSpec,
};

use portico_telemetry::trace::{RequestTrace, Span, SpanKind};
use portico_telemetry::{Exposition, Kind};

use crate::audit;
use crate::http::{ApiError, Authenticated, RequestContext, body_limit};
use crate::services::{authorise, question};
use crate::state::AppState;

/// The event path of this instance.
pub struct Events {
    gateway: EventGateway,
    brokers: String,
    partitions: i32,
    generated_keys: BTreeMap<String, (String, String)>,
}

impl Events {
    /// Over a started gateway whose log is at `brokers`; `generated_keys` are development's, by producer: id and key.
    pub fn new(
        gateway: EventGateway,
        brokers: String,
        partitions: i32,
        generated_keys: BTreeMap<String, (String, String)>,
    ) -> Self {
        Self { gateway, brokers, partitions, generated_keys }
    }

    /// Keys of producers that development generated, for the services that it starts: id and key, by the producer's source.
    pub fn generated_keys(&self) -> &BTreeMap<String, (String, String)> {
        &self.generated_keys
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
        if !health.ready {
            return Err("the event log has not been reached yet".into());
        }
        if !health.connected {
            return Err("the event log does not answer".into());
        }
        if let Some(why) = health.consumer {
            return Err(format!("the event consumer is in trouble: {why}"));
        }
        match health.appender.failure {
            Some(why) => Err(format!("the event producer failed and was replaced: {why}")),
            None => Ok(()),
        }
    }

    /// What the event path has done.
    pub fn expose(&self, out: &mut Exposition) {
        let (metrics, health) = (self.gateway.metrics(), self.gateway.health());
        expose_publishing(out, metrics, &health);
        expose_consumer(out, metrics, &health);
        expose_streams(out, metrics, &health);
        expose_backlog(out, self.gateway.backlog());
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

fn expose_publishing(out: &mut Exposition, metrics: &StreamMetrics, health: &StreamHealth) {
    out.counter("portico_events_published_total", "Events that the log acknowledged.", &metrics.published);
    let help = "Events sent again that were published already, or under way.";
    out.counter("portico_events_publish_repeats_total", help, &metrics.publish_repeats);
    let help = "Events published without an answer of the store in which instances tell each other what they publish.";
    out.counter("portico_events_publish_unclaimed_total", help, &metrics.publish_unclaimed);
    let help = "Events that the log did not acknowledge.";
    out.counter("portico_events_publish_failures_total", help, &metrics.publish_failures);
    let help = "How long the log took to acknowledge an event, or not to.";
    let family = out.family("portico_event_publish_duration_seconds", Kind::Histogram, help);
    family.histogram(&[], &metrics.publish_duration);
    let help = "Times the producer failed for good and was made anew.";
    let family = out.family("portico_event_producer_restarts_total", Kind::Counter, help);
    family.sample(&[], health.appender.restarts);
}

fn expose_consumer(out: &mut Exposition, metrics: &StreamMetrics, health: &StreamHealth) {
    out.counter("portico_event_records_total", "Records read from the log.", &metrics.records);
    let help = "Records skipped, by reason.";
    let skipped = out.family("portico_event_records_skipped_total", Kind::Counter, help);
    for (reason, count) in metrics.skipped.by_reason() {
        skipped.sample(&[("reason", reason)], count.get());
    }
    let help = "From a record's timestamp until its frame was ready for its receivers.";
    let family = out.family("portico_event_delivery_duration_seconds", Kind::Histogram, help);
    family.histogram(&[], &metrics.latency);
    out.gauge("portico_event_lag_records", "Records in the log that are not read yet.", health.lag);
    let connected = u8::from(health.connected);
    out.gauge("portico_event_log_connected", "Whether the event log answered lately.", connected);
    out.counter("portico_event_consumer_errors_total", "Errors of the consumer.", &metrics.consumer_errors);
    let help = "Whether the consumer brings what the log has.";
    out.gauge("portico_event_consumer_healthy", help, u8::from(health.consumer.is_none()));
    let help = "Times the consumer was made anew.";
    out.counter("portico_event_consumer_restarts_total", help, &metrics.consumer_restarts);
    let help = "Reads of older records straight from the log.";
    out.counter("portico_event_history_reads_total", help, &metrics.history_reads);
    let help = "Older records read straight from the log.";
    out.counter("portico_event_history_records_total", help, &metrics.history_records);
}

fn expose_streams(out: &mut Exposition, metrics: &StreamMetrics, health: &StreamHealth) {
    out.gauge("portico_streams", "Open streams.", health.streams);
    out.level("portico_streams_resuming", "Streams on their way to the present.", &metrics.resuming);
    let counters = [
        ("portico_streams_opened_total", "Streams opened.", &metrics.streams_opened),
        ("portico_streams_closed_total", "Streams that ended, for whatever reason.", &metrics.streams_closed),
        ("portico_streams_refused_total", "Streams refused by limits.", &metrics.streams_refused),
        ("portico_streams_resumed_total", "Streams that resumed and reached the present.", &metrics.resumed),
        (
            "portico_streams_lagged_total",
            "Streams cut because their reader was too slow.",
            &metrics.streams_lagged,
        ),
        ("portico_stream_resets_total", "Gaps that clients were told of.", &metrics.resets),
        ("portico_stream_frames_total", "Frames handed to streams as they came.", &metrics.frames),
        (
            "portico_stream_frames_replayed_total",
            "Frames handed to streams that resumed.",
            &metrics.frames_replayed,
        ),
    ];
    for (name, help, counter) in counters {
        out.counter(name, help, counter);
    }
}

fn expose_backlog(out: &mut Exposition, backlog: Backlog) {
    out.gauge("portico_stream_queue_frames", "Frames that wait for slow readers.", backlog.frames);
    out.gauge("portico_stream_queue_bytes", "Bytes that wait for slow readers.", backlog.bytes);
    let help = "Records between the present and the resuming stream that is furthest from it.";
    out.gauge("portico_stream_resume_depth_records", help, backlog.deepest_resume);
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

/// Every type that a session may subscribe to, with the topics that its remotes declare for it; sorted.
///
/// # Errors
/// 503 where the policy engine gives no answer.
pub async fn subscribable(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
) -> Result<Vec<EventType>, ApiError> {
    let snapshot = state.registry.snapshot();
    let applications = state.applications(session).await.map_err(|decision| {
        audit::decided("subscribe", "stream", &decision, session, context);
        authorise::refusal(&decision)
    })?;
    let mut types = Vec::new();
    for application in applications.iter() {
        let Some(remote) = snapshot.remote(&application.id) else { continue };
        for declared in &remote.manifest.events.subscribe {
            if application.subscribes.iter().any(|event| event.kind == declared.kind) {
                let (kind, topic) = (declared.kind.as_str().into(), declared.topic.as_str().into());
                types.push(EventType { kind, topic });
            }
        }
    }
    types.sort_unstable();
    types.dedup();
    Ok(types)
}

/// What types are called, each once: their topics are none of the browser's business.
pub fn kinds(types: &[EventType]) -> Vec<String> {
    let mut kinds: Vec<String> = types.iter().map(|one| one.kind.as_ref().to_owned()).collect();
    // They are sorted by what they are called.
    kinds.dedup();
    kinds
}

/// Publishes an event of a remote. Returns the event's id.
///
/// # Errors
/// As [`publish`] does.
pub async fn publish_data(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    NewEvent { source, kind, data, id }: NewEvent,
) -> Result<String, ApiError> {
    let data = serde_json::value::RawValue::from_string(data)
        .map_err(|error| ApiError::bad_request("`data` must be JSON text.").cause(error))?;
    // What is `null` counts as absent (CloudEvents JSON format, section 2.2).
    let envelope =
        serde_json::json!({ "specversion": "1.0", "source": source, "type": kind, "id": id }).to_string();
    // The payload is spliced in as it is: parsed, it would lose key order, big numbers and duplicates.
    let event = format!("{},\"data\":{}}}", envelope.trim_end_matches('}'), data.get());
    publish(state, context, session, event.as_bytes()).await
}

/// Publishes a CloudEvent in structured JSON. Returns its id once Kafka has acknowledged it.
///
/// # Errors
/// 400 names what is wrong with the envelope; 403 where the session may not publish this type through this remote, or the
/// event claims to be somebody else's; 413; 429; 503 when it was not delivered, or the policy engine gives no answer.
pub async fn publish(
    state: &AppState,
    context: &RequestContext,
    session: &Authenticated,
    body: &[u8],
) -> Result<String, ApiError> {
    state.limits.publish(&session.active.key).await?;
    let event = IncomingEvent::parse(body).map_err(|error| publish_error(PublishError::Envelope(error)))?;
    let topic = allowed_topic(state, context, session, &event).await?;
    state.limits.publish_remote(&session.state.org_id, event.source()).await?;
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
    let resource = Resource::Event { remote: event.source(), kind: event.kind() };
    let refuse = |decision: &Decision| {
        audit::decided("publish", &bounded(&resource), decision, session, context);
        authorise::refusal(decision)
    };
    let declared = match declared {
        Some((remote, declared)) => {
            let is_visible = state.is_visible(session, remote).await.map_err(|decision| refuse(&decision))?;
            is_visible.then_some((remote, declared))
        }
        None => None,
    };
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
    if !decision.is_allowed() {
        return Err(refuse(&decision));
    }
    audit::decided("publish", &bounded(&resource), &decision, session, context);
    Ok(Arc::from(declared.topic.as_str()))
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
        PublishError::IdReused => ApiError::new(
            StatusCode::CONFLICT,
            "event-id-reused",
            "The event's id is another event's",
            "An event with this source and id, and with other content, was published a moment ago. Give each event its own id.",
        ),
        PublishError::Unsigned => ApiError::unavailable("The key that signs events", &error)
            .header(RETRY_AFTER, HeaderValue::from_static("5")),
        PublishError::Log(log) => ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-delivered",
            "The event was not delivered",
            "The event log did not acknowledge the event. Send it again with the same id; a repeat is dropped.",
        )
        .header(RETRY_AFTER, HeaderValue::from_static(retry_after(log)))
        .cause(log),
    }
}

/// Seconds: a full queue drains soon, a broker that is away comes back later.
fn retry_after(error: &AppendError) -> &'static str {
    match error {
        AppendError::QueueFull => "1",
        _ => "5",
    }
}
