//! Events: what a session may publish and subscribe to, and the way into the log.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::http::StatusCode;
use portico_contracts::manifest::EventDeclaration;
use portico_identity::session::SessionId;
use portico_policy::{Action, Query, Resource};
use portico_stream::{
    AppendError, Author, CloseReason, EventGateway, IncomingEvent, PublishError, TopicSpec,
};

use crate::audit;
use crate::http::{ApiError, Authenticated, RequestContext, body_limit};
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

    /// What the event path has done, in the Prometheus text format.
    pub fn render_metrics(&self) -> String {
        let (metrics, health) = (self.gateway.metrics(), self.gateway.health());
        let counters = [
            ("portico_events_published_total", metrics.published.get()),
            ("portico_events_publish_failures_total", metrics.publish_failures.get()),
            ("portico_event_records_total", metrics.records.get()),
            ("portico_stream_frames_total", metrics.frames.get()),
            ("portico_stream_frames_replayed_total", metrics.frames_replayed.get()),
            ("portico_streams_lagged_total", metrics.streams_lagged.get()),
            ("portico_stream_resets_total", metrics.resets.get()),
            ("portico_event_consumer_restarts_total", metrics.consumer_restarts.get()),
        ];
        let mut text = String::new();
        for (name, value) in counters {
            let _ = writeln!(text, "# TYPE {name} counter\n{name} {value}");
        }
        let streams = health.streams;
        let _ = writeln!(text, "# TYPE portico_streams gauge\nportico_streams {streams}");
        text
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
pub fn subscribable(state: &AppState, session: &Authenticated) -> Vec<String> {
    let applications = state.applications(session);
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
    let traceparent = context.traceparent();
    let remote = event.source().to_owned();
    let resource = format!("event {remote:.100} {:.100}", event.kind());
    let author = Author {
        org: &session.state.org_id,
        user: &session.state.person.sub,
        remote: &remote,
        traceparent: traceparent.to_str().ok(),
    };
    let published = state.events.gateway().publisher().publish(event, author, &topic).await;
    published.map(|published| published.id).map_err(|error| {
        if let PublishError::Conflict(conflict) = &error {
            audit::decision("publish", &resource, false, &conflict.to_string(), session, context);
        }
        publish_error(error)
    })
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
    let remote = remote.filter(|remote| remote.is_visible_to(session.principal.entitlements.entitlements()));
    let declared: Option<&EventDeclaration> =
        remote.and_then(|remote| remote.manifest.events.publish.iter().find(|d| d.kind == event.kind()));
    let resource = Resource::Event { remote: event.source(), kind: event.kind() };
    let Some(declared) = declared else {
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
    let query =
        Query::new(Some(&session.principal), Action::Publish, resource).requiring(&declared.permissions);
    let decision = state.policy.decide(&query).await;
    audit::decision(
        "publish",
        &bounded(&resource),
        decision.is_allowed(),
        &decision.reason,
        session,
        context,
    );
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
