use serde_json::json;
use time::Duration;

use crate::test_app::{FakeProvider, TestApp, break_session_store};

#[tokio::test]
async fn it_says_who_is_signed_in_and_what_they_may_do() {
    let app = TestApp::start().await;
    let answer = app.signed_in("bob").await.get("/api/platform/session").send().await;
    let session = answer.expect(200).json();
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(session["sub"], "demo|bob");
    assert_eq!(session["name"], "Bob Baker");
    assert_eq!(session["email"], "bob@acme.example");
    assert_eq!(session["orgId"], "acme");
    assert_eq!(session["organizations"], json!([{ "id": "acme", "name": "Acme" }]));
    let permissions = json!(["chat.use", "echo.use", "insights.read", "todos.read", "todos.write"]);
    assert_eq!((&session["permissions"], &session["entitlements"]), (&permissions, &permissions));
    let expires = session["expiresAt"].as_str().expect("a time");
    assert!(
        time::OffsetDateTime::parse(expires, &time::format_description::well_known::Rfc3339).is_ok(),
        "{expires}"
    );
    assert_eq!(session.as_object().map(serde_json::Map::len), Some(8), "nothing else is told: {session}");
}

#[tokio::test]
async fn entitlements_are_what_the_organizations_plan_leaves_of_the_permissions() {
    let app = TestApp::configured(|config| {
        config.policy = serde_json::from_value(json!({
            "roles": { "admin": ["org.admin", "todos.read"] },
            "plans": { "free": ["todos.read"] },
            "organizations": { "acme": "free" },
        }))
        .expect("a policy");
    })
    .await;
    let alice = app.signed_in("alice").await;
    let session = alice.get("/api/platform/session").send().await.json();
    assert_eq!(session["permissions"], json!(["org.admin", "todos.read"]));
    assert_eq!(session["entitlements"], json!(["todos.read"]));
    alice.get("/bff/acme.org-admin/members").send().await.problem(404);
    let bob = app.signed_in("bob").await;
    assert_eq!(bob.get("/api/platform/session").send().await.json()["permissions"], json!([]));
}

#[tokio::test]
async fn without_a_session_it_is_401_and_never_a_redirect() {
    let app = TestApp::start().await;
    for path in ["/api/platform/session", "/api/platform/applications", "/bff/acme.todos/todos", "/stream"] {
        let answer = app.browser().get(path).send().await;
        assert_eq!(answer.problem_kind(401), "signed-out", "{path}");
    }
}

#[tokio::test]
async fn case_23_a_cookie_that_is_no_session_id_is_401_or_431_and_never_an_error() {
    let app = TestApp::start().await;
    let id = app.signed_in("alice").await.session().expect("an id");
    let name = "__Host-portico";
    let doubled = format!("{name}={id}; {name}={id}");
    let many = (0..200).map(|n| format!("{name}{n}={id}")).collect::<Vec<_>>().join("; ");
    let cookies: Vec<Vec<u8>> = vec![
        format!("{name}=").into(),
        format!("{name}=short").into(),
        format!("{name}={}", "A".repeat(21)).into(),
        format!("{name}={}", "A".repeat(5000)).into(),
        format!("{name}=%41{id}").into(),
        format!("{name}=\"{id}\"").into(),
        format!("{name}={id}x").into(),
        [format!("{name}=").as_bytes(), &[0xff; 22]].concat(),
        doubled.into(),
        many.clone().into(),
        format!("{many}; {many}; {many}; {many}; {many}").into(),
        b";;;=;=;".to_vec(),
    ];
    for cookie in cookies {
        let answer = app.browser().get("/api/platform/session").header("cookie", &cookie).send().await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 401 | 431), "{status} for {:.60}", String::from_utf8_lossy(&cookie));
        let page = app.browser().get("/").sent_from("none").header("cookie", &cookie).send().await;
        assert!(page.status.as_u16() < 500, "{:.60}", String::from_utf8_lossy(&cookie));
    }
    let lines = format!("Cookie: {name}={id}\r\n").repeat(200);
    let answer = app
        .raw(format!("GET /api/platform/session HTTP/1.1\r\nHost: x\r\n{lines}Connection: close\r\n\r\n"))
        .await;
    assert!(matches!(answer.status.as_u16(), 401 | 431), "{}", answer.status);
    let spaced = app
        .browser()
        .get("/api/platform/session")
        .header("cookie", format!("theme=dark;  {name}={id} ; a=b"))
        .send()
        .await;
    spaced.expect(200);
}

