//! What the tests run in: a log, instances on it, people.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use portico_ports::{OsRandom, SystemClock};
use portico_stream::{
    Author, EmbeddedKafka, EventGateway, EventLog, EventType, IdKey, IncomingEvent, KafkaConfig, KafkaLog,
    Keyring, NewRecord, Producer, PublishError, PublishedEvent, SigningKey, StreamConfig, Subscription,
    TopicSpec,
};

use crate::{node, signing, sse::Source};

/// Writes events past the portal, with a key of its own.
pub(crate) const SERVICE: &str = "/services/test";
pub(crate) const CHAT: &str = "@portico/chat";
pub(crate) const REPLY: &str = "chat.reply";

/// A log and topics of this test's own in it.
pub(crate) struct World {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) bootstrap_servers: String,
    pub(crate) topic: Arc<str>,
    pub(crate) other_topic: Arc<str>,
}

impl World {
    /// On a cluster inside this process.
    pub(crate) async fn embedded() -> Self {
        let log = EmbeddedKafka::start(&OsRandom).await.expect("the embedded cluster starts");
        let bootstrap_servers = log.bootstrap_servers().to_owned();
        Self::on(Arc::new(log), bootstrap_servers)
    }

    /// On Apache Kafka: one node for all tests of this run.
    pub(crate) async fn kafka() -> Self {
        let port = tokio::task::spawn_blocking(node::shared_port).await.expect("Kafka starts");
        let bootstrap_servers = format!("127.0.0.1:{port}");
        let log = KafkaLog::new(KafkaConfig::new(&bootstrap_servers)).expect("the configuration is right");
        Self::on(Arc::new(log), bootstrap_servers)
    }

    pub(crate) fn on(log: Arc<dyn EventLog>, bootstrap_servers: String) -> Self {
        static TESTS: AtomicU64 = AtomicU64::new(0);
        let test = TESTS.fetch_add(1, Ordering::Relaxed);
        let topic = |name: &str| Arc::from(format!("test{test}.{name}"));
        Self { log, bootstrap_servers, topic: topic("chat"), other_topic: topic("other") }
    }

    pub(crate) fn topics(&self) -> Vec<TopicSpec> {
        let spec = |name: &Arc<str>, partitions| TopicSpec { name: Arc::clone(name), partitions };
        vec![spec(&self.topic, 4), spec(&self.other_topic, 2)]
    }

    /// A ready instance. All instances share the id key.
    pub(crate) async fn instance(&self) -> EventGateway {
        self.instance_with(|_| {}).await
    }

    /// A ready instance, configured otherwise.
    pub(crate) async fn instance_with(&self, change: impl FnOnce(&mut StreamConfig)) -> EventGateway {
        let mut config = self.config();
        change(&mut config);
        let (clock, random) = (Arc::new(SystemClock), Arc::new(OsRandom));
        let gateway = EventGateway::start(Arc::clone(&self.log), clock, random, self.topics(), config);
        tokio::time::timeout(Duration::from_secs(60), gateway.ready())
            .await
            .expect("the instance gets ready");
        gateway
    }

    /// Publishes as a remote would, through an instance.
    pub(crate) async fn publish(
        &self,
        gateway: &EventGateway,
        (org, user): (&str, &str),
        body: &str,
    ) -> Result<PublishedEvent, PublishError> {
        let event = IncomingEvent::parse(body.as_bytes())?;
        let author = Author { org, user, remote: CHAT, traceparent: None };
        gateway.publisher().publish(event, author, &self.topic).await
    }

    /// Writes a reply to one person as a domain service would, past the portal.
    pub(crate) async fn reply(&self, (org, user): (&str, &str), n: u64) {
        self.write(user, &cloud_event(org, Some(user), REPLY, n)).await;
    }

    /// Writes an event to everyone in an organization.
    pub(crate) async fn announce(&self, org: &str, n: u64) {
        self.write(&format!("any{n}"), &cloud_event(org, None, REPLY, n)).await;
    }

    /// Writes an event of the service's, signed.
    pub(crate) async fn write(&self, key: &str, value: &str) {
        self.write_to(&self.topic, key, value).await;
    }

