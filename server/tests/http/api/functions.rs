use portico_app::functions::{EventSubscription, Published, RemoteToken};
use portico_contracts::{Application, Session};
use serde_json::json;

use crate::test_app::{INSIGHTS_AUDIENCE, TestApp};

#[tokio::test]
async fn session_and_applications_answer_as_the_plain_routes_do() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    let session: Session = read(&alice.function("session", &json!({})).send().await);
    assert_eq!(json!(session), alice.get("/api/platform/session").send().await.json());
    let applications: Vec<Application> = read(&alice.function("applications", &json!({})).send().await);
    assert_eq!(json!(applications), alice.get("/api/platform/applications").send().await.json());
}

#[tokio::test]
async fn exchange_remote_token_gives_token_mode_its_token_and_refuses_proxy_mode() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let answer = bob.function("exchange_remote_token", &json!({ "remote": "acme.insights" })).send().await;
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let token: RemoteToken = read(&answer);
    assert_eq!((token.audience.as_str(), token.scope.as_str()), (INSIGHTS_AUDIENCE, "insights.read"));
    let plain = bob.post("/api/platform/remotes/acme.insights/token").send().await.json();
    assert_eq!(plain["accessToken"], token.access_token.as_str(), "both ways lead to one service");
    let refused = bob.function("exchange_remote_token", &json!({ "remote": "acme.todos" })).send().await;
    assert_eq!(refused.problem_kind(403), "forbidden");
    bob.function("exchange_remote_token", &json!({ "remote": "acme.org-admin" })).send().await.problem(404);
}

#[tokio::test]
async fn publish_event_is_acknowledged_and_subscribe_events_says_where_it_arrives() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let subscription: EventSubscription = read(&bob.function("subscribe_events", &json!({})).send().await);
    assert_eq!(
        (subscription.url.as_str(), subscription.types.as_slice()),
        ("/stream?organization=acme", &["echo.request".to_owned()][..])
    );
    let mut stream = bob.get(&subscription.url).open().await.expect("a stream");
    stream.opened().await;
    let event = json!({ "source": "@acme/echo", "kind": "echo.request", "data": "{\"b\":1,\"a\":1.0000000000000000001}" });
    let published: Published = read(&bob.function("publish_event", &event).send().await);
    let arrived = stream.next_event().await;
    assert_eq!((arrived.kind.as_str(), &arrived.json()["id"]), ("echo.request", &json!(published.id)));
    assert!(
        arrived.data.contains("{\"b\":1,\"a\":1.0000000000000000001}"),
        "data travels untouched: {}",
        arrived.data
    );
}

#[tokio::test]
async fn publish_event_that_is_sent_again_under_its_id_is_published_once() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let event = json!({ "source": "@acme/echo", "kind": "echo.request", "data": "1", "id": "own" });
    for _ in 0..2 {
        let published: Published = read(&bob.function("publish_event", &event).send().await);
        assert_eq!(published.id, "own");
    }
    assert_eq!(app.state.events.gateway().metrics().published.get(), 1);
}

#[tokio::test]
async fn publish_event_refuses_what_the_session_may_not_publish() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let publish =
        |source: &str, kind: &str, data: &str| json!({ "source": source, "kind": kind, "data": data });
    for (arguments, status) in [
        (publish("@acme/echo", "admin.notice", "1"), 403),
        (publish("@acme/todos", "echo.request", "1"), 403),
        (publish("@acme/echo", "echo.unknown", "1"), 403),
        (publish("@acme/nothing", "echo.request", "1"), 403),
        (publish("@acme/echo", "echo.request", "not json"), 400),
        (publish("@acme/echo", "echo.request", "1,\"orgid\":\"globex\""), 400),
        (publish("@acme/echo\",\"orgid\":\"globex", "echo.request", "1"), 403),
    ] {
        bob.function("publish_event", &arguments).send().await.problem(status);
    }
}

#[tokio::test]
async fn switch_organization_sets_the_new_sessions_cookie() {
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    let before = erin.copy();
    let switch = json!({ "organization": "globex", "return_to": "/todos" });
    let answer = erin.function("switch_organization", &switch).send().await;
    assert_eq!(answer.expect(200).json(), json!({ "location": "/todos" }));
    assert_eq!(erin.get("/api/platform/session").send().await.json()["orgId"], "globex");
    before.get("/api/platform/session").send().await.problem(401);
}

#[tokio::test]
async fn a_function_without_a_session_or_with_broken_arguments_answers_with_a_problem() {
    let app = TestApp::start().await;
    for path in functions() {
        app.browser().post(&path).json(&json!({})).send().await.problem(401);
    }
    let bob = app.signed_in("bob").await;
    for body in ["", "{", "[]", "null", "{\"remote\":7}", "{\"remote\":{}}", "\u{0}"] {
        let answer = bob.post("/api/fn/exchange_remote_token").body("application/json", body).send().await;
        answer.problem(400);
    }
    bob.post("/api/fn/exchange_remote_token").form(&[("remote", "acme.insights")]).send().await.problem(415);
    bob.function("no_such_function", &json!({})).send().await.problem(404);
    bob.get("/api/fn/session").send().await.problem(405);
}

/// The paths of every server function there is.
pub fn functions() -> Vec<String> {
    let paths = leptos::server_fn::axum::server_fn_paths();
    let paths: Vec<_> = paths.map(|(path, _)| path.to_owned()).collect();
    assert!(paths.len() >= 6, "{paths:?}");
    paths
}

#[track_caller]
fn read<T: serde::de::DeserializeOwned>(answer: &crate::test_app::Answer) -> T {
    answer.expect(200);
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}
