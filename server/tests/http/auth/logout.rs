use std::time::Duration;

use crate::test_app::{Reply, TestApp, eventually};

#[tokio::test]
async fn case_14_the_cookie_is_set_and_removed_with_every_attribute_of_the_host_prefix() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.up_to_callback("/auth/login?login_hint=alice").await;
    let login = browser.get(callback.as_str()).sent_from("cross-site").send().await;
    let logout = browser.post("/auth/logout").send().await;
    for (answer, gone) in [(login, false), (logout, true)] {
        let cookies = answer.set_cookies();
        let session: Vec<_> = cookies.iter().filter(|cookie| cookie.starts_with("__Host-portico=")).collect();
        let [cookie] = session[..] else { panic!("one session cookie, got {cookies:?}") };
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        assert_eq!(cookie.contains("Max-Age=0;"), gone, "{cookie}");
    }
    assert!(browser.session().is_none());
}

#[tokio::test]
async fn a_logout_ends_the_session_here_then_revokes_and_leads_to_the_providers_end() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alice").await;
    let answer = browser.post("/auth/logout").send().await;
    let target = url::Url::parse(answer.location()).expect("a URL");
    let parameters: std::collections::HashMap<_, _> = target.query_pairs().into_owned().collect();
    assert!(target.path().ends_with("/dev/idp/end-session"), "{target}");
    assert_eq!(parameters["post_logout_redirect_uri"], format!("{}/", app.origin));
    assert!(parameters.contains_key("id_token_hint"));
    eventually("the refresh token is revoked", || {
        app.outbound.sent().iter().any(|sent| sent.url.ends_with("/revoke"))
    })
    .await;
    let home = browser.get(target.as_str()).sent_from("none").follow().await;
    home.page(200);
    let begun = browser.up_to_callback_or_page("/auth/login").await;
    assert!(begun.is_none(), "the provider's own sign-in is over too: it asks who it is");
}

#[tokio::test]
async fn case_16_a_cookie_replayed_after_logout_is_refused_at_once() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alice").await;
    let stolen = browser.copy();
    stolen.get("/api/platform/session").send().await.expect(200);
    browser.post("/auth/logout").send().await.expect(303);
    for path in ["/api/platform/session", "/api/platform/applications", "/bff/acme.todos/todos", "/stream"] {
        assert_eq!(stolen.get(path).send().await.problem_kind(401), "signed-out", "{path}");
    }
    stolen.function("session", &serde_json::json!({})).send().await.problem(401);
    assert!(
        stolen.get("/").sent_from("none").send().await.text().contains("/auth/login"),
        "the page is the signed-out one"
    );
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn case_17_a_slow_call_across_a_logout_does_not_bring_the_session_back() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alice").await;
    let slow = browser.copy();
    app.todos.answers(|_| Reply::After(Duration::from_millis(600), Box::new(Reply::status(200))));
    app.pass(time::Duration::minutes(6));
    let call = async { slow.get("/bff/acme.todos/todos").send().await };
    let logout = async {
        eventually("the call is under way", || !app.todos.seen().is_empty()).await;
        browser.post("/auth/logout").send().await.expect(303);
    };
    let (answer, ()) = tokio::join!(call, logout);
    assert!(answer.set_cookies().is_empty());
    slow.get("/api/platform/session").send().await.problem(401);
    assert!(app.state.providers.exchanged_tokens() == 0, "no token is left of it");
}

#[tokio::test]
async fn case_28_another_site_cannot_sign_anyone_out() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alice").await;
    for site in ["cross-site", "same-site", "none"] {
        browser.post("/auth/logout").sent_from(site).form(&[]).send().await.problem(403);
    }
    browser
        .post("/auth/logout")
        .sent_from_nowhere()
        .header("origin", "https://evil.test")
        .send()
        .await
        .problem(403);
    browser.get("/auth/logout").send().await.problem(405);
    browser.get("/api/platform/session").send().await.expect(200);
}

#[tokio::test]
async fn a_logout_without_a_session_leads_home() {
    let app = TestApp::start().await;
    let answer = app.browser().post("/auth/logout").send().await;
    assert_eq!(answer.location(), "/");
}

#[tokio::test]
async fn case_39_after_a_logout_the_cached_token_is_not_used_again() {
    let app = TestApp::start().await;
    let browser = app.signed_in("alice").await;
    browser.get("/bff/acme.todos/todos").send().await.expect(200);
    let token = app.todos.last().token().to_owned();
    browser.post("/auth/logout").send().await.expect(303);
    assert!(app.state.providers.exchanged_tokens() == 0);
    browser.login("alice").await;
    browser.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_ne!(app.todos.last().token(), token);
}
