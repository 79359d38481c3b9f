//! A restart in development: what a developer notices of it is a second's pause.

use serde_json::json;
use time::Duration;

use crate::test_app::TestApp;

#[tokio::test]
async fn whoever_is_signed_in_goes_on_working_after_a_restart() {
    let mut app = TestApp::start().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    alice.get("/bff/acme.todos/todos").send().await.expect(200);
    app.restart().await;
    for (browser, sub) in [(&alice, "demo|alice"), (&bob, "demo|bob")] {
        browser.get("/bff/acme.todos/todos").send().await.expect(200);
        assert_eq!(app.todos.last().claims()["sub"], sub);
    }
    app.pass(Duration::minutes(6));
    alice.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.outbound.count("refresh_token"), 1, "and its refresh token is good as well");
    app.restart().await;
    app.pass(Duration::minutes(6));
    alice.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.outbound.count("refresh_token"), 2, "so is the next one");
}

#[tokio::test]
async fn case_16_who_signed_out_before_a_restart_is_out_after_it() {
    let mut app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let stolen = bob.copy();
    let answer = bob.post("/auth/logout").send().await;
    bob.get(answer.location()).sent_from("same-origin").send().await;
    app.restart().await;
    stolen.get("/bff/acme.todos/todos").send().await.problem(401);
}

#[tokio::test]
async fn a_switch_of_organization_goes_on_after_a_restart() {
    let mut app = TestApp::start().await;
    let erin = app.signed_in("erin").await;
    app.restart().await;
    let switched =
        erin.post("/api/platform/organization").json(&json!({ "organization": "globex", "return_to": "/" }));
    switched.send().await.expect(200);
    erin.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.todos.last().claims()["org_id"], "globex");
}
