use portico_ports::HttpClientError;
use serde_json::json;
use url::Url;

use crate::test_app::{FakeProvider, TestApp};

async fn two() -> (FakeProvider, FakeProvider, TestApp) {
    let (one, two) = (FakeProvider::at("https://one.test"), FakeProvider::at("https://two.test"));
    let app = TestApp::with_providers(&[&one, &two]).await;
    (one, two, app)
}

/// Where a login is sent, as the answer to `/auth/login` with this query says.
async fn sent_to(app: &TestApp, query: &str) -> String {
    app.browser().get(&format!("/auth/login?{query}")).sent_from("none").send().await.location().to_owned()
}

#[tokio::test]
async fn the_organization_or_the_address_chooses_the_provider_and_a_pick_comes_before_both() {
    let (_, _, app) = two().await;
    for (query, expected) in [
        ("organization=globex", "https://two.test/authorize"),
        ("login_hint=alice@acme.example", "https://one.test/authorize"),
        ("login_hint=%22odd@two.test%22@ACME.EXAMPLE", "https://one.test/authorize"),
        ("login_hint=alice@acme.example&organization=globex", "https://two.test/authorize"),
        ("provider=one&organization=globex", "https://one.test/authorize"),
        ("provider=nobody&organization=globex", "https://two.test/authorize"),
    ] {
        let location = sent_to(&app, query).await;
        assert!(location.starts_with(expected), "{query} leads to {location}");
    }
}

#[tokio::test]
async fn without_a_hint_the_sign_in_page_has_one_link_for_each_and_comes_back_to_the_page() {
    let (one, _, app) = two().await;
    for query in [
        "return_to=/todos",
        "return_to=/todos&login_hint=alice",
        "return_to=/todos&login_hint=a@elsewhere.test",
    ] {
        assert_eq!(sent_to(&app, query).await, "/todos", "{query}");
    }
    let page = app.browser().get("/todos").sent_from("none").send().await;
    let page = page.page(401).replace("&amp;", "&");
    for (name, label) in [("one", "Sign in with ONE"), ("two", "Sign in with TWO")] {
        assert!(
            page.contains(&format!("href=\"/auth/login?return_to=/todos&provider={name}\"")),
            "{name}: {page}"
        );
        assert!(page.contains(label), "{label}");
    }
    let browser = app.browser();
    let answer = one.login_by(&app, &browser, "/auth/login?return_to=/todos&provider=one", |_| {}).await;
    assert_eq!(answer.location(), "/todos");
    let again = browser.get("/auth/login?prompt=login").sent_from("none").send().await;
    assert!(again.location().starts_with("https://one.test/"), "who is signed in goes where they signed in");
}

#[tokio::test]
async fn case_07_an_answer_that_names_another_configured_provider_is_refused_before_the_token_call() {
    let (one, two, app) = two().await;
    let browser = app.browser();
    for (asked, answering) in [(&one, &two), (&two, &one)] {
        let name = asked.issuer().trim_start_matches("https://").trim_end_matches(".test");
        let begun = browser.get(&format!("/auth/login?provider={name}")).sent_from("none").send().await;
        let authorize = Url::parse(begun.location()).expect("the provider's URL");
        let state =
            authorize.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
        let mixed = format!("/auth/callback?code=a-code&state={state}&iss={}", answering.issuer());
        browser.get(&mixed).sent_from("cross-site").send().await.page(400);
        assert!(browser.session().is_none());
    }
    assert_eq!(app.outbound.count("authorization_code"), 0, "no code went anywhere");
}

#[tokio::test]
async fn case_07_an_id_token_of_another_configured_provider_is_refused() {
    let (one, two, app) = two().await;
    let browser = app.browser();
    let login = "/auth/login?provider=one";
    let answer = one.login_by(&app, &browser, login, |token| token.claims["iss"] = json!(two.issuer())).await;
    answer.page(400);
    assert!(browser.session().is_none());
}

#[tokio::test]
async fn case_53_the_same_sub_from_two_issuers_is_two_people() {
    let (one, two, app) = two().await;
    let (first, second) = (app.browser(), app.browser());
    one.login_by(&app, &first, "/auth/login?provider=one", |_| {}).await.expect(303);
    two.login_by(&app, &second, "/auth/login?provider=two", |_| {}).await.expect(303);
    for (browser, issuer) in [(&first, "https://one.test/"), (&second, "https://two.test/")] {
        assert_eq!(browser.get("/api/platform/session").send().await.json()["sub"], "person-1");
        let theirs = app.state.sessions.of_person(issuer, "person-1").await.expect("the store answers");
        assert_eq!(theirs.len(), 1, "{issuer}");
    }
    let token = one.logout_token(app.now(), |_| {});
    let provider = app.browser();
    let told = provider.post("/auth/backchannel-logout").sent_from_nowhere();
    told.form(&[("logout_token", &token)]).send().await.expect(200);
    first.get("/api/platform/session").send().await.problem(401);
    second.get("/api/platform/session").send().await.expect(200);
}

#[tokio::test]
async fn a_session_is_refreshed_exchanged_and_ended_at_the_provider_that_began_it() {
    let (_, two, app) = two().await;
    let browser = app.browser();
    two.login_by(&app, &browser, "/auth/login?provider=two", |_| {}).await.expect(303);
    browser.get("/bff/acme.todos/todos").send().await.expect(200);
    app.pass(time::Duration::minutes(6));
    two.refreshes_with(app.now(), |_| {});
    browser.get("/bff/acme.todos/todos").send().await.expect(200);
    for grant in ["authorization_code", "refresh_token", "exchange"] {
        let sent: Vec<_> = app.outbound.sent().into_iter().filter(|sent| sent.grant() == grant).collect();
        assert!(!sent.is_empty(), "{grant}");
        assert!(sent.iter().all(|sent| sent.url == "https://two.test/token"), "{grant}: {sent:?}");
    }
    let answer = browser.post("/auth/logout").send().await;
    assert!(answer.location().starts_with("https://two.test/end-session?"), "{}", answer.location());
    assert_eq!(app.state.providers.exchanged_tokens(), 0);
}

#[tokio::test]
async fn a_logout_form_may_end_up_at_every_provider() {
    let (_, _, app) = two().await;
    app.admin("/readyz").await;
    let page = app.browser().get("/").sent_from("none").send().await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://one.test https://two.test;"), "{policy}");
}

#[tokio::test]
async fn case_13_a_provider_that_is_away_slow_or_confused_hurts_nobody_who_signs_in_elsewhere() {
    let (one, two, app) = two().await;
    type Failure = fn() -> Result<http::Response<bytes::Bytes>, HttpClientError>;
    let failures: [(Failure, u16); 4] = [
        (|| Err(HttpClientError::Timeout), 504),
        (|| Err(HttpClientError::Connection("refused".into())), 502),
        (|| Ok(http::Response::new("<html>".into())), 502),
        (|| Ok(crate::test_app::json_response(503, &json!({}))), 502),
    ];
    for (failure, status) in failures {
        app.outbound.answers(move |sent| sent.url.starts_with("https://one.test").then(failure));
        app.browser().get("/auth/login?provider=one").sent_from("none").send().await.page(status);
        let browser = app.browser();
        two.login_by(&app, &browser, "/auth/login?provider=two", |_| {}).await.expect(303);
        browser.get("/bff/acme.todos/todos").send().await.expect(200);
    }
    app.outbound.passes_everything();
    one.login_by(&app, &app.browser(), "/auth/login?provider=one", |_| {}).await.expect(303);
}