    pub(crate) async fn write_to(&self, topic: &Arc<str>, key: &str, value: &str) {
        self.append(signed(topic, key, value)).await;
    }

    /// Writes a record that nobody signed.
    pub(crate) async fn write_unsigned(&self, key: &str, value: &str) {
        self.append(NewRecord { headers: Vec::new(), ..signed_with("", &self.topic, key, value) }).await;
    }

    /// Writes any record.
    pub(crate) async fn append(&self, record: NewRecord) {
        self.log.append(record).await.expect("the log takes a record");
    }

    /// The configuration of every instance: all share the keys.
    pub(crate) fn config(&self) -> StreamConfig {
        let ring = Keyring::default();
        let key = |bytes: &[u8]| SigningKey::new(bytes).expect("32 bytes");
        ring.sign_with("portal-1".parse().expect("an id"), key(&[7; 32]));
        let later = format!("{}.later", self.topic);
        let topics = [&self.topic, &self.other_topic].map(|topic| topic.to_string());
        let topics = topics.into_iter().chain([later]).map(Into::into).collect();
        let service = Producer::Service { source: SERVICE.into(), topics };
        ring.trust(service, signing::KEY_ID.parse().expect("an id"), key(&signing::KEY));
        let id_key = IdKey::new(&[42; 32]).expect("32 bytes");
        let config = StreamConfig::new(id_key, Arc::new(ring));
        StreamConfig { refresh_interval: Duration::from_millis(300), ..config }
    }
}

/// A client that sits out a fault of its broker.
pub(crate) fn kafka(bootstrap_servers: &str) -> KafkaLog {
    let mut config = KafkaConfig::new(bootstrap_servers);
    config.delivery_timeout = Duration::from_secs(60);
    // A dead connection is noticed by its silence.
    config.properties.insert("socket.timeout.ms".into(), "3000".into());
    KafkaLog::new(config).expect("the configuration is right")
}

/// A record of the service's.
pub(crate) fn signed(topic: &Arc<str>, key: &str, value: &str) -> NewRecord {
    signed_with(&signing::signature(topic, key, value, &signing::KEY), topic, key, value)
}

/// The same with another signature.
pub(crate) fn signed_with(signature: &str, topic: &Arc<str>, key: &str, value: &str) -> NewRecord {
    let headers = vec![
        ("content-type".into(), "application/cloudevents+json".to_owned()),
        ("portico-signature".into(), signature.to_owned()),
    ];
    NewRecord { topic: Arc::clone(topic), key: key.to_owned(), value: value.to_owned().into(), headers }
}

/// A CloudEvent as a service writes it.
pub(crate) fn cloud_event(org: &str, user: Option<&str>, kind: &str, n: u64) -> String {
    let user = user.map(|user| format!(r#","userid":"{user}""#)).unwrap_or_default();
    format!(
        r#"{{"specversion":"1.0","id":"{org}-{n}","source":"{SERVICE}","type":"{kind}","orgid":"{org}"{user},"data":{{"n":{n}}}}}"#
    )
}

/// These types in every topic of every test.
pub(crate) fn event_types(kinds: &[&str], gateway: &EventGateway) -> Vec<EventType> {
    let topics = gateway.topics();
    let pairs = kinds.iter().flat_map(|kind| topics.iter().map(move |topic| (kind, topic)));
    pairs.map(|(kind, topic)| EventType { kind: (*kind).into(), topic: Arc::clone(topic) }).collect()
}

/// A stream for a person, from the present or from an id.
pub(crate) async fn listen(gateway: &EventGateway, who: (&str, &str), last_event_id: Option<&str>) -> Source {
    listen_to(gateway, who, &[REPLY], last_event_id).await
}

/// A stream of some types.
pub(crate) async fn listen_to(
    gateway: &EventGateway,
    (org, user): (&str, &str),
    types: &[&str],
    last_event_id: Option<&str>,
) -> Source {
    let types = event_types(types, gateway);
    let session_id = format!("session of {user}");
    let wanted = Subscription { session_id: &session_id, org, user, types: &types, last_event_id };
    Source::open(gateway.subscribe(wanted).expect("a stream is opened")).await
}
