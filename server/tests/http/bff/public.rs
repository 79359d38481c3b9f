//! Public routes: for everyone, whoever they say they are.

use serde_json::json;

use crate::test_app::{Answer, Browser, TestApp};

/// What a client might send to be taken for someone else.
const SPOOFED: [(&str, &str); 10] = [
    ("authorization", "Bearer stolen"),
    ("x-user", "alice"),
    ("x_user", "alice"),
    ("x-user-id", "alice"),
    ("x-auth-request-email", "alice@acme.example"),
    ("x-org-id", "globex"),
    ("x-roles", "admin-role"),
    ("x-forwarded-for", "203.0.113.66"),
    ("forwarded", "for=203.0.113.66"),
    ("x-original-url", "/admin"),
];

/// Asks for something public with these header fields.
async fn ask(browser: &Browser, fields: &[(&'static str, &'static str)]) -> Answer {
    let request = browser.get("/bff/acme.todos/public/prices?for=all");
    fields.iter().fold(request, |request, (name, value)| request.header(name, value)).send().await
}

#[tokio::test]
async fn case_42_a_public_route_tells_the_upstream_nothing_of_who_asks() {
    let app = TestApp::start().await;
    let (nobody, bob) = (app.browser(), app.signed_in("bob").await);
    ask(&nobody, &SPOOFED).await.expect(200);
    // Another organization's name is a mistake where there is a session, and refused before it is dropped.
    let mine: Vec<_> = SPOOFED.into_iter().filter(|(name, _)| *name != "x-org-id").collect();
    ask(&bob, &mine).await.expect(200);
    let seen = app.todos.seen();
    assert_eq!(seen.len(), 2);
    for seen in seen {
        assert_eq!(seen.target(), "/public/prices?for=all");
        let text = format!("{:?}", seen.headers);
        for lie in ["stolen", "alice", "globex", "admin-role", "203.0.113.66", "/admin", "portico=", "bob"] {
            assert!(!text.contains(lie), "{lie} arrived: {text}");
        }
        assert_eq!(seen.values("authorization"), [""; 0]);
        assert_eq!(seen.values("cookie"), [""; 0]);
    }
}

#[tokio::test]
async fn without_a_session_there_are_the_public_routes_and_nothing_else() {
    let app = TestApp::start().await;
    let nobody = app.browser();
    nobody.post("/bff/acme.todos/public/feedback").json(&json!({ "stars": 5 })).send().await.expect(200);
    assert_eq!(app.todos.last().body, br#"{"stars":5}"#);
    for path in [
        "/bff/acme.todos/todos",
        "/bff/acme.todos/plain",
        "/bff/acme.todos/nothing",
        "/bff/acme.insights/summary",
        "/bff/acme.nothing/public/prices",
    ] {
        assert_eq!(nobody.get(path).send().await.problem_kind(401), "signed-out", "{path}");
    }
    let method = nobody.request(http::Method::DELETE, "/bff/acme.todos/public/prices").send().await;
    assert_eq!(method.problem_kind(401), "signed-out", "which methods there are is told to nobody");
    assert_eq!(app.todos.seen().len(), 1);
}

#[tokio::test]
async fn a_made_up_cookie_is_no_session_and_no_obstacle() {
    let app = TestApp::start().await;
    let nobody = app.browser();
    nobody.plant("__Host-portico", "AAAAAAAAAAAAAAAAAAAAAA");
    nobody.get("/bff/acme.todos/public/prices").send().await.expect(200);
    nobody.get("/bff/acme.todos/todos").send().await.problem(401);
}

#[tokio::test]
async fn a_public_route_is_for_pages_of_the_portal_alone() {
    let app = TestApp::start().await;
    let nobody = app.browser();
    for site in ["cross-site", "same-site"] {
        nobody.get("/bff/acme.todos/public/prices").sent_from(site).send().await.problem(403);
    }
    assert!(app.todos.seen().is_empty());
}

#[tokio::test]
async fn public_routes_count_against_the_address() {
    let app = TestApp::configured(|config| config.limits.anonymous_per_minute = 3).await;
    let nobody = app.browser();
    for left in ["2", "1", "0"] {
        let answer = nobody.get("/bff/acme.todos/public/prices").send().await;
        answer.expect(200);
        assert!(answer.header("ratelimit").starts_with(&format!("\"address\";r={left};t=")), "{answer:?}");
    }
    assert_eq!(
        nobody.get("/bff/acme.todos/public/prices").send().await.problem_kind(429),
        "too-many-requests"
    );
    assert_eq!(app.todos.seen().len(), 3);
}

#[tokio::test]
async fn whoever_may_not_load_the_remote_has_its_public_routes_and_learns_of_no_other() {
    let app = TestApp::configured(|config| {
        // Bob's organization is entitled to nothing.
        config.policy = serde_json::from_value(json!({
            "roles": { "member": ["todos.read"] }, "plans": { "none": [] }, "default_plan": "none",
        }))
        .expect("a policy");
    })
    .await;
    let bob = app.signed_in("bob").await;
    bob.get("/bff/acme.todos/public/prices").send().await.expect(200);
    assert_eq!(app.todos.last().values("authorization"), [""; 0]);
    for path in ["/bff/acme.todos/todos", "/bff/acme.todos/nothing"] {
        assert_eq!(bob.get(path).send().await.problem_kind(404), "not-found", "{path}");
    }
}
