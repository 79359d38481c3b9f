use serde_json::json;

use crate::test_app::{INSIGHTS_AUDIENCE, Log, TestApp};

#[tokio::test]
async fn a_remote_in_token_mode_gets_a_token_for_its_own_audience() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let answer = bob.post("/api/platform/remotes/acme.insights/token").send().await;
    let token = answer.expect(200).json();
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!((&token["tokenType"], &token["audience"]), (&json!("Bearer"), &json!(INSIGHTS_AUDIENCE)));
    assert_eq!(token["scope"], "insights.read");
    assert!(token["expiresAt"].is_string() && token["accessToken"].is_string());
    let exchanged = app.dev_idp().issued_tokens().into_iter().map(|token| token.value).collect::<Vec<_>>();
    assert!(exchanged.iter().any(|value| token["accessToken"] == value.as_str()));
    let again = bob.post("/api/platform/remotes/acme.insights/token").send().await.json();
    assert_eq!(again["accessToken"], token["accessToken"], "it comes from the cache while it is current");
    assert_eq!(app.outbound.count("exchange"), 1);
}

#[tokio::test]
async fn a_remote_in_proxy_mode_gets_none_and_one_that_is_not_there_for_the_session_does_not_exist() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    bob.post("/api/platform/remotes/acme.todos/token").send().await.problem(403);
    bob.post("/api/platform/remotes/acme.org-admin/token").send().await.problem(404);
    bob.post("/api/platform/remotes/acme.nothing/token").send().await.problem(404);
    bob.post("/api/platform/remotes/acme.echo/token").send().await.problem(404);
    bob.get("/api/platform/remotes/acme.insights/token").send().await.problem(405);
    app.browser().post("/api/platform/remotes/acme.insights/token").send().await.problem(401);
    assert_eq!(app.outbound.count("exchange"), 0);
    assert!(log.denied("exchange-token", "acme.todos") && log.denied("exchange-token", "acme.org-admin"));
}

#[tokio::test]
async fn case_35_a_client_that_names_audience_scope_or_resource_is_refused_without_asking_the_provider() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let url = "/api/platform/remotes/acme.insights/token";
    for query in ["audience=https://api.test/todos", "scope=org.admin", "resource=https://api.test/todos", ""]
    {
        bob.post(&format!("{url}?{query}")).send().await.problem(400);
    }
    bob.post(url).json(&json!({ "audience": "https://api.test/todos" })).send().await.problem(400);
    bob.post(url).form(&[("scope", "org.admin")]).send().await.problem(400);
    for id in ["https:%2F%2Fapi.test%2Ftodos", "acme.insights%2F..%2Facme.todos", "@acme%2Finsights"] {
        bob.post(&format!("/api/platform/remotes/{id}/token")).send().await.problem(404);
    }
    assert_eq!(app.outbound.count("exchange"), 0, "the provider was not asked");
    let named =
        json!({ "remote": "acme.insights", "audience": "https://api.test/todos", "scope": "org.admin" });
    let token = bob.function("exchange_remote_token", &named).send().await.expect(200).json();
    assert_eq!((&token["audience"], &token["scope"]), (&json!(INSIGHTS_AUDIENCE), &json!("insights.read")));
    let sent = app.outbound.sent().into_iter().filter(|sent| sent.grant() == "exchange").collect::<Vec<_>>();
    let [exchange] = &sent[..] else { panic!("one exchange, got {}", sent.len()) };
    assert_eq!(exchange.form()["audience"], INSIGHTS_AUDIENCE);
    assert_eq!(exchange.form()["scope"], "insights.read");
    assert!(!exchange.form().contains_key("resource"));
}
