//! A node behind TLS, SCRAM and ACLs, as in production.

use std::{path::Path, sync::Arc, time::Duration};

use portico_ports::{OsRandom, SystemClock};
use portico_stream::{
    AppendError, EventGateway, KafkaConfig, KafkaLog, KafkaSasl, KafkaSecurity, KafkaTls, SaslMechanism,
};
use tokio::process::Command;

use crate::{
    node::Node,
    world::{World, cloud_event, listen, signed},
};

const ALICE: (&str, &str) = ("acme", "alice");
/// Of each topic.
const PARTITIONS: usize = 4;

/// A portal's way to the node.
fn kafka(node: &Node, password: &str, authority: Option<&Path>) -> KafkaLog {
    let sasl = KafkaSasl {
        mechanism: SaslMechanism::ScramSha512,
        user: "portico".into(),
        password: password.into(),
    };
    let tls = KafkaTls { authority_file: authority.map(Path::to_owned), identity: None };
    let security = KafkaSecurity { tls: Some(tls), sasl: Some(sasl) };
    let config = KafkaConfig::new(format!("127.0.0.1:{}", node.port));
    let delivery_timeout = Duration::from_secs(8);
    let config = KafkaConfig { security, create_topics: false, delivery_timeout, ..config };
    KafkaLog::new(config).expect("the configuration is right")
}

/// Creates topics as the cluster's administrator, and lets the portal reach those that are its own.
async fn administrate(node: &Node, own: &[Arc<str>], foreign: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour/secure.mjs");
    let topics: Vec<&str> = own.iter().map(AsRef::as_ref).collect();
    let run = Command::new("node")
        .arg(script)
        .args([&node.port.to_string(), &node.authority_file().display().to_string()])
        .args([topics.join(","), foreign.to_owned(), PARTITIONS.to_string()])
        .output();
    let output = run.await.expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_reaches_its_topics_over_tls_and_scram_and_no_others() {
    let node = tokio::task::spawn_blocking(Node::start_secure).await.expect("Kafka starts");
    let authority = node.authority_file();
    let log = kafka(&node, "portico-secret", Some(&authority));
    let world = World::on(Arc::new(log), format!("127.0.0.1:{}", node.port));
    let own: Vec<_> = world.topics().into_iter().map(|topic| topic.name).collect();
    // The portal is there before its rights: its first producer is refused, which is the end of it.
    while world.log.appender().failure.is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    administrate(&node, &own, "payroll").await;
    // A broker hears of rights a moment after they are given.
    while world.log.partitions(&own).await.map_or(0, |partitions| partitions.len()) < 2 * PARTITIONS {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let portal = world.instance().await;
    let mut alice = listen(&portal, ALICE, None).await;
    let id = alice.last_event_id.clone();
    for n in 0..20 {
        world.reply(ALICE, n).await;
    }
    assert_eq!(alice.numbers(20).await.len(), 20);
    assert_eq!(portal.health().appender.failure, None, "the producer that came after it delivers");
    // Straight from Kafka, by an instance that remembers nothing.
    let forgetful = world.instance_with(|config| config.history.preload_records = 0).await;
    assert_eq!(listen(&forgetful, ALICE, Some(&id)).await.numbers(20).await.len(), 20);

    let event = cloud_event("acme", Some("alice"), "chat.reply", 99);
    let refused = world.log.append(signed(&"payroll".into(), "alice", &event)).await;
    assert!(matches!(refused, Err(AppendError::TopicUnavailable(_))), "{refused:?}");
    let foreign = world.log.partitions(&["payroll".into()]).await;
    assert!(!foreign.is_ok_and(|found| !found.is_empty()), "what is not its own is not there for it");

    // A wrong password, and a certificate that nobody vouches for: nothing is ever written, and the instance is not ready.
    for (password, authority) in [("wrong", Some(authority.as_path())), ("portico-secret", None)] {
        let log = Arc::new(kafka(&node, password, authority));
        let world = World { log: log.clone(), ..World::on(log, world.bootstrap_servers.clone()) };
        let record = signed(&own[0], "alice", &event);
        world.log.append(record).await.expect_err("it is not let in");
        let (clock, random) = (Arc::new(SystemClock), Arc::new(OsRandom));
        let portal = EventGateway::start(world.log.clone(), clock, random, world.topics(), world.config());
        assert!(!portal.health().ready);
    }
}
