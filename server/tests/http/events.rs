use serde_json::{Value, json};

use crate::test_app::{Answer, Browser, Log, TestApp};

const CLOUD_EVENT: &str = "application/cloudevents+json";

pub fn event() -> Value {
    json!({ "specversion": "1.0", "source": "@acme/echo", "type": "echo.request", "data": { "text": "hello" } })
}

pub fn with(changes: &Value) -> Value {
    let mut event = event();
    event.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
    event
}

pub async fn publish(browser: &Browser, event: &Value) -> Answer {
    publish_at("/events", browser, event).await
}

/// At another instance, say.
pub async fn publish_at(url: &str, browser: &Browser, event: &Value) -> Answer {
    browser.post(url).body(CLOUD_EVENT, event.to_string()).send().await
}

#[tokio::test]
async fn an_event_is_accepted_once_the_log_has_it_and_carries_who_published_it() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    let id = publish(&bob, &event()).await.expect(202).json()["id"].as_str().expect("an id").to_owned();
    let arrived = stream.next_event().await.json();
    assert_eq!(arrived["id"], id.as_str());
    assert_eq!((&arrived["source"], &arrived["type"]), (&json!("@acme/echo"), &json!("echo.request")));
    assert_eq!((&arrived["orgid"], &arrived["userid"]), (&json!("acme"), &json!("demo|bob")));
    assert_eq!(arrived["data"], json!({ "text": "hello" }));
    assert!(arrived["traceparent"].is_string());
    let own = publish(&bob, &with(&json!({ "id": "my-own-id" }))).await;
    assert_eq!(
        own.expect(202).json(),
        json!({ "id": "my-own-id" }),
        "a sender's id stays, so that a repeat is recognised"
    );
}

#[tokio::test]
async fn what_a_session_may_not_publish_is_refused_and_audited() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let log = Log::keep();
    for changes in [
        json!({ "type": "admin.notice" }),
        json!({ "type": "echo.unknown" }),
        json!({ "source": "@acme/todos" }),
        json!({ "source": "@acme/org-admin" }),
        json!({ "source": "@acme/nothing" }),
        json!({ "source": "/somewhere" }),
    ] {
        publish(&bob, &with(&changes)).await.problem(403);
    }
    assert!(log.denied("publish", "admin.notice") && log.denied("publish", "@acme/todos"), "{}", log.text());
    publish(&alice, &with(&json!({ "type": "admin.notice" }))).await.expect(202);
    publish(&app.browser(), &event()).await.problem(401);
}

#[tokio::test]
async fn case_50_an_event_that_claims_another_organization_or_person_is_refused_and_audited() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    for changes in [
        json!({ "orgid": "globex" }),
        json!({ "userid": "demo|alice" }),
        json!({ "orgid": "globex", "userid": "demo|carol" }),
    ] {
        publish(&bob, &with(&changes)).await.problem(403);
    }
    assert_eq!(
        log.audit("publish").iter().filter(|line| line["audit.decision"] == "deny").count(),
        3,
        "{}",
        log.text()
    );
    publish(&bob, &with(&json!({ "orgid": "acme", "userid": "demo|bob" }))).await.expect(202);
}

#[tokio::test]
async fn what_is_no_cloud_event_is_refused_with_what_is_wrong() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let mut bodies = vec![
        "[]".to_owned(),
        json!({ "source": "@acme/echo", "type": "echo.request" }).to_string(),
        with(&json!({ "specversion": "0.3" })).to_string(),
        with(&json!({ "type": "nodot" })).to_string(),
        with(&json!({ "type": "a.b\nevent: evil" })).to_string(),
        with(&json!({ "id": "" })).to_string(),
        with(&json!({ "Upper": "case" })).to_string(),
        format!("{},\"type\":\"echo.request\"}}", event().to_string().trim_end_matches('}')),
    ];
    bodies.extend(crate::api::broken_json().into_iter().filter_map(|body| String::from_utf8(body).ok()));
    for body in bodies {
        let answer = bob.post("/events").body(CLOUD_EVENT, body.clone()).send().await;
        assert!(matches!(answer.status.as_u16(), 400 | 413), "{} for {:.80}", answer.status, body);
        answer.problem(answer.status.as_u16());
    }
    bob.post("/events").body("application/json", event().to_string()).send().await.problem(415);
    bob.post("/events").body("text/plain", event().to_string()).send().await.problem(415);
    bob.get("/events").send().await.problem(405);
}

#[tokio::test]
async fn an_event_that_is_too_large_is_413_and_a_flood_is_429() {
    let app = TestApp::configured(|config| config.events.publish_per_minute = 5).await;
    let bob = app.signed_in("bob").await;
    publish(&bob, &with(&json!({ "data": "x".repeat(400 * 1024) }))).await.problem(413);
    let mut last = None;
    for _ in 0..6 {
        last = Some(publish(&bob, &event()).await);
    }
    last.expect("an answer").problem(429);
    publish(&app.signed_in("alice").await, &event()).await.expect(202);
}

#[tokio::test]
async fn a_remote_that_floods_is_429_for_its_organization_and_for_nobody_else() {
    let app = TestApp::configured(|config| config.events.remote_publish_per_minute = 3).await;
    let (bob, alice, carol) =
        (app.signed_in("bob").await, app.signed_in("alice").await, app.signed_in("carol").await);
    for browser in [&bob, &alice, &bob] {
        publish(browser, &event()).await.expect(202);
    }
    let refused = publish(&alice, &event()).await;
    refused.problem(429);
    assert!(!refused.header("retry-after").is_empty());
    publish(&carol, &event()).await.expect(202);
}

#[tokio::test]
async fn an_event_that_is_sent_again_is_answered_the_same_and_arrives_once() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    let once = with(&json!({ "id": "once" }));
    let answers = futures::future::join_all((0..10).map(|_| publish(&bob, &once))).await;
    for answer in answers {
        assert_eq!(answer.expect(202).json(), json!({ "id": "once" }));
    }
    publish(&bob, &with(&json!({ "id": "then" }))).await.expect(202);
    assert_eq!(stream.next_event().await.json()["id"], "once");
    assert_eq!(stream.next_event().await.json()["id"], "then");
    assert_eq!(app.state.events.gateway().metrics().published.get(), 2);
    let other = publish(&bob, &with(&json!({ "id": "once", "data": "another" }))).await;
    assert_eq!(other.problem_kind(409), "event-id-reused");
}

#[tokio::test]
async fn case_69_a_log_that_does_not_answer_is_503_with_a_time_to_come_back() {
    // A broker that takes connections and says nothing.
    let broker = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = broker.local_addr().expect("a bound socket").to_string();
    let app = TestApp::configured(|config| config.events.brokers = vec![address]).await;
    let bob = app.signed_in("bob").await;
    let refused = publish(&bob, &event()).await;
    assert_eq!(refused.problem_kind(503), "not-delivered");
    assert_eq!(refused.header("retry-after"), "5");
    bob.get("/").sent_from("none").send().await.page(200);
    assert_eq!(app.state.events.gateway().metrics().publish_failures.get(), 1);
}
