//! What an instance says of itself whose event path is out of order.

use std::time::Duration;

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use serde_json::json;

use crate::brokers::Brokers;
use crate::events::{event, publish, with};
use crate::test_app::{Log, TestApp, in_time};

/// The one topic of the remotes here.
const TOPIC: &str = "echo.loop";
const PARTITIONS: i32 = 4;

/// A portal on two brokers which it has caught up with.
async fn portal() -> (Brokers, TestApp) {
    let brokers = Brokers::start(TOPIC, PARTITIONS).await;
    let addrs = brokers.addrs.clone();
    let app = TestApp::configured(|config| config.events.brokers = addrs).await;
    app.events_ready().await;
    app.admin("/readyz").await.expect(200);
    (brokers, app)
}

/// What the admin listener gives as the reason why no events can be had here, if it does.
async fn trouble(app: &TestApp) -> Option<String> {
    let answer = app.admin("/readyz").await;
    let events = answer.json()["checks"]["events"].as_str().expect("a word").to_owned();
    let expected = if events == "ok" { 200 } else { 503 };
    assert_eq!(answer.status, expected, "{events}");
    (events != "ok").then_some(events)
}

/// Waits until the instance is in trouble of this kind, and checks who is told.
async fn is_in_trouble(app: &TestApp, why: &str) {
    let told = async || trouble(app).await.is_some_and(|reason| reason.contains(why));
    in_time(&format!("the instance says {why:?}"), told).await;
    let public = app.browser().get("/readyz").send().await;
    assert_eq!(public.expect(503).json()["checks"]["events"], "not ok", "why not is nobody else's business");
    app.browser().get("/healthz").send().await.expect(200);
}

async fn is_ready_again(app: &TestApp) {
    in_time("the instance is ready again", async || trouble(app).await.is_none()).await;
    app.browser().get("/readyz").send().await.expect(200);
}

async fn metric(app: &TestApp, name: &str) -> String {
    let answer = app.admin("/metrics").await;
    let metrics = answer.expect(200).text();
    let line = metrics.lines().find(|line| line.split(' ').next() == Some(name));
    line.and_then(|line| line.split(' ').nth(1)).expect("it is there").to_owned()
}

#[tokio::test]
async fn case_68_readyz_is_503_while_the_consumer_brings_nothing_of_one_partition_and_200_after() {
    let (brokers, app) = portal().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let (mut to_alice, mut to_bob) = (
        alice.get("/stream").open().await.expect("a stream"),
        bob.get("/stream").open().await.expect("a stream"),
    );
    to_alice.opened().await;
    to_bob.opened().await;
    publish(&bob, &event()).await.expect(202);
    to_bob.next_event().await;
    let ends = brokers.ends(TOPIC).await;
    let partition = ends.iter().position(|end| *end > 0).expect("bob's partition");

    brokers.hold(TOPIC, i32::try_from(partition).expect("a few"));
    let held = publish(&bob, &event()).await.expect(202).json()["id"].clone();
    // Others' events come and go meanwhile.
    let others = async {
        loop {
            let id = publish(&alice, &event()).await.expect(202).json()["id"].clone();
            assert_eq!(to_alice.next_event().await.json()["id"], id);
        }
    };
    tokio::select! {
        () = others => {}
        () = is_in_trouble(&app, "does not bring what the log has") => {}
    }
    assert_eq!(metric(&app, "portico_event_consumer_healthy").await, "0");

    brokers.let_go();
    assert_eq!(to_bob.next_event().await.json()["id"], held, "it comes late, and it comes");
    is_ready_again(&app).await;
    assert_eq!(metric(&app, "portico_event_consumer_healthy").await, "1");
}

#[tokio::test]
async fn case_68_readyz_is_503_while_consumers_die_one_after_the_other_and_200_after() {
    let (brokers, app) = portal().await;
    let bob = app.signed_in("bob").await;
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    let log = Log::keep();

    // A place that the log does not have ends a consumer: going on elsewhere would lose events.
    let ends_it = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE; 1_000];
    let dies_on = async {
        loop {
            brokers.cluster.request_errors(RDKafkaApiKey::Fetch, &ends_it);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        () = dies_on => {}
        () = is_in_trouble(&app, "it fails again and again") => {}
    }
    assert_eq!(metric(&app, "portico_event_consumer_healthy").await, "0");
    assert_ne!(metric(&app, "portico_event_consumer_restarts_total").await, "0");
    assert!(log.text().contains("the event consumer is made anew"), "{}", log.text());

    brokers.cluster.clear_request_errors(RDKafkaApiKey::Fetch);
    let id = publish(&bob, &event()).await.expect(202).json()["id"].clone();
    assert_eq!(stream.next_event().await.json()["id"], id);
    is_ready_again(&app).await;
}

#[tokio::test]
async fn case_68_readyz_is_503_after_a_producer_died_until_another_has_delivered() {
    let (brokers, app) = portal().await;
    let bob = app.signed_in("bob").await;
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    let log = Log::keep();
    publish(&bob, &event()).await.expect(202);
    stream.next_event().await;

    let lost_count = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    brokers.cluster.request_errors(RDKafkaApiKey::Produce, &[lost_count]);
    let again = json!({ "id": "again" });
    let refused = publish(&bob, &with(&again)).await;
    assert_eq!(refused.problem_kind(503), "not-delivered");
    is_in_trouble(&app, "the event producer failed and was replaced").await;
    assert_eq!(metric(&app, "portico_event_producer_restarts_total").await, "1");
    assert!(log.text().contains("the event producer died and is replaced"), "{}", log.text());

    publish(&bob, &with(&again)).await.expect(202);
    assert_eq!(stream.next_event().await.json()["id"], "again");
    is_ready_again(&app).await;
}
