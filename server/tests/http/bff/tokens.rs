use portico_ports::HttpClientError;
use serde_json::{Value, json};
use time::Duration;

use crate::test_app::{INSIGHTS_AUDIENCE, Reply, TODOS_AUDIENCE, TestApp, json_response, unsigned_jwt};

#[tokio::test]
async fn case_34_one_remotes_token_is_refused_by_another_remotes_service() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    // As every upstream must: only tokens of its own audience count.
    app.insights
        .answers(|seen| Reply::status(if seen.claims()["aud"] == INSIGHTS_AUDIENCE { 200 } else { 401 }));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    bob.get("/bff/acme.insights/figures").send().await.expect(200);
    let (todos, insights) = (app.todos.last(), app.insights.last());
    assert_eq!(
        (&todos.claims()["aud"], &insights.claims()["aud"]),
        (&json!(TODOS_AUDIENCE), &json!(INSIGHTS_AUDIENCE))
    );
    for (token, status) in [(todos.token(), 401), (insights.token(), 200)] {
        let direct =
            bob.get(&app.insights.url()).without_cookies().header("authorization", format!("Bearer {token}"));
        direct.send().await.expect(status);
    }
    let subject: Vec<_> = app
        .outbound
        .sent()
        .iter()
        .filter(|sent| sent.grant() == "exchange")
        .map(|sent| sent.form()["subject_token"].clone())
        .collect();
    assert!(
        !subject.iter().any(|token| token == todos.token() || token == insights.token()),
        "an exchanged token is not traded on"
    );
}

#[tokio::test]
async fn an_upstreams_401_leads_to_one_fresh_exchange_and_one_more_try() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let stale = app.todos.last().token().to_owned();
    app.todos.answers(move |seen| Reply::status(if seen.token() == stale { 401 } else { 200 }));
    bob.post("/bff/acme.todos/todos").json(&json!({ "title": "Milk" })).send().await.expect(200);
    assert_eq!(app.outbound.count("exchange"), 2);
    let seen = app.todos.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[2].body, b"{\"title\":\"Milk\"}", "the body went along again");
    app.todos.answers(|_| Reply::status(401));
    app.pass(Duration::seconds(10));
    let answer = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(answer.problem_kind(502), "upstream-token", "an upstream's 401 is not the end of the session");
    assert_eq!((app.todos.seen().len(), app.outbound.count("exchange")), (5, 3));
    bob.get("/api/platform/session").send().await.expect(200);
}

/// What a provider answers to an exchange, with some of it changed.
fn exchanged(now: i64, changes: &Value, claims: &Value) -> Value {
    let mut token = json!({ "aud": TODOS_AUDIENCE, "scope": "todos.read todos.write", "exp": now + 300, "sub": "demo|bob" });
    merge(&mut token, claims);
    let mut answer = json!({
        "access_token": unsigned_jwt(&token), "token_type": "Bearer", "expires_in": 300,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    });
    merge(&mut answer, changes);
    answer
}

fn merge(into: &mut Value, changes: &Value) {
    into.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
}

#[tokio::test]
async fn case_36_a_provider_that_gives_more_than_was_asked_or_something_odd_is_refused() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let now = app.now();
    let sound = exchanged(now, &json!({}), &json!({}));
    let odd = [
        exchanged(now, &json!({}), &json!({ "aud": [TODOS_AUDIENCE, INSIGHTS_AUDIENCE] })),
        exchanged(now, &json!({}), &json!({ "aud": INSIGHTS_AUDIENCE })),
        exchanged(now, &json!({}), &json!({ "aud": [] })),
        exchanged(now, &json!({}), &json!({ "scope": "todos.read org.admin" })),
        exchanged(now, &json!({ "scope": "todos.read todos.write org.admin" }), &json!({})),
        exchanged(
            now,
            &json!({ "issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token" }),
            &json!({}),
        ),
        exchanged(
            now,
            &json!({ "issued_token_type": "urn:ietf:params:oauth:token-type:id_token" }),
            &json!({}),
        ),
        exchanged(now, &json!({ "issued_token_type": null }), &json!({})),
        exchanged(now, &json!({ "token_type": "DPoP" }), &json!({})),
        exchanged(now, &json!({ "token_type": "N_A" }), &json!({})),
        exchanged(now, &json!({ "access_token": "two words" }), &json!({})),
        exchanged(now, &json!({ "access_token": "line\r\nX-Injected: 1" }), &json!({})),
        exchanged(now, &json!({}), &json!({ "exp": now - 10 })),
    ];
    for answer in odd {
        let text = answer.clone();
        app.outbound
            .answers(move |sent| (sent.grant() == "exchange").then(|| Ok(json_response(200, &answer))));
        assert_eq!(
            bob.get("/bff/acme.todos/todos").send().await.problem_kind(502),
            "token-unavailable",
            "{text}"
        );
        assert!(app.todos.seen().is_empty(), "{text}");
    }
    app.outbound.answers(move |sent| (sent.grant() == "exchange").then(|| Ok(json_response(200, &sound))));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
}

