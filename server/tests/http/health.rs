use serde_json::json;

use crate::test_app::{FakeProvider, TestApp, break_session_store};

#[tokio::test]
async fn a_portal_whose_parts_answer_is_live_and_ready() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let browser = app.browser();
    assert_eq!(
        browser.get("/healthz").sent_from_nowhere().send().await.expect(200).json(),
        json!({ "status": "ok" })
    );
    let ready = browser.get("/readyz").sent_from_nowhere().send().await;
    assert_eq!(
        ready.expect(200).json()["checks"],
        json!({ "identity": "ok", "events": "ok", "sessions": "ok" })
    );
}

#[tokio::test]
async fn readiness_names_what_does_not_answer_while_the_process_lives() {
    let app = TestApp::with_provider(&FakeProvider::new()).await;
    app.events_ready().await;
    app.outbound.answers(|_| Some(Err(portico_ports::HttpClientError::Timeout)));
    let browser = app.browser();
    let checks = browser.get("/readyz").send().await.expect(503).json()["checks"].clone();
    assert_eq!(checks["identity"], "not ok");
    assert_eq!((&checks["events"], &checks["sessions"]), (&json!("ok"), &json!("ok")));
    app.outbound.passes_everything();
    browser.get("/readyz").send().await.expect(200);
    break_session_store(&app).await;
    let checks = browser.get("/readyz").send().await.expect(503).json()["checks"].clone();
    assert_eq!(checks["sessions"], "not ok");
    let reason = app.admin("/readyz").await.expect(503).json()["checks"]["sessions"].clone();
    assert!(reason.as_str().is_some_and(|reason| reason.len() > "not ok".len()), "{reason}");
    browser.get("/healthz").send().await.expect(200);
}

#[tokio::test]
async fn case_08_a_discovery_document_of_another_issuer_makes_the_portal_not_ready_and_says_why() {
    let app = TestApp::with_provider(&FakeProvider::new()).await;
    app.outbound.answers(|sent| {
        sent.url.ends_with("openid-configuration").then(|| {
            let other = json!({
                "issuer": "https://other.test", "authorization_endpoint": "https://other.test/a", "token_endpoint": "https://other.test/t",
                "jwks_uri": "https://idp.test/jwks", "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            });
            Ok(crate::test_app::json_response(200, &other))
        })
    });
    let why = app.admin("/readyz").await.expect(503).json()["checks"]["identity"].clone();
    assert!(why.as_str().is_some_and(|why| why.contains("issuer")), "{why}");
    let public = app.browser().get("/readyz").send().await.expect(503).json();
    assert_eq!(public["checks"]["identity"], "not ok", "strangers are not told what is behind the portal");
    app.browser().get("/auth/login").sent_from("none").send().await.page(502);
}

#[tokio::test]
async fn one_provider_of_several_that_is_away_is_named_and_takes_the_instance_out_of_nobodys_way() {
    let (one, two) = (FakeProvider::at("https://one.test"), FakeProvider::at("https://two.test"));
    let app = TestApp::with_providers(&[&one, &two]).await;
    app.events_ready().await;
    app.outbound.answers(|sent| {
        let away = sent.url.starts_with("https://one.test");
        away.then(|| Err(portico_ports::HttpClientError::Timeout))
    });
    let checks = app.admin("/readyz").await.expect(200).json()["checks"].clone();
    assert_eq!(checks["identity.two"], "ok");
    assert!(checks["identity.one"].as_str().is_some_and(|why| why.contains("in time")), "{checks}");
    app.outbound.answers(|_| Some(Err(portico_ports::HttpClientError::Timeout)));
    let nobody = TestApp::with_providers(&[&one, &two]).await;
    nobody.outbound.answers(|_| Some(Err(portico_ports::HttpClientError::Timeout)));
    nobody.admin("/readyz").await.expect(503);
}

#[tokio::test]
async fn case_08_one_provider_of_several_that_is_another_than_configured_makes_the_portal_not_ready() {
    let (one, two) = (FakeProvider::at("https://one.test"), FakeProvider::at("https://two.test"));
    let app = TestApp::with_providers(&[&one, &two]).await;
    app.outbound.answers(|sent| {
        (sent.url == "https://one.test/.well-known/openid-configuration").then(|| {
            let other = json!({
                "issuer": "https://two.test", "authorization_endpoint": "https://one.test/a", "token_endpoint": "https://one.test/t",
                "jwks_uri": "https://one.test/jwks", "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            });
            Ok(crate::test_app::json_response(200, &other))
        })
    });
    let checks = app.admin("/readyz").await.expect(503).json()["checks"].clone();
    assert!(checks["identity.one"].as_str().is_some_and(|why| why.contains("issuer")), "{checks}");
    assert_eq!(checks["identity.two"], "ok");
}

#[tokio::test]
async fn a_portal_on_its_way_out_is_live_and_not_ready() {
    let app = TestApp::start().await;
    app.events_ready().await;
    app.state.drain();
    let ready = app.browser().get("/readyz").send().await;
    assert_eq!(ready.expect(503).json()["checks"]["server"], "not ok");
    let reason = app.admin("/readyz").await.expect(503).json()["checks"]["server"].clone();
    assert_eq!(reason, "the server is shutting down");
    app.browser().get("/healthz").send().await.expect(200);
}

#[tokio::test]
async fn metrics_and_issued_tokens_are_on_the_admin_listener_alone() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let metrics = app.admin("/metrics").await;
    assert!(metrics.expect(200).text().contains("# TYPE http_server_request_duration_seconds histogram"));
    let tokens = app.admin("/dev/issued-tokens").await;
    let listed = tokens.expect(200).json();
    assert_eq!(tokens.header("cache-control"), "no-store");
    assert_eq!(listed.as_array().map(Vec::len), Some(app.dev_idp().issued_tokens().len()));
    let kinds: Vec<_> = listed.as_array().into_iter().flatten().map(|token| token["kind"].clone()).collect();
    assert!(
        kinds.contains(&json!("access")) && kinds.contains(&json!("refresh")) && kinds.contains(&json!("id")),
        "{kinds:?}"
    );
    for path in ["/metrics", "/dev/issued-tokens"] {
        let public = bob.get(path).sent_from("none").send().await;
        public.page(404);
    }
    let elsewhere = TestApp::with_provider(&FakeProvider::new()).await;
    assert_eq!(
        elsewhere.admin("/dev/issued-tokens").await.status.as_u16(),
        404,
        "only where the development provider is in use"
    );
}
