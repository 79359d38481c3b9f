use std::time::{Duration, Instant};

use portico_ports::Clock as _;
use serde_json::{Value, json};

use crate::test_app::{Answer, Browser, FakeProvider, Log, TestApp};

async fn members(of: &Browser) -> Vec<Value> {
    let listed = of.get("/api/platform/members").send().await.expect(200).json();
    listed.as_array().expect("a list").clone()
}

async fn id_of(admin: &Browser, name: &str) -> String {
    let members = members(admin).await;
    let member = members.iter().find(|member| member["name"] == name);
    member.unwrap_or_else(|| panic!("{name} is a member: {members:?}"))["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

async fn remove(by: &Browser, id: &str) -> Answer {
    by.post(&format!("/api/platform/members/{id}/remove")).send().await
}

async fn set_roles(by: &Browser, id: &str, roles: &[&str]) -> Answer {
    by.post(&format!("/api/platform/members/{id}/roles")).json(&json!({ "roles": roles })).send().await
}

#[tokio::test]
async fn everyone_who_has_signed_in_is_on_the_members_page() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    app.signed_in("bob").await;
    app.signed_in("erin").await;
    app.signed_in("carol").await;
    let all = members(&alice).await;
    let names: Vec<_> = all.iter().map(|member| member["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["Alice Archer", "Bob Baker", "Erin Ellis"], "carol belongs to another organization");
    assert_eq!((&all[1]["roles"], &all[1]["source"]), (&json!(["member"]), &json!("provider")));
    let page = alice.get("/members").send().await;
    for words in ["Members of Acme", "Bob Baker", "bob@acme.example", "Identity provider"] {
        assert!(page.page(200).contains(words), "{words}");
    }
    assert!(alice.get("/").send().await.page(200).contains("href=\"/members\""));
}

#[tokio::test]
async fn dates_and_roles_are_in_the_words_of_whoever_reads_them() {
    let app = TestApp::start().await;
    // Noon of tomorrow: no midnight comes between the login and the look at the clock.
    let noon = (app.clock.now() + time::Duration::DAY).replace_time(time::macros::time!(12:00));
    app.pass(noon - app.clock.now());
    let alice = app.signed_in("alice").await;
    let today = app.clock.now();
    let (day, year) = (today.day(), today.year());
    let machine = format!("<time datetime=\"{}\">", today.date());
    let page = async |language: &str| {
        let page = alice.get("/members").header("accept-language", language).send().await;
        page.page(200).to_owned()
    };
    let (english, german) = (page("en").await, page("de").await);
    let month = today.month().to_string();
    assert!(english.contains(&format!("{machine}{day} {month} {year}</time>")), "{english}");
    assert!(german.contains(&machine) && german.contains(&format!(">{day}. ")), "{german}");
    assert!(
        english.contains("Works with the organization&#39;s applications")
            || english.contains("Works with the organization's applications")
    );
    assert!(german.contains("Arbeitet mit den Anwendungen der Organisation"));
}

#[tokio::test]
async fn a_role_without_words_is_described_by_its_permissions() {
    let app = TestApp::configured(|config| {
        config.policy = serde_json::from_value(json!({
            "roles": { "admin": ["org.admin", "todos.read"], "member": ["todos.read"] },
            "role_descriptions": { "admin": "Looks after everyone" },
            "plans": { "all": "all" }, "default_plan": "all",
        }))
        .expect("a policy");
    })
    .await;
    let page = app.signed_in("alice").await.get("/members").send().await;
    for words in [">Looks after everyone</span>", ">todos.read</span>"] {
        assert!(page.page(200).contains(words), "{words}");
    }
}

#[tokio::test]
async fn case_51_a_removed_member_is_refused_at_once_and_their_streams_end() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let alice = app.signed_in("alice").await;
    let (bob, second) = (app.signed_in("bob").await, app.signed_in("bob").await);
    let mut stream = bob.get("/stream").open().await.expect("a stream");
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let id = id_of(&alice, "Bob Baker").await;
    let log = Log::keep();
    remove(&alice, &id).await.expect(200);
    let (calls, begun) = (app.todos.seen().len(), Instant::now());
    for browser in [&bob, &second] {
        browser.get("/bff/acme.todos/todos").send().await.problem(401);
        browser.get("/api/platform/session").send().await.problem(401);
    }
    assert_eq!(app.todos.seen().len(), calls, "nothing reaches the service");
    stream.rest().await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(log.audit("remove-member").len(), 1, "{}", log.text());

    // The provider still calls him a member: he can sign in, and is nothing here.
    let bob = app.signed_in("bob").await;
    let session = bob.get("/api/platform/session").send().await.json();
    assert_eq!((&session["organizations"], &session["entitlements"]), (&json!([]), &json!([])));
    bob.get("/bff/acme.todos/todos").send().await;
    assert_eq!(app.todos.seen().len(), calls, "his provider's token for acme is not used");
    assert!(!members(&alice).await.iter().any(|member| member["name"] == "Bob Baker"));
    remove(&alice, &id).await.problem(404);

    // Until he is invited again.
    let invitation = json!({ "email": "bob@acme.example", "roles": ["member"] });
    let made = alice.post("/api/platform/invitations").json(&invitation).send().await.json();
    let token = made["link"].as_str().and_then(|link| link.rsplit('/').next()).expect("a link").to_owned();
    bob.post("/api/platform/invitations/accept").json(&json!({ "token": token })).send().await.expect(200);
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
}

#[tokio::test]
async fn whoever_is_removed_from_one_of_two_organizations_goes_on_in_the_other() {
    let app = TestApp::start().await;
    let (alice, erin) = (app.signed_in("alice").await, app.signed_in("erin").await);
    let elsewhere = app.signed_in("erin").await;
    let form = [("organization", "globex"), ("return_to", "/")];
    elsewhere.post("/api/platform/organization").form(&form).send().await.expect(303);
    remove(&alice, &id_of(&alice, "Erin Ellis").await).await.expect(200);
    erin.get("/api/platform/session").send().await.problem(401);
    let session = elsewhere.get("/api/platform/session").send().await.expect(200).json();
    assert_eq!(session["organizations"], json!([{ "id": "globex", "name": "Globex" }]));
    let back = json!({ "organization": "acme", "return_to": "/" });
    elsewhere.post("/api/platform/organization").json(&back).send().await.problem(404);
    // Her provider's tokens are for acme at first; the portal asks for those of the organization that is left.
    let again = app.signed_in("erin").await;
    again.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.todos.last().claims()["org_id"], "globex");
}

#[tokio::test]
async fn case_39_a_token_from_before_a_change_of_roles_is_not_used_again() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let before = app.todos.last().claims();
    assert_eq!(before["roles"], json!(["member"]));
    let old = bob.copy();
    set_roles(&alice, &id_of(&alice, "Bob Baker").await, &["admin"]).await.expect(200);
    bob.get("/bff/acme.todos/todos").send().await.expect(200);
    let after = app.todos.last().claims();
    assert_ne!(after["jti"], before["jti"], "it was exchanged anew");
    assert_eq!(after["roles"], json!(["admin"]));
    let session = bob.get("/api/platform/session").send().await.json();
    assert!(session["entitlements"].to_string().contains("org.admin"), "{session}");
    bob.get("/").send().await.page(200);
    assert_ne!(bob.session(), old.session(), "the next page goes on under a new id");
    old.get("/api/platform/session").send().await.problem(401);
    assert_eq!(members(&bob).await.len(), 2, "and he administers now");
}