#[tokio::test]
async fn case_37_a_cached_token_is_for_one_session_organization_audience_and_scope() {
    let app = TestApp::start().await;
    let mut tokens = Vec::new();
    for (account, organization) in
        [("bob", "acme"), ("bob", "acme"), ("erin", "acme"), ("erin", "globex"), ("carol", "globex")]
    {
        let browser = app.browser();
        browser
            .get(&format!("/auth/login?login_hint={account}&organization={organization}"))
            .sent_from("none")
            .follow()
            .await;
        for (remote, upstream) in [("acme.todos/todos", &app.todos), ("acme.insights/figures", &app.insights)]
        {
            for _ in 0..2 {
                browser.get(&format!("/bff/{remote}")).send().await.expect(200);
            }
            let seen = upstream.seen();
            let [.., one, two] = &seen[..] else { panic!("two calls arrived") };
            assert_eq!(one.token(), two.token(), "the second call is served from the cache");
            assert_eq!(two.claims()["org_id"], organization);
            assert_eq!(two.claims()["sub"], format!("demo|{account}"));
            tokens.push(two.token().to_owned());
        }
    }
    let all = tokens.len();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), all, "no token serves two sessions, organizations or audiences");
    assert_eq!(app.outbound.count("exchange"), all);
}

#[tokio::test]
async fn case_37_a_token_is_no_longer_used_shortly_before_it_expires() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    app.pass(Duration::seconds(260));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.outbound.count("exchange"), 1);
    app.pass(Duration::seconds(15));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.outbound.count("exchange"), 2, "25 s before its end it is not handed out any more");
}

#[tokio::test]
async fn case_38_without_an_exchanged_token_nothing_is_sent_and_the_sessions_own_never_is() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    for (code, status) in [("invalid_target", 403), ("invalid_scope", 403), ("access_denied", 403)] {
        app.outbound.answers(move |sent| {
            (sent.grant() == "exchange").then(|| Ok(json_response(400, &json!({ "error": code }))))
        });
        assert_eq!(
            bob.get("/bff/acme.todos/todos").send().await.problem_kind(status),
            "token-refused",
            "{code}"
        );
        bob.post("/api/platform/remotes/acme.insights/token").send().await.problem(status);
    }
    for error in [|| HttpClientError::Timeout, || HttpClientError::TooLarge] {
        app.outbound.answers(move |sent| (sent.grant() == "exchange").then(|| Err(error())));
        assert_eq!(bob.get("/bff/acme.todos/todos").send().await.problem_kind(502), "token-unavailable");
        bob.post("/api/platform/remotes/acme.insights/token").send().await.problem(502);
    }
    assert!(app.todos.seen().is_empty() && app.insights.seen().is_empty());
    app.outbound.passes_everything();
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let subject = app
        .outbound
        .sent()
        .iter()
        .find(|sent| sent.grant() == "exchange")
        .map(|sent| sent.form()["subject_token"].clone());
    assert_ne!(app.todos.last().token(), subject.expect("an exchange"));
}

#[tokio::test]
async fn a_failed_exchange_is_not_remembered() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.outbound.answers(|sent| (sent.grant() == "exchange").then_some(Err(HttpClientError::Timeout)));
    bob.get("/bff/acme.todos/todos").send().await.problem(502);
    app.outbound.passes_everything();
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
}
