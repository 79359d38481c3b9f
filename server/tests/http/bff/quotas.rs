//! What a remote may use, as the operator configured it.

use std::time::Duration;

use portico::config::QuotaOverrides;

use crate::test_app::{Reply, TestApp, WebSocket, agree, eventually};

async fn app(quota: QuotaOverrides) -> TestApp {
    TestApp::configured(|config| {
        config.gateway.quotas.insert("acme.todos".into(), quota);
    })
    .await
}

#[tokio::test]
async fn a_remote_that_hangs_uses_up_its_own_calls_and_nobody_elses() {
    let app = app(QuotaOverrides { concurrent: Some(2), ..QuotaOverrides::default() }).await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    app.todos.answers(|_| Reply::After(Duration::from_millis(1_500), Box::new(Reply::status(200))));
    let (first, second, third, other) = tokio::join!(
        bob.get("/bff/acme.todos/todos/1").send(),
        bob.get("/bff/acme.todos/todos/2").send(),
        async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            alice.get("/bff/acme.todos/todos/3").send().await
        },
        async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            alice.get("/bff/acme.insights/summary").send().await
        },
    );
    assert_eq!(third.problem_kind(503), "quota-concurrent");
    assert_eq!(third.header("retry-after"), "1");
    third.assert_security_headers();
    for answer in [first, second, other] {
        answer.expect(200);
    }
    assert_eq!(app.todos.seen().len(), 2, "what was refused did not arrive");
    assert_eq!(app.state.backends.usage("acme.todos").calls(), 0);
}

#[tokio::test]
async fn one_session_cannot_take_all_calls_of_a_remote() {
    let app = app(QuotaOverrides { concurrent_per_session: Some(1), ..QuotaOverrides::default() }).await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    app.todos.answers(|_| Reply::After(Duration::from_millis(1_500), Box::new(Reply::status(200))));
    let later = async |browser: &crate::test_app::Browser| {
        tokio::time::sleep(Duration::from_millis(700)).await;
        browser.get("/bff/acme.todos/todos/2").send().await
    };
    let (first, second, other) =
        tokio::join!(bob.get("/bff/acme.todos/todos/1").send(), later(&bob), later(&alice));
    assert_eq!(second.problem_kind(429), "quota-concurrent-per-session");
    first.expect(200);
    other.expect(200);
}

#[tokio::test]
async fn an_answer_beyond_the_quota_is_refused_with_502_and_the_portal_stays_whole() {
    let app = app(QuotaOverrides { answer_bytes: Some(1_000), ..QuotaOverrides::default() }).await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::Response(200, Vec::new(), vec![b'x'; 1_001]));
    assert_eq!(bob.get("/bff/acme.todos/todos").send().await.problem_kind(502), "quota-answer-bytes");
    app.todos.answers(|_| Reply::Response(200, Vec::new(), vec![b'x'; 1_000]));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
}

#[tokio::test]
async fn a_remote_of_downloads_is_let_out_by_the_operator() {
    let app = TestApp::configured(|config| {
        config.gateway.quota.answer_bytes = 1_000;
        let downloads = QuotaOverrides { answer_bytes: Some(0), ..QuotaOverrides::default() };
        config.gateway.quotas.insert("acme.insights".into(), downloads);
    })
    .await;
    let bob = app.signed_in("bob").await;
    for upstream in [&app.todos, &app.insights] {
        upstream.answers(|_| Reply::Response(200, Vec::new(), vec![b'x'; 5_000]));
    }
    bob.get("/bff/acme.todos/todos").send().await.problem(502);
    bob.get("/bff/acme.insights/summary").send().await.expect(200);
}

#[tokio::test]
async fn bytes_that_were_used_keep_new_calls_out_for_a_while() {
    let app = app(QuotaOverrides { bytes_per_minute: Some(1_000), ..QuotaOverrides::default() }).await;
    let bob = app.signed_in("bob").await;
    app.todos.answers(|_| Reply::Response(200, Vec::new(), vec![b'x'; 1_500]));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let refused = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(refused.problem_kind(503), "quota-bytes-per-minute");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((20..=31).contains(&wait), "{wait}");
    bob.get("/bff/acme.insights/summary").send().await.expect(200);
    assert_eq!(app.todos.seen().len(), 1);
}

#[tokio::test]
async fn an_open_web_socket_is_a_call_under_way_and_what_it_carries_is_counted() {
    let quota = QuotaOverrides {
        concurrent_per_session: Some(1),
        bytes_per_minute: Some(10_000),
        ..QuotaOverrides::default()
    };
    let app = app(quota).await;
    app.todos.answers(agree);
    let bob = app.signed_in("bob").await;
    let usage = app.state.backends.usage("acme.todos");
    let mut socket = WebSocket::open(app.addr, &bob, "/bff/acme.todos/live/feed", "", b"").await;
    socket.answer.expect(101);
    let beside = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(beside.problem_kind(429), "quota-concurrent-per-session");
    for _ in 0..100 {
        socket.say(1, &[b'x'; 100]).await;
        socket.read(106).await;
    }
    drop(socket);
    eventually("the connection is over", || usage.calls() == 0).await;
    let after = bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(after.problem_kind(503), "quota-bytes-per-minute");
}

#[tokio::test]
async fn a_public_route_counts_by_address() {
    let app = app(QuotaOverrides { concurrent_per_session: Some(1), ..QuotaOverrides::default() }).await;
    let (nobody, bob) = (app.browser(), app.signed_in("bob").await);
    app.todos.answers(|_| Reply::After(Duration::from_millis(1_500), Box::new(Reply::status(200))));
    let later = async |browser: &crate::test_app::Browser, path: &str| {
        tokio::time::sleep(Duration::from_millis(700)).await;
        browser.get(path).send().await
    };
    let (first, second, other) = tokio::join!(
        nobody.get("/bff/acme.todos/public/1").send(),
        later(&nobody, "/bff/acme.todos/public/2"),
        later(&bob, "/bff/acme.todos/todos/3"),
    );
    assert_eq!(second.problem_kind(429), "quota-concurrent-per-session");
    first.expect(200);
    other.expect(200);
}
