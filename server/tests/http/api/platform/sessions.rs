use serde_json::json;

use crate::test_app::{Browser, Log, TestApp};

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0";

/// The handles on a person's account page: those of the other devices.
async fn handles(of: &Browser) -> Vec<String> {
    let page = of.get("/account").send().await.page(200).to_owned();
    let mut found = Vec::new();
    for part in page.split("name=\"handle\"").skip(1) {
        let value = part.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
        found.push(value.expect("a handle").to_owned());
    }
    found
}

async fn with_firefox(app: &TestApp) -> Browser {
    let browser = app.browser();
    let callback = browser.up_to_callback("/auth/login?login_hint=bob").await;
    browser
        .get(callback.as_str())
        .sent_from("cross-site")
        .header("user-agent", FIREFOX)
        .send()
        .await
        .expect(303);
    browser
}

#[tokio::test]
async fn the_account_page_says_who_where_and_on_which_devices() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    with_firefox(&app).await;
    let page = bob.get("/account").send().await;
    for words in
        ["Your account", "Bob Baker", "bob@acme.example", "Acme", "This device", "Firefox on Windows"]
    {
        assert!(page.page(200).contains(words), "{words}: {}", page.text());
    }
    assert!(!page.text().contains(&bob.session().expect("a session")), "no id of a session is on the page");
    app.browser().get("/account").send().await.page(401);
}

#[tokio::test]
async fn a_person_signs_out_one_of_their_other_devices() {
    let app = TestApp::start().await;
    let (bob, other, third) =
        (app.signed_in("bob").await, with_firefox(&app).await, app.signed_in("bob").await);
    let log = Log::keep();
    assert_eq!(handles(&bob).await.len(), 2);
    let page = other.get("/account").send().await.page(200).to_owned();
    assert!(page.contains("Firefox on Windows"), "{page}");
    // The handle of the third, as the other one sees both the rest.
    let mine = handles(&third).await;
    let both = handles(&bob).await;
    let handle = both.iter().find(|handle| mine.contains(handle)).expect("the Firefox");
    let page = bob.post("/api/platform/sessions/end").form(&[("handle", handle)]).follow().await;
    assert!(page.page(200).contains("That device is signed out."), "{}", page.text());
    other.get("/api/platform/session").send().await.problem(401);
    third.get("/api/platform/session").send().await.expect(200);
    assert_eq!(log.audit("end-session").len(), 1);
}

#[tokio::test]
async fn a_person_signs_out_all_their_other_devices_and_nobody_elses() {
    let app = TestApp::start().await;
    let (bob, other, third) =
        (app.signed_in("bob").await, app.signed_in("bob").await, app.signed_in("bob").await);
    let alice = app.signed_in("alice").await;
    let answer = bob.post("/api/platform/sessions/end-others").send().await;
    assert_eq!(answer.expect(200).json(), json!({ "ended": 2 }));
    for browser in [&other, &third] {
        browser.get("/api/platform/session").send().await.problem(401);
    }
    for browser in [&bob, &alice] {
        browser.get("/api/platform/session").send().await.expect(200);
    }
    let page = bob.get("/account").send().await;
    assert!(page.page(200).contains("signed in nowhere else"), "{}", page.text());
}

#[tokio::test]
async fn case_50_another_persons_session_cannot_be_ended() {
    let app = TestApp::start().await;
    let (bob, other, alice) =
        (app.signed_in("bob").await, app.signed_in("bob").await, app.signed_in("alice").await);
    let handle = handles(&bob).await.remove(0);
    let log = Log::keep();
    alice.post("/api/platform/sessions/end").json(&json!({ "handle": handle })).send().await.problem(404);
    assert!(log.denied("end-session", &handle), "{}", log.text());
    let foreign = bob.post("/api/platform/sessions/end").sent_from("cross-site");
    foreign.form(&[("handle", &handle)]).send().await.problem(403);
    bob.post("/api/platform/sessions/end-others").sent_from("cross-site").send().await.problem(403);
    other.get("/api/platform/session").send().await.expect(200);
}
