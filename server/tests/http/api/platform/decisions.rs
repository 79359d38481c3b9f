//! *Why was I refused?*

use serde_json::Value;

use crate::test_app::{Browser, TestApp};

async fn refused(browser: &Browser) -> String {
    let problem: Value = browser.get("/bff/acme.todos/admin/x").send().await.expect(403).json();
    problem["traceId"].as_str().expect("a trace id").to_owned()
}

#[tokio::test]
async fn an_administrator_finds_a_refusal_by_the_trace_id_that_the_person_reads() {
    let app = TestApp::start().await;
    let (bob, alice) = (app.signed_in("bob").await, app.signed_in("alice").await);
    let trace = refused(&bob).await;
    let found: Value =
        alice.get(&format!("/api/platform/decisions?trace={trace}")).send().await.expect(200).json();
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    let decision = &found[0];
    assert_eq!(decision["sub"], "demo|bob");
    assert_eq!((&decision["action"], &decision["decision"]), (&"call GET".into(), &"deny".into()));
    assert_eq!(decision["missing"][0], "org.admin");
    assert!(decision["resource"].as_str().expect("text").contains("/admin/x"), "{decision}");
}

#[tokio::test]
async fn the_page_says_who_what_and_which_permission_without_script() {
    let app = TestApp::start().await;
    let (bob, alice) = (app.signed_in("bob").await, app.signed_in("alice").await);
    let trace = refused(&bob).await;
    let latest = alice.get("/decisions").send().await;
    let latest = latest.page(200);
    assert!(
        latest.contains("Why was I refused?") && latest.contains("call GET") && latest.contains("org.admin")
    );
    let one = alice.get(&format!("/decisions?trace={trace}")).header("accept-language", "de").send().await;
    let one = one.page(200);
    assert!(one.contains("Fehlende Berechtigungen") && one.contains("Bob") && one.contains(&trace), "{one}");
    let unknown = alice.get("/decisions?trace=%3Cscript%3E").send().await;
    let unknown = unknown.page(200);
    assert!(unknown.contains("Nothing is known of this trace id") && !unknown.contains("<script>\""));
}

#[tokio::test]
async fn case_50_another_organizations_decisions_are_not_there() {
    let app = TestApp::start().await;
    let carol = app.signed_in("carol").await;
    let trace = refused(&carol).await;
    let alice = app.signed_in("alice").await;
    let found: Value =
        alice.get(&format!("/api/platform/decisions?trace={trace}")).send().await.expect(200).json();
    assert_eq!(found.as_array().map(Vec::len), Some(0), "carol is of globex");
}

#[tokio::test]
async fn only_an_administrator_asks() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    bob.get("/api/platform/decisions").send().await.expect(403);
    bob.get("/decisions").send().await.page(403);
    app.browser().get("/api/platform/decisions").send().await.expect(401);
}