#[tokio::test]
async fn a_session_ends_when_it_was_idle_for_too_long_and_at_its_absolute_end() {
    let app = TestApp::configured(|config| {
        config.session.idle_minutes = 10;
        config.session.absolute_minutes = 30;
    })
    .await;
    let idle = app.signed_in("alice").await;
    app.pass(Duration::minutes(11));
    idle.get("/api/platform/session").send().await.problem(401);
    let busy = app.signed_in("alice").await;
    for _ in 0..3 {
        app.pass(Duration::minutes(9));
        busy.get("/api/platform/session").send().await.expect(200);
    }
    app.pass(Duration::minutes(4));
    busy.get("/api/platform/session").send().await.problem(401);
}

#[tokio::test]
async fn case_78_while_the_session_store_is_away_the_answer_is_503_and_never_anonymous() {
    let app = TestApp::start().await;
    let known = app.signed_in("alice").await;
    let callback = app.browser();
    let pending = callback.up_to_callback("/auth/login?login_hint=bob").await;
    break_session_store(&app).await;
    // A session that this instance has not in memory, as after a restart.
    let unknown = app.browser();
    unknown.plant("__Host-portico", "ABEiM0RVZneImaq7zN3u_w");
    for path in ["/api/platform/session", "/api/platform/applications", "/bff/acme.todos/todos", "/stream"] {
        assert_eq!(unknown.get(path).send().await.problem_kind(503), "unavailable", "{path}");
    }
    unknown.function("session", &json!({})).send().await.problem(503);
    unknown.post("/events").body("application/cloudevents+json", "{}").send().await.problem(503);
    unknown.post("/auth/logout").send().await.problem(503);
    for path in ["/", "/todos", "/no-such-page"] {
        let page = unknown.get(path).sent_from("none").send().await;
        assert!(!page.page(503).contains("login_hint"), "{path} is not the signed-out page");
    }
    callback.get(pending.as_str()).sent_from("cross-site").send().await.page(503);
    assert!(callback.session().is_none());
    // Once the time comes to note that a known session is in use, that fails too.
    app.pass(Duration::minutes(2));
    known.get("/api/platform/session").send().await.problem(503);
    known.post("/auth/logout").send().await.problem(503);
    assert!(app.todos.seen().is_empty());
    let ready = app.browser().get("/readyz").send().await;
    assert_ne!(ready.expect(503).json()["checks"]["sessions"], "ok");
}

#[tokio::test]
async fn case_39_roles_that_a_refresh_takes_away_are_gone_from_then_on() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let browser = app.browser();
    provider.login(&app, &browser, |_| {}).await.expect(303);
    let entitled =
        |answer: crate::test_app::Answer| answer.json()["entitlements"].as_array().map_or(0, Vec::len);
    assert!(entitled(browser.get("/api/platform/session").send().await) > 0);
    app.pass(Duration::minutes(6));
    provider.refreshes_with(app.now(), |claims| claims["organizations"][0]["roles"] = json!([]));
    browser.get("/bff/acme.todos/todos").send().await;
    assert_eq!(entitled(browser.get("/api/platform/session").send().await), 0);
    let calls = app.todos.seen().len();
    browser.get("/bff/acme.todos/todos").send().await.problem(404);
    assert_eq!(app.todos.seen().len(), calls, "the cached token is not used any more");
}

#[tokio::test]
async fn case_51_who_left_the_organization_is_out_at_the_next_refresh() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let browser = app.browser();
    provider.login(&app, &browser, |_| {}).await.expect(303);
    app.pass(Duration::minutes(6));
    provider.refreshes_with(app.now(), |claims| {
        claims["org_id"] = json!("globex");
        claims["organizations"] = json!([{ "id": "globex", "name": "Globex", "roles": ["member"] }]);
    });
    browser.get("/bff/acme.todos/todos").send().await.problem(401);
    browser.get("/api/platform/session").send().await.problem(401);
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn case_10_a_refresh_that_brings_another_persons_id_token_ends_the_session() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let browser = app.browser();
    provider.login(&app, &browser, |_| {}).await.expect(303);
    app.pass(Duration::minutes(6));
    provider.refreshes_with(app.now(), |claims| claims["sub"] = json!("someone-else"));
    browser.get("/bff/acme.todos/todos").send().await.problem(401);
    browser.get("/api/platform/session").send().await.problem(401);
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn a_session_outlives_a_restart_of_the_portal() {
    let first = TestApp::start().await;
    let browser = first.signed_in("alice").await;
    let data = first.data_dir().to_owned();
    let second = TestApp::configured(|config| config.data_dir = data).await;
    let again = second.browser();
    again.plant("__Host-portico", &browser.session().expect("an id"));
    assert_eq!(again.get("/api/platform/session").send().await.expect(200).json()["sub"], "demo|alice");
}