#[tokio::test]
async fn case_39_a_permission_that_is_taken_away_is_missed_at_once() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let id = id_of(&alice, "Bob Baker").await;
    set_roles(&alice, &id, &["admin"]).await.expect(200);
    bob.get("/api/platform/members").send().await.expect(200);
    set_roles(&alice, &id, &["member"]).await.expect(200);
    bob.get("/api/platform/members").send().await.problem(403);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    app.signed_in("bob").await;
    let id = id_of(&alice, "Alice Archer").await;
    assert_eq!(remove(&alice, &id).await.problem_kind(422), "not-possible");
    assert_eq!(set_roles(&alice, &id, &["member"]).await.problem_kind(422), "not-possible");
    let form = [("organization", "acme")];
    let page = alice.post(&format!("/api/platform/members/{id}/remove")).form(&form).follow().await;
    assert!(page.page(200).contains("is the last administrator"), "{}", page.text());
    set_roles(&alice, &id_of(&alice, "Bob Baker").await, &["admin"]).await.expect(200);
    let page = alice.post(&format!("/api/platform/members/{id}/remove")).form(&form).follow().await;
    assert!(page.page(200).contains("Sign in"), "she is out: {}", page.text());
}

#[tokio::test]
async fn forms_say_on_the_next_page_what_became_of_them() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    app.signed_in("bob").await;
    let id = id_of(&alice, "Bob Baker").await;
    let roles = |role: &'static str| {
        let form = [("organization", "acme"), ("roles", role)];
        alice.post(&format!("/api/platform/members/{id}/roles")).form(&form).follow()
    };
    assert!(roles("admin").await.page(200).contains("Bob Baker now has other roles."));
    assert!(roles("superadmin").await.page(200).contains("There is no role"));
    let form = [("organization", "acme")];
    let page = alice.post(&format!("/api/platform/members/{id}/remove")).form(&form).follow().await;
    assert!(page.page(200).contains("Bob Baker was removed."), "{}", page.text());
    let stale = [("organization", "globex")];
    let page = alice.post(&format!("/api/platform/members/{id}/remove")).form(&stale).follow().await;
    assert!(page.page(200).contains("another organization"), "{}", page.text());
}

#[tokio::test]
async fn case_53_the_same_sub_from_another_issuer_is_another_member() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let admin = app.browser();
    provider
        .login(&app, &admin, |token| {
            token.claims["organizations"] = json!([{ "id": "acme", "roles": ["admin"] }]);
        })
        .await
        .expect(303);
    let person = portico_directory::Person {
        id: portico_directory::PersonId { issuer: "https://other.test".into(), sub: "person-1".into() },
        name: "Somebody Else".into(),
        email: None,
        email_verified: None,
    };
    let belonging = portico_directory::Belonging {
        org_id: "acme".into(),
        name: "acme".into(),
        roles: vec!["member".into()],
    };
    let claims = portico_directory::Claims { organizations: vec![belonging], complete: true };
    let now = time::OffsetDateTime::from_unix_timestamp(app.now()).expect("an instant");
    app.state.directory.record(&person, &claims, now).await.expect("recorded");
    assert_eq!(members(&admin).await.len(), 2);
    remove(&admin, &id_of(&admin, "Somebody Else").await).await.expect(200);
    admin.get("/api/platform/session").send().await.expect(200);
}
