//! Calls in which the portal says who it is: as the one that acts for a person (RFC 8693, section 4.1), and on its own
//! behalf (RFC 6749, section 4.4).

use portico::config::{ActorSettings, Config};
use serde_json::{Value, json};
use time::Duration;

use crate::test_app::{INSIGHTS_AUDIENCE, TODOS_AUDIENCE, TestApp, json_response, unsigned_jwt};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The portal proves itself to the development IdP by a token that is for it.
fn acting(config: &mut Config) {
    let issuer = config.public_url().join("dev/idp").expect("a URL");
    config.identity.exchange_actor = Some(ActorSettings { audience: issuer.into(), scopes: Vec::new() });
}

#[tokio::test]
async fn where_it_is_configured_the_portal_acts_for_the_person_and_the_service_sees_both() {
    let app = TestApp::configured(acting).await;
    for (account, sub) in [("alice", "demo|alice"), ("bob", "demo|bob")] {
        let browser = app.signed_in(account).await;
        browser.get("/bff/acme.todos/todos").send().await.expect(200);
        let claims = app.todos.last().claims();
        assert_eq!((&claims["sub"], &claims["act"]), (&json!(sub), &json!({ "sub": "portico" })));
    }
    let exchanges: Vec<_> =
        app.outbound.sent().into_iter().filter(|sent| sent.grant() == "exchange").collect();
    assert_eq!(exchanges.len(), 2);
    for sent in exchanges {
        let form = sent.form();
        assert_eq!(form["actor_token_type"], ACCESS_TOKEN);
        assert_ne!(form["actor_token"], form["subject_token"]);
    }
    assert_eq!(app.outbound.count("client_credentials"), 1, "one actor token serves everyone");
    let carol = app.signed_in("carol").await;
    app.pass(Duration::minutes(6));
    carol.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.outbound.count("client_credentials"), 2, "and is fetched anew before it ends");
}

#[tokio::test]
async fn case_36_a_token_in_which_the_portal_does_not_act_is_refused() {
    let app = TestApp::configured(acting).await;
    let bob = app.signed_in("bob").await;
    let now = app.now();
    let answers = |act: Value| {
        let claims = json!({ "aud": TODOS_AUDIENCE, "sub": "demo|bob", "exp": now + 300, "act": act });
        let answer = json!({
            "access_token": unsigned_jwt(&claims), "token_type": "Bearer", "expires_in": 300,
            "issued_token_type": ACCESS_TOKEN,
        });
        app.outbound
            .answers(move |sent| (sent.grant() == "exchange").then(|| Ok(json_response(200, &answer))));
    };
    for act in [
        json!(null),
        json!({}),
        json!({ "sub": "chat" }),
        json!({ "sub": "chat", "act": { "sub": "portico" } }),
    ] {
        answers(act.clone());
        assert_eq!(
            bob.get("/bff/acme.todos/todos").send().await.problem_kind(502),
            "token-unavailable",
            "{act}"
        );
        assert!(app.todos.seen().is_empty(), "{act}");
    }
    answers(json!({ "sub": "portico" }));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
}

#[tokio::test]
async fn case_38_without_an_actor_token_nothing_is_exchanged_and_nothing_sent() {
    let app = TestApp::configured(acting).await;
    let bob = app.signed_in("bob").await;
    app.outbound.answers(|sent| {
        let own = sent.grant() == "client_credentials";
        own.then(|| Ok(json_response(400, &json!({ "error": "unauthorized_client" }))))
    });
    assert_eq!(bob.get("/bff/acme.todos/todos").send().await.problem_kind(403), "token-refused");
    assert_eq!(app.outbound.count("exchange"), 0);
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn a_service_that_the_portal_calls_on_its_own_behalf_sees_the_portal_and_nothing_of_the_person() {
    let app =
        TestApp::configured(|config| config.identity.own_audiences = vec![TODOS_AUDIENCE.to_owned()]).await;
    let (alice, carol) = (app.signed_in("alice").await, app.signed_in("carol").await);
    let mut tokens = Vec::new();
    for browser in [&alice, &carol] {
        browser.get("/bff/acme.todos/todos").send().await.expect(200);
        let seen = app.todos.last();
        let claims = seen.claims();
        assert_eq!((&claims["sub"], &claims["aud"]), (&json!("portico"), &json!(TODOS_AUDIENCE)));
        assert_eq!(claims["scope"], "todos.read todos.write", "what the manifest says and no more");
        for personal in ["org_id", "sid", "act"] {
            assert!(claims[personal].is_null(), "{personal}");
        }
        tokens.push(seen.token().to_owned());
    }
    assert_eq!(tokens[0], tokens[1], "it is nobody's");
    assert_eq!((app.outbound.count("client_credentials"), app.outbound.count("exchange")), (1, 0));
    app.browser().get("/bff/acme.todos/todos").send().await.problem(401);
    carol.get("/bff/acme.todos/admin/x").send().await.problem(403);
    assert_eq!(app.todos.seen().len(), 2, "whoever calls still needs a session and the route's permissions");
    alice.post("/auth/logout").send().await.expect(303);
    app.pass(Duration::minutes(6));
    carol.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.outbound.count("client_credentials"), 2, "it is fetched anew before it ends");
    carol.get("/bff/acme.insights/figures").send().await.expect(200);
    assert_eq!(app.insights.last().claims()["sub"], "demo|carol", "every other service sees the person");
}

#[tokio::test]
async fn a_stale_token_of_the_portals_own_is_fetched_anew_once() {
    let app =
        TestApp::configured(|config| config.identity.own_audiences = vec![TODOS_AUDIENCE.to_owned()]).await;
    let bob = app.signed_in("bob").await;
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let stale = app.todos.last().token().to_owned();
    app.todos
        .answers(move |seen| crate::test_app::Reply::status(if seen.token() == stale { 401 } else { 200 }));
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.outbound.count("client_credentials"), 2);
}

#[tokio::test]
async fn the_portals_own_token_never_reaches_the_browser() {
    let own = |config: &mut Config| config.identity.own_audiences = vec![INSIGHTS_AUDIENCE.to_owned()];
    let app = TestApp::configured(own).await;
    let bob = app.signed_in("bob").await;
    bob.post("/api/platform/remotes/acme.insights/token").send().await.problem(403);
    assert_eq!(app.outbound.count("client_credentials"), 0);
}
