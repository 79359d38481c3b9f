use std::time::Duration as Wait;

use futures::future::join_all;
use portico_dev_idp::{Endpoint, Failure};
use time::Duration;

use crate::test_app::{Reply, TestApp, eventually};

/// Longer than the access token lives, shorter than the session.
const EXPIRY: Duration = Duration::minutes(6);

#[tokio::test]
async fn case_18_parallel_calls_with_an_expired_access_token_lead_to_one_refresh() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    app.pass(EXPIRY);
    let calls = (0..20).map(|n| {
        let remote = if n % 2 == 0 { "acme.todos/todos" } else { "acme.insights/figures" };
        bob.get(&format!("/bff/{remote}")).send()
    });
    for answer in join_all(calls).await {
        answer.expect(200);
    }
    assert_eq!(app.outbound.count("refresh_token"), 1);
    assert_eq!(app.outbound.count("exchange"), 3, "one per audience and lifetime");
}

#[tokio::test]
async fn a_thousand_calls_at_once_with_an_expired_token_lead_to_one_refresh_and_one_exchange_for_each_remote()
{
    // One session's calls, all of them under way together.
    let app = TestApp::configured(|config| config.gateway.quota.concurrent_per_session = 1_000).await;
    let bob = app.signed_in("bob").await;
    app.pass(EXPIRY);
    // The provider takes its time, so that all of them wait for the same turn.
    app.outbound.delays("refresh_token", Wait::from_millis(500));
    let calls = (0..1_000).map(|n| {
        let remote = if n % 2 == 0 { "acme.todos/todos" } else { "acme.insights/figures" };
        bob.get(&format!("/bff/{remote}")).send()
    });
    for answer in join_all(calls).await {
        answer.expect(200);
    }
    assert_eq!(app.outbound.count("refresh_token"), 1);
    assert_eq!(app.outbound.count("exchange"), 2, "one for each remote");
    assert_eq!(app.todos.seen().len() + app.insights.seen().len(), 1_000, "and each call arrived once");
}

#[tokio::test]
async fn case_19_the_new_refresh_token_is_kept_though_the_upstream_fails() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::Hangup);
    for _ in 0..3 {
        app.pass(EXPIRY);
        bob.get("/bff/acme.todos/todos").send().await.problem(502);
    }
    assert_eq!(app.outbound.count("refresh_token"), 3, "each time with the token of the time before");
    app.todos.answers(|_| Reply::status(200));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
}

#[tokio::test]
async fn case_19_the_new_refresh_token_is_kept_though_the_caller_goes_away() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.pass(EXPIRY);
    app.outbound.delays("refresh_token", Wait::from_millis(300));
    let cut = tokio::time::timeout(Wait::from_millis(100), bob.get("/bff/acme.todos/todos").send()).await;
    assert!(cut.is_err(), "the browser navigated away during the refresh");
    eventually("the refresh was sent", || app.outbound.count("refresh_token") == 1).await;
    tokio::time::sleep(Wait::from_millis(500)).await;
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.outbound.count("refresh_token"), 1, "the one that nobody waited for any more served");
    app.pass(EXPIRY);
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
}

#[tokio::test]
async fn case_20_a_refused_refresh_ends_the_session() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let bob = app.signed_in("bob").await;
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    stream.opened().await;
    app.pass(EXPIRY);
    app.dev_idp().fail_next(Endpoint::Token, Failure::OAuth("invalid_grant"));
    assert_eq!(bob.get("/bff/acme.todos/todos").send().await.problem_kind(401), "signed-out");
    bob.get("/api/platform/session").send().await.problem(401);
    assert!(stream.rest().await.iter().any(|event| event.kind == "bye"), "its streams close");
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn case_20_a_provider_in_trouble_does_not_end_the_session() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    for failure in [
        Failure::Status(503),
        Failure::Status(500),
        Failure::Nonsense,
        Failure::OAuth("temporarily_unavailable"),
        Failure::OAuth("server_error"),
        Failure::OAuth("invalid_client"),
    ] {
        app.pass(EXPIRY);
        app.dev_idp().fail_next(Endpoint::Token, failure);
        assert_eq!(
            bob.get("/bff/acme.todos/todos").send().await.problem_kind(502),
            "token-unavailable",
            "{failure:?}"
        );
        bob.get("/api/platform/session").send().await.expect(200);
        bob.get("/bff/acme.todos/todos").send().await.expect(200);
    }
}

#[tokio::test]
async fn an_access_token_that_is_about_to_end_still_serves_while_the_provider_is_away() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.pass(Duration::seconds(285));
    app.dev_idp().fail_next(Endpoint::Token, Failure::Status(503));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.outbound.count("refresh_token"), 1);
}

#[tokio::test]
async fn case_17_a_refresh_that_ends_after_the_logout_leaves_no_refresh_token_alive() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    app.pass(EXPIRY);
    app.outbound.delays("refresh_token", Wait::from_millis(500));
    let other_tab = bob.copy();
    let call = async { other_tab.get("/bff/acme.todos/todos").send().await };
    let logout = async {
        eventually("the refresh was sent", || app.outbound.count("refresh_token") == 1).await;
        bob.post("/auth/logout").send().await
    };
    let (call, _) = futures::join!(call, logout);
    call.problem(401);
    let newest = app.dev_idp().issued_tokens().into_iter().rev();
    let newest = newest.into_iter().find(|token| token.kind == portico_dev_idp::TokenKind::Refresh);
    let newest = newest.expect("a refresh token").value;
    let revoked = || {
        let sent = app.outbound.sent().into_iter().filter(|sent| sent.url.ends_with("/revoke"));
        sent.map(|sent| sent.form().remove("token").unwrap_or_default()).collect::<Vec<_>>()
    };
    eventually("the new one is revoked", || revoked().contains(&newest)).await;
}
