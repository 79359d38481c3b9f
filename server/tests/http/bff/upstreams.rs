use crate::test_app::{Reply, TestApp};

#[tokio::test]
async fn case_45_a_redirect_to_somewhere_else_is_neither_followed_nor_passed_on() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let insights = app.insights.url();
    for location in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "//169.254.169.254/",
        "https://evil.test/",
        insights.as_str(),
        "gopher://127.0.0.1/",
        "javascript:alert(1)",
    ] {
        let owned = location.to_owned();
        app.todos.answers(move |_| Reply::headers(302, &[("location", &owned)]));
        let before = app.todos.seen().len();
        let answer = bob.get("/bff/acme.todos/todos").send().await;
        assert_eq!(answer.problem_kind(502), "upstream-redirect", "{location}");
        assert!(answer.headers.get("location").is_none(), "{location}");
        assert_eq!(app.todos.seen().len(), before + 1);
        assert!(app.insights.seen().is_empty());
    }
}

#[tokio::test]
async fn an_upstreams_redirect_within_itself_leads_to_the_same_place_through_the_portal() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let absolute = format!("{}/todos/8?x=1", app.todos.url());
    for (location, rewritten) in
        [("/todos/8", "/bff/acme.todos/todos/8"), (absolute.as_str(), "/bff/acme.todos/todos/8?x=1")]
    {
        let owned = location.to_owned();
        app.todos.answers(move |_| Reply::headers(303, &[("location", &owned)]));
        let answer = bob.post("/bff/acme.todos/todos").send().await;
        assert_eq!(answer.expect(303).header("location"), rewritten);
    }
}

#[tokio::test]
async fn case_45_an_upstream_at_an_address_that_is_not_allowed_is_never_called() {
    let app = TestApp::configured(|config| config.gateway.upstream_networks.clear()).await;
    let bob = app.signed_in("bob").await;
    let answer = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(answer.problem_kind(502), "upstream-refused");
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_502_and_says_nothing_of_its_address() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::Hangup);
    let answer = bob.get("/bff/acme.todos/todos").send().await;
    answer.problem(502);
    assert!(!answer.text().contains(&app.todos.addr.port().to_string()), "{}", answer.text());
}

#[tokio::test]
async fn an_upstream_that_keeps_failing_is_not_called_for_a_while_and_callers_are_told_when_to_come_back() {
    let app = TestApp::configured(|config| {
        config.gateway.resilience.breaker_failures = 2;
        config.gateway.resilience.probe_ms = 600_000;
    })
    .await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::Hangup);
    for _ in 0..2 {
        bob.post("/bff/acme.todos/todos").send().await.problem(502);
    }
    let before = app.todos.seen().len();
    let answer = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(answer.problem_kind(503), "upstream-unavailable");
    let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=600).contains(&seconds), "{seconds}");
    assert_eq!(app.todos.seen().len(), before, "nothing was sent");
    let snapshots = app.state.backends.snapshots();
    let opened: Vec<_> = snapshots.iter().map(|one| (one.remote.as_str(), one.opened, one.refused)).collect();
    assert_eq!(opened, [("acme.todos", 1, 1)]);
    bob.get("/bff/acme.insights/numbers").send().await.expect(200);
}

#[tokio::test]
async fn an_upstream_is_where_the_operator_says_and_nowhere_else() {
    let app = TestApp::configured(|config| {
        let own = serde_json::json!({ "addresses": ["127.0.0.1:9"] });
        let own = serde_json::from_value(own).expect("an upstream's settings");
        config.gateway.upstreams.insert("acme.todos".into(), own);
    })
    .await;
    let bob = app.signed_in("bob").await;
    let answer = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(answer.problem_kind(502), "upstream-unreachable");
    assert!(app.todos.seen().is_empty());
}
