use serde_json::json;

use crate::test_app::{FakeProvider, Log, TestApp};

#[tokio::test]
async fn switching_leads_on_under_a_new_session_for_the_other_organization() {
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    let before = erin.copy();
    let expires = |answer: crate::test_app::Answer| answer.json()["expiresAt"].clone();
    let end = expires(erin.get("/api/platform/session").send().await);
    let form = [("organization", "globex"), ("return_to", "/todos")];
    let answer = erin.post("/api/platform/organization").form(&form).send().await;
    assert_eq!(answer.location(), "/todos");
    assert_ne!(before.session(), erin.session());
    let session = erin.get("/api/platform/session").send().await;
    assert_eq!(session.json()["orgId"], "globex");
    assert_eq!(expires(session), end, "a switch does not make a session longer");
    erin.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.todos.last().claims()["org_id"], "globex");
    assert_eq!(before.get("/api/platform/session").send().await.problem_kind(401), "signed-out");
}

#[tokio::test]
async fn a_script_is_told_where_to_navigate() {
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    let switch = json!({ "organization": "globex", "return_to": "//evil.test" });
    let answer = erin.post("/api/platform/organization").json(&switch).send().await;
    assert_eq!(answer.expect(200).json(), json!({ "location": "/" }), "and never off the portal");
    assert_eq!(erin.get("/api/platform/session").send().await.json()["orgId"], "globex");
}

#[tokio::test]
async fn case_15_a_tab_left_on_the_old_organization_writes_nothing_to_the_new_one() {
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    let switch = json!({ "organization": "globex", "return_to": "/" });
    erin.post("/api/platform/organization").json(&switch).send().await.expect(200);
    let calls = app.todos.seen().len();
    for answer in [
        erin.post("/bff/acme.todos/todos")
            .header("x-portico-org", "acme")
            .json(&json!({ "title": "x" }))
            .send()
            .await,
        erin.get("/bff/acme.todos/todos").header("x-portico-org", "acme").send().await,
        erin.post("/events")
            .header("x-portico-org", "acme")
            .body("application/cloudevents+json", "{}")
            .send()
            .await,
        erin.function("session", &json!({})).header("x-portico-org", "acme").send().await,
        erin.function("switch_organization", &json!({ "organization": "acme", "return_to": "/" }))
            .header("x-portico-org", "acme")
            .send()
            .await,
        erin.post("/api/platform/remotes/acme.insights/token").header("x-portico-org", "acme").send().await,
        erin.post("/api/platform/organization").header("x-portico-org", "acme").json(&switch).send().await,
    ] {
        assert_eq!(answer.problem_kind(409), "organization-changed");
    }
    assert_eq!(app.todos.seen().len(), calls);
    erin.get("/bff/acme.todos/todos").header("x-portico-org", "globex").send().await.expect(200);
}

#[tokio::test]
async fn case_50_an_organization_that_is_not_ones_own_does_not_exist_and_the_attempt_is_audited() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    let before = bob.session();
    for organization in ["globex", "no-such-organization", "", "ACME", "../globex"] {
        let body = json!({ "organization": organization, "return_to": "/" });
        bob.post("/api/platform/organization").json(&body).send().await.problem(404);
        bob.post("/api/platform/organization")
            .form(&[("organization", organization)])
            .send()
            .await
            .problem(404);
        bob.function("switch_organization", &body).send().await.problem(404);
    }
    assert_eq!(bob.session(), before);
    assert!(log.denied("switch-organization", "organization globex"), "{}", log.text());
    assert_eq!(bob.get("/api/platform/session").send().await.json()["orgId"], "acme");
}

#[tokio::test]
async fn a_provider_that_does_not_switch_by_refresh_is_asked_by_a_login() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let browser = app.browser();
    let both = json!([{ "id": "acme", "roles": ["member"] }, { "id": "globex", "roles": ["member"] }]);
    provider.login(&app, &browser, |token| token.claims["organizations"] = both.clone()).await.expect(303);
    let before = browser.session();
    let form = [("organization", "globex"), ("return_to", "/todos")];
    let answer = browser.post("/api/platform/organization").form(&form).send().await;
    assert_eq!(answer.location(), "/auth/login?organization=globex&return_to=%2Ftodos");
    assert_eq!(browser.session(), before, "until that login ends, nothing changes");
    browser.get("/api/platform/session").send().await.expect(200);
}

#[tokio::test]
async fn what_is_no_switch_is_refused_with_what_is_expected() {
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    for body in ["", "{", "[]", "{\"organization\":7}", "null"] {
        erin.post("/api/platform/organization").body("application/json", body).send().await.problem(400);
    }
    erin.post("/api/platform/organization").form(&[("org", "globex")]).send().await.problem(400);
    erin.get("/api/platform/organization").send().await.problem(405);
    app.browser()
        .post("/api/platform/organization")
        .json(&json!({ "organization": "acme" }))
        .send()
        .await
        .problem(401);
}

#[tokio::test]
async fn case_72_a_body_that_is_too_large_is_told_so_in_either_form() {
    let app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    let long = "x".repeat(600 * 1024);
    let organization = [("organization", long.as_str())];
    let post = || erin.post("/api/platform/organization");
    assert_eq!(post().form(&organization).send().await.problem_kind(413), "too-large");
    assert_eq!(post().json(&json!({ "organization": long })).send().await.problem_kind(413), "too-large");
    let cookie = format!("Cookie: __Host-portico={}\r\nX-CSRF: 1", erin.session().expect("an id"));
    for kind in ["application/json", "application/x-www-form-urlencoded"] {
        // Without a declared length, it shows only on reading.
        let body = format!("{:x}\r\n{{\"organization\":\"{long}\r\n0\r\n\r\n", long.len() + 17);
        let request = format!(
            "POST /api/platform/organization HTTP/1.1\r\nHost: {}\r\n{cookie}\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{body}",
            app.addr
        );
        assert_eq!(app.raw(request).await.problem_kind(413), "too-large", "{kind}");
    }
}

#[tokio::test]
async fn keycloaks_organizations_are_the_sessions_and_a_switch_between_them_asks_nobody() {
    let provider = FakeProvider::new();
    let app = TestApp::with_listed(&provider, |_, settings| {
        settings["scopes"] = json!(["profile", "organization:*"]);
        settings["organization_claims"] = json!("keycloak");
    })
    .await;
    let browser = app.browser();
    let login = provider.login(&app, &browser, |token| {
        token.remove("org_id");
        token.remove("organizations");
        token.claims["organization"] = json!({
            "acme": { "id": "42c3e46f", "name": ["Acme Ltd"], "realm_access": { "roles": ["member"] } },
            "globex": { "id": "5f0c1d52" },
        });
    });
    login.await.expect(303);
    let session = async || browser.get("/api/platform/session").send().await.expect(200).json();
    let first = session().await;
    assert_eq!(first["orgId"], "acme");
    assert_eq!(first["organizations"][0]["name"], "Acme Ltd");
    assert_eq!(first["organizations"][1]["id"], "globex");
    browser.get("/bff/acme.todos/todos").send().await.expect(200);
    for (organization, entitled) in [("globex", false), ("acme", true)] {
        let switch = json!({ "organization": organization, "return_to": "/" });
        browser.post("/api/platform/organization").json(&switch).send().await.expect(200);
        let session = session().await;
        assert_eq!(session["orgId"], organization);
        let entitlements = session["entitlements"].as_array().expect("a list");
        assert_eq!(!entitlements.is_empty(), entitled, "a role in one organization is none in the other");
    }
    assert_eq!(app.outbound.count("refresh_token"), 0);
}
