//! Who did what: in the log always, on Kafka where the operator wants it.

use std::sync::Arc;
use std::time::Duration;

use portico::config::Config;
use portico_dev_idp::{Endpoint, Failure};
use portico_stream::{EventLog, KafkaConfig, KafkaLog, LogRange, ReadLimit};
use serde_json::{Value, json};

use crate::test_app::{Browser, TestApp};

const TOPIC: &str = "portico.audit";

fn on_kafka(config: &mut Config) {
    config.audit.topic = Some(TOPIC.into());
}

/// A trace id that only this action has.
fn trace(number: u32) -> String {
    format!("4bf92f3577b34da6a3ce9290{number:08x}")
}

fn traceparent(number: u32) -> String {
    format!("00-{}-00f067aa0ba902b7-01", trace(number))
}

/// Every audit event on Kafka, once there are at least `count`.
async fn events(app: &TestApp, count: usize) -> Vec<Value> {
    let log = KafkaLog::new(KafkaConfig::new(app.state.events.brokers())).expect("a client");
    let mut found = Vec::new();
    for _ in 0..100 {
        let partitions = log.partitions(&[Arc::from(TOPIC)]).await.unwrap_or_default();
        let ranges = partitions.into_iter().filter(|state| state.high > state.low).map(|state| LogRange {
            topic: state.topic,
            partition: state.partition,
            from: state.low,
            to: state.high,
        });
        let limit = ReadLimit { records: 10_000, bytes: 10 << 20, patience: Duration::from_secs(2) };
        let records = log.read(ranges.collect(), limit).await.map(|batch| batch.records).unwrap_or_default();
        let bodies = records.iter().filter_map(|record| record.value.as_deref());
        found = bodies.map(|body| serde_json::from_slice::<Value>(body).expect("JSON")).collect();
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{count} audit events never arrived: {found:#?}");
}

async fn a_few_actions(app: &TestApp, erin: &Browser) {
    let callback = erin.up_to_callback("/auth/login?login_hint=erin").await;
    let finish = erin.get(callback.as_str()).header("traceparent", traceparent(1));
    finish.sent_from("cross-site").send().await.expect(303);
    let stranger = app.browser();
    let refused = stranger.get(callback.as_str()).header("traceparent", traceparent(2));
    refused.sent_from("cross-site").send().await.page(400);
    erin.get("/bff/acme.todos/todos").header("traceparent", traceparent(3)).send().await.expect(200);
    app.dev_idp().fail_next(Endpoint::Token, Failure::OAuth("invalid_target"));
    let refused = erin.get("/bff/acme.insights/figures").header("traceparent", traceparent(4)).send().await;
    assert!(!refused.status.is_success());
    erin.get("/bff/acme.todos/admin/x").header("traceparent", traceparent(5)).send().await.expect(403);
    let switch = |to: &str| erin.post("/api/platform/organization").json(&json!({ "organization": to }));
    switch("initech").header("traceparent", traceparent(6)).send().await.expect(404);
    switch("globex").header("traceparent", traceparent(7)).send().await.expect(200);
    erin.post("/auth/logout").header("traceparent", traceparent(8)).send().await.expect(303);
}

#[tokio::test]
async fn each_action_is_one_event_with_the_trace_of_the_request_that_caused_it() {
    let app = TestApp::configured(on_kafka).await;
    let erin = app.browser();
    a_few_actions(&app, &erin).await;
    let expected = [
        (1, "login", "allow", "acme"),
        (2, "login", "deny", ""),
        (3, "exchange", "allow", "acme"),
        (4, "exchange", "deny", "acme"),
        (5, "call GET", "deny", "acme"),
        (6, "switch-organization", "deny", "acme"),
        (7, "switch-organization", "allow", "acme"),
        (8, "logout", "allow", "globex"),
    ];
    let events = events(&app, expected.len()).await;
    for (number, action, decision, organization) in expected {
        let caused: Vec<_> =
            events.iter().filter(|event| event["data"]["traceId"] == trace(number)).collect();
        let [event] = &caused[..] else { panic!("one event of {action}: {caused:#?}") };
        let data = &event["data"];
        assert_eq!((&data["action"], &data["decision"]), (&json!(action), &json!(decision)));
        assert_eq!(data["organization"], organization, "{action}");
        assert_eq!(event["orgid"].as_str().unwrap_or_default(), organization, "{action}");
        assert_eq!(data["clientAddress"], "127.0.0.1");
        let subject = if organization.is_empty() { "" } else { "demo|erin" };
        assert_eq!(data["subject"], subject, "{action}");
    }
    let told = serde_json::to_string(&events).expect("JSON");
    for token in app.dev_idp().issued_tokens() {
        let own = token.value.rsplit('.').next().unwrap_or_default();
        assert!(!told.contains(own), "a token is in an audit event");
    }
    assert!(app.admin("/metrics").await.text().contains("portico_audit_lost_total 0"));
}

#[tokio::test]
async fn case_69_audit_events_that_kafka_does_not_take_are_spooled() {
    let app = TestApp::production_with(on_kafka).await;
    // Nobody runs that broker; the login that cannot be finished is an event all the same.
    let refused = app.browser().get("/auth/callback?state=x&code=y").sent_from("cross-site").send().await;
    refused.page(400);
    app.state.audit.sink().flush().await;
    let spool = std::fs::read_dir(app.data_dir().join("audit")).expect("the spool is there");
    let text: String =
        spool.filter_map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).ok()).collect();
    assert!(text.contains(r#""action":"login""#) && text.contains("127.0.0.1"), "{text}");
    // The login, and that the key which signs events was read.
    assert!(app.admin("/metrics").await.text().contains("portico_audit_spooled 2"));
}

#[tokio::test]
async fn without_a_topic_nothing_is_spooled() {
    let app = TestApp::start().await;
    app.signed_in("bob").await;
    assert!(!app.data_dir().join("audit").exists());
}
