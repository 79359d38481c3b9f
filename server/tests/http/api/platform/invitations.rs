use serde_json::{Value, json};

use crate::test_app::{Answer, Browser, FakeProvider, Log, MailServer, TestApp};

const CAROL: &str = "carol@globex.example";

async fn invite(by: &Browser, email: &str, roles: &[&str]) -> Answer {
    by.post("/api/platform/invitations").json(&json!({ "email": email, "roles": roles })).send().await
}

/// The token in a link.
fn token(link: &str) -> &str {
    link.rsplit_once("/invitations/").map(|(_, token)| token).expect("a link to an invitation")
}

fn link(made: &Answer) -> String {
    made.expect(201).json()["link"].as_str().expect("development shows the link").to_owned()
}

async fn accept(by: &Browser, token: &str) -> Answer {
    by.post("/api/platform/invitations/accept").json(&json!({ "token": token })).send().await
}

async fn organization(of: &Browser) -> Value {
    of.get("/api/platform/session").send().await.expect(200).json()["orgId"].clone()
}

#[tokio::test]
async fn an_invited_person_accepts_and_works_in_the_organization() {
    let app = TestApp::start().await;
    let (alice, carol) = (app.signed_in("alice").await, app.signed_in("carol").await);
    let made = invite(&alice, "Carol@Globex.example", &["member"]).await;
    assert_eq!(made.expect(201).json()["email"], CAROL);
    let open = alice.get("/api/platform/invitations").send().await.expect(200).json();
    assert_eq!(open.as_array().map(Vec::len), Some(1));
    assert!(!open.to_string().contains(token(&link(&made))), "the token is told once: {open}");

    let (before, old) = (carol.session(), carol.copy());
    let accepted = accept(&carol, token(&link(&made))).await;
    assert_eq!(accepted.expect(200).json(), json!({ "location": "/" }));
    assert_ne!(carol.session(), before, "it goes on under a new id");
    old.get("/api/platform/session").send().await.problem(401);
    let session = carol.get("/api/platform/session").send().await.json();
    assert_eq!(session["orgId"], "acme");
    assert!(session["entitlements"].to_string().contains("todos.write"), "{session}");
    assert!(!session["entitlements"].to_string().contains("org.admin"), "{session}");
    let names: Vec<_> =
        session["organizations"].as_array().into_iter().flatten().map(|o| &o["name"]).collect();
    assert_eq!(names, ["Globex", "Acme"]);
    let applications = carol.get("/api/platform/applications").send().await.text().to_owned();
    assert!(applications.contains("acme.todos"), "{applications}");
    carol.get("/bff/acme.todos/todos").send().await.expect(200);
    assert_eq!(app.todos.last().claims()["org_id"], "acme", "services see the organization too");
    assert!(carol.get("/").send().await.page(200).contains("Welcome to Acme."));
    assert!(!carol.get("/").send().await.page(200).contains("Welcome to Acme."), "said once");
    assert!(alice.get("/api/platform/invitations").send().await.json().as_array().is_some_and(Vec::is_empty));

    // She stays a member by what the portal keeps, and can go back and forth.
    let again = app.signed_in("carol").await;
    let form = [("organization", "acme"), ("return_to", "/")];
    again.post("/api/platform/organization").form(&form).send().await.expect(303);
    assert_eq!(organization(&again).await, "acme");
}

#[tokio::test]
async fn forms_say_on_the_next_page_what_became_of_them() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    let post = |fields: &'static [(&'static str, &'static str)]| {
        alice.post("/api/platform/invitations").form(fields).follow()
    };
    let page = post(&[("organization", "acme"), ("email", "not an address"), ("roles", "member")]).await;
    assert!(page.page(200).contains("is no e-mail address"), "{}", page.text());
    assert!(page.text().contains("value=\"not an address\""), "what was typed stays");
    let page = post(&[("organization", "acme"), ("email", "dana@example.com")]).await;
    assert!(page.page(200).contains("Choose at least one role"));
    let page = post(&[("organization", "acme"), ("email", "dana@example.com"), ("roles", "member")]).await;
    assert!(page.page(200).contains("/invitations/"), "the link is there");
    assert!(page.text().contains("dana@example.com"));
    let again = alice.get("/members").send().await;
    assert!(!again.page(200).contains("/invitations/") || !again.text().contains("panel-link"), "shown once");

    // A page from before a switch writes nothing into another organization (case 15).
    let page = post(&[("organization", "globex"), ("email", "eve@example.com"), ("roles", "member")]).await;
    assert!(page.page(200).contains("another organization"), "{}", page.text());
    assert!(!alice.get("/members").send().await.text().contains("eve@example.com"));
}

#[tokio::test]
async fn what_is_no_invitation_is_refused_with_what_is_expected() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    for (email, roles) in
        [("", vec!["member"]), ("nonsense", vec!["member"]), (CAROL, vec![]), (CAROL, vec!["superadmin"])]
    {
        assert_eq!(invite(&alice, email, &roles).await.problem_kind(422), "not-possible");
    }
    for body in ["", "[]", "{\"email\":7}", "{\"roles\":[7]}", "nonsense"] {
        alice.post("/api/platform/invitations").body("application/json", body).send().await.problem(400);
    }
    alice.post("/api/platform/invitations").body("text/plain", "x").send().await.problem(400);
    app.browser().post("/api/platform/invitations").json(&json!({})).send().await.problem(401);
    let foreign = alice.post("/api/platform/invitations").sent_from("cross-site");
    foreign.form(&[("email", CAROL), ("roles", "admin")]).send().await.problem(403);
    assert!(alice.get("/api/platform/invitations").send().await.json().as_array().is_some_and(Vec::is_empty));
}

#[tokio::test]
async fn a_member_who_is_no_administrator_can_neither_invite_nor_look() {
    let app = TestApp::start().await;
    let bob = app.signed_in("bob").await;
    let log = Log::keep();
    invite(&bob, CAROL, &["member"]).await.problem(403);
    bob.get("/api/platform/invitations").send().await.problem(403);
    bob.get("/api/platform/members").send().await.problem(403);
    bob.post("/api/platform/invitations/x/revoke").send().await.problem(403);
    bob.post("/api/platform/invitations/x/send").send().await.problem(403);
    assert!(bob.get("/members").send().await.page(403).contains("do not have access"));
    assert!(!bob.get("/").send().await.page(200).contains("href=\"/members\""));
    assert!(log.denied("invite", "organization acme"), "{}", log.text());
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let app = TestApp::configured(|config| {
        config.policy = serde_json::from_value(json!({
            "roles": {
                "member": ["todos.read"], "admin": ["todos.read", "org.admin"],
                "owner": ["todos.read", "org.admin", "billing.admin"],
            },
            "plans": { "standard": "all" }, "default_plan": "standard",
        }))
        .expect("a policy");
    })
    .await;
    let alice = app.signed_in("alice").await;
    let log = Log::keep();
    assert_eq!(invite(&alice, CAROL, &["member", "owner"]).await.problem_kind(422), "not-possible");
    assert!(log.denied("invite", "organization acme"), "{}", log.text());
    invite(&alice, CAROL, &["member", "admin"]).await.expect(201);
    let page = alice.get("/members").send().await;
    assert!(!page.page(200).contains("value=\"owner\""), "and it is not offered");
}

#[tokio::test]
async fn case_30_one_persons_invitation_is_refused_in_anothers_session() {
    let app = TestApp::start().await;
    let (alice, erin) = (app.signed_in("alice").await, app.signed_in("erin").await);
    let made = invite(&alice, CAROL, &["admin"]).await;
    let (link, log, before) = (link(&made), Log::keep(), erin.session());
    accept(&erin, token(&link)).await.problem(403);
    let form = [("token", token(&link))];
    erin.post("/api/platform/invitations/accept").form(&form).send().await.problem(403);
    assert!(log.denied("accept-invitation", "invitation"), "{}", log.text());
    assert_eq!(erin.session(), before);
    assert!(!erin.get("/api/platform/session").send().await.text().contains("org.admin"));
    let page = erin.get(&format!("/invitations/{}", token(&link))).send().await;
    assert!(page.page(200).contains("for someone else") && !page.text().contains(CAROL), "{}", page.text());
    // Neither a login in between nor a cross-site form changes that.
    let carol = app.signed_in("carol").await;
    let foreign = carol.post("/api/platform/invitations/accept").sent_from("cross-site");
    foreign.form(&form).send().await.problem(403);
    assert_eq!(organization(&carol).await, "globex");
    accept(&carol, token(&link)).await.expect(200);
}

#[tokio::test]
async fn case_30_an_address_that_the_provider_calls_unverified_accepts_nothing() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let (admin, person) = (app.browser(), app.browser());
    let of = |role: &str, email: &str, sub: &str| json!({ "sub": sub, "email": email, "organizations": [{ "id": "acme", "roles": [role] }] });
    let login = |browser, claims: Value, verified: Value| {
        provider.login(&app, browser, move |token: &mut crate::test_app::IdToken| {
            for (name, value) in claims.as_object().expect("claims") {
                token.claims[name] = value.clone();
            }
            token.claims["email_verified"] = verified;
        })
    };
    login(&admin, of("admin", "admin@example.com", "admin-1"), json!(true)).await.expect(303);
    let made = invite(&admin, "pat@example.com", &["member"]).await;
    let link = link(&made);
    let elsewhere = json!({
        "sub": "pat-1", "email": "pat@example.com", "org_id": "globex", "organizations": [{ "id": "globex" }],
    });
    login(&person, elsewhere.clone(), json!(false)).await.expect(303);
    accept(&person, token(&link)).await.problem(403);
    let page = person.get(&format!("/invitations/{}", token(&link))).send().await;
    assert!(page.page(200).contains("has not verified your address"), "{}", page.text());
    login(&person, elsewhere, json!(true)).await.expect(303);
    let calls = app.outbound.sent().len();
    accept(&person, token(&link)).await.expect(200);
    assert_eq!(organization(&person).await, "acme", "an organization that only the portal knows");
    assert_eq!(app.outbound.sent().len(), calls, "without a round trip to the provider");
}

#[tokio::test]
async fn an_invitation_is_over_once_it_was_accepted_revoked_replaced_or_its_time_has_come() {
    let app = TestApp::start().await;
    let (alice, carol) = (app.signed_in("alice").await, app.signed_in("carol").await);
    let gone = async |token: &str| {
        let kind = accept(&carol, token).await.problem_kind(410);
        assert_eq!(kind, "invitation-over");
        let page = carol.get(&format!("/invitations/{token}")).send().await;
        assert!(page.page(200).contains("not open any more"), "{}", page.text());
    };
    let replaced = link(&invite(&alice, CAROL, &["admin"]).await);
    let made = invite(&alice, CAROL, &["member"]).await;
    gone(token(&replaced)).await;

    let id = made.json()["id"].as_str().expect("an id").to_owned();
    alice.post(&format!("/api/platform/invitations/{id}/revoke")).send().await.expect(200);
    gone(token(&link(&made))).await;
    alice.post(&format!("/api/platform/invitations/{id}/revoke")).send().await.problem(422);

    let late = link(&invite(&alice, CAROL, &["member"]).await);
    app.pass(time::Duration::days(7));
    let (alice, carol) = (app.signed_in("alice").await, app.signed_in("carol").await);
    assert_eq!(accept(&carol, token(&late)).await.problem_kind(410), "invitation-over");
    assert!(
        carol.get(&format!("/invitations/{}", token(&late))).send().await.page(200).contains("time is over")
    );

    let once = link(&invite(&alice, CAROL, &["member"]).await);
    accept(&carol, token(&once)).await.expect(200);
    accept(&carol, token(&once)).await.problem(410);
    accept(&carol, "guessed").await.problem(404);
    carol.get("/invitations/guessed").send().await.page(404);
    app.browser().get("/invitations/guessed").send().await.page(401);
}

#[tokio::test]
async fn of_two_browsers_that_accept_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    let link = link(&invite(&alice, CAROL, &["member"]).await);
    let (one, other) = (app.signed_in("carol").await, app.signed_in("carol").await);
    let (first, second) = futures::join!(accept(&one, token(&link)), accept(&other, token(&link)));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410]);
}

#[tokio::test]
async fn case_50_another_organizations_invitation_is_not_there_and_the_attempt_is_audited() {
    let app = TestApp::start().await;
    let (alice, carol) = (app.signed_in("alice").await, app.signed_in("carol").await);
    let made = invite(&alice, CAROL, &["admin"]).await;
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    accept(&carol, token(&link(&made))).await.expect(200);
    // Erin administers Globex, and nothing else.
    let dana = invite(&alice, "dana@example.com", &["member"]).await;
    let other = dana.json()["id"].as_str().expect("an id").to_owned();
    let globex = app.signed_in("erin").await;
    app.dev_idp().grant_membership("demo|erin", "globex", &["admin".to_owned()]);
    let form = [("organization", "globex"), ("return_to", "/")];
    globex.post("/api/platform/organization").form(&form).send().await.expect(303);
    let log = Log::keep();
    for id in [&id, &other] {
        globex.post(&format!("/api/platform/invitations/{id}/revoke")).send().await.problem(404);
        globex.post(&format!("/api/platform/invitations/{id}/send")).send().await.problem(404);
    }
    assert!(log.denied("revoke-invitation", &format!("invitation {other}")), "{}", log.text());
    assert_eq!(alice.get("/api/platform/invitations").send().await.json().as_array().map(Vec::len), Some(1));
    globex.post(&format!("/api/platform/members/{other}/remove")).send().await.problem(404);
    assert!(log.denied("remove-member", &format!("member {other}")), "{}", log.text());
}

#[tokio::test]
async fn a_link_asks_a_stranger_to_sign_in_as_the_one_it_is_for() {
    let app = TestApp::start().await;
    let alice = app.signed_in("alice").await;
    let link = link(&invite(&alice, CAROL, &["member"]).await);
    let path = format!("/invitations/{}", token(&link));
    let carol = app.browser();
    let page = carol.get(&path).sent_from("cross-site").send().await;
    for words in ["Alice Archer", "Acme", CAROL, "Sign in to accept"] {
        assert!(page.page(200).contains(words), "{words}: {}", page.text());
    }
    let login = format!("/auth/login?return_to={path}&login_hint={CAROL}");
    assert!(page.text().replace("%40", "@").replace("&amp;", "&").contains(&login), "{}", page.text());
    let page = carol.get(&login).sent_from("none").follow().await;
    assert!(page.page(200).contains("Accept invitation"), "{}", page.text());
    let form = [("token", token(&link))];
    let home = carol.post("/api/platform/invitations/accept").form(&form).follow().await;
    assert!(home.page(200).contains("Welcome to Acme."), "{}", home.text());
    assert_eq!(organization(&carol).await, "acme");
}

#[tokio::test]
async fn the_token_is_never_in_the_log_once_mail_is_set_up() {
    let (app, mail) = with_mail().await;
    let (alice, carol) = (app.signed_in("alice").await, app.signed_in("carol").await);
    let log = Log::keep();
    invite(&alice, CAROL, &["member"]).await.expect(201);
    let text = mail.received()[0].part("text/plain");
    let link = text.lines().find(|line| line.contains("/invitations/")).expect("a link");
    for browser in [&app.browser(), &alice, &carol] {
        browser.get(&format!("/invitations/{}", token(link))).send().await.page(200);
        browser.post(&format!("/invitations/{}", token(link))).send().await.problem(405);
        // Written in another way it is no page, and its token a credential all the same.
        for disguise in ["/%69nvitations/", "/invitations%2F", "/Invitations//"] {
            browser.get(&format!("{disguise}{}", token(link))).send().await;
        }
    }
    for url in [link.to_owned(), link.replace("/invitations/", "/%69nvitations/")] {
        let report = json!({ "type": "csp-violation", "body": { "documentURL": url, "blockedURL": url } });
        carol.post("/api/platform/reports").json(&report).send().await.expect(204);
    }
    accept(&carol, token(link)).await.expect(200);
    accept(&carol, token(link)).await.problem(410);
    assert!(log.text().contains("/invitations/***"), "{}", log.text());
    assert!(!log.text().contains(token(link)), "{}", log.text());
}

async fn with_mail() -> (TestApp, MailServer) {
    let mail = MailServer::start().await;
    let url = mail.url().to_owned();
    let app = TestApp::configured(|config| {
        let file = config.data_dir.with_extension("smtp");
        std::fs::write(&file, url).expect("the file can be written");
        config.mail.smtp_url_file = Some(file);
        config.mail.from = Some("Portico <portal@example.com>".into());
    })
    .await;
    (app, mail)
}

#[tokio::test]
async fn an_invitation_is_mailed_as_text_and_as_html_in_the_inviters_language() {
    let (app, mail) = with_mail().await;
    let alice = app.signed_in("alice").await;
    let made = invite(&alice, CAROL, &["member"]).await;
    assert!(made.expect(201).json().get("link").is_none(), "whoever invites does not get the link");
    let page = alice.post("/api/platform/invitations").header("accept-language", "de");
    let form = [("email", "dora@example.com"), ("roles", "member")];
    page.form(&form).send().await.expect(303);
    let received = mail.received();
    assert_eq!((received[0].from.as_str(), received[0].to.as_str()), ("portal@example.com", CAROL));
    assert!(received[0].data.contains("Subject: Invitation to Acme"), "{}", received[0].data);
    assert!(received[0].data.contains("Auto-Submitted: auto-generated"));
    for kind in ["text/plain", "text/html"] {
        let part = received[0].part(kind);
        assert!(part.contains("Alice Archer invites you to join Acme"), "{part}");
        assert!(part.contains(&format!("{}/invitations/", app.origin)), "{part}");
    }
    assert_eq!(received.len(), 2, "{received:?}");
    assert!(received[1].part("text/plain").contains("Alice Archer lädt Sie ein"));
}

#[tokio::test]
async fn an_invitation_that_could_not_be_mailed_is_kept_told_and_sent_again() {
    let (app, mail) = with_mail().await;
    let alice = app.signed_in("alice").await;
    mail.refuse(true);
    let form = [("organization", "acme"), ("email", CAROL), ("roles", "member")];
    let page = alice.post("/api/platform/invitations").form(&form).follow().await;
    assert!(page.page(200).contains("the mail server did not take it"), "{}", page.text());
    assert!(page.text().contains("Not delivered"));
    let open = alice.get("/api/platform/invitations").send().await.json();
    assert_eq!((&open[0]["email"], &open[0]["delivered"]), (&json!(CAROL), &json!(false)));
    mail.refuse(false);
    let id = open[0]["id"].as_str().expect("an id");
    let form = [("organization", "acme")];
    let page = alice.post(&format!("/api/platform/invitations/{id}/send")).form(&form).follow().await;
    assert!(page.page(200).contains("is on its way"), "{}", page.text());
    assert_eq!(mail.received().len(), 1);
    let open = alice.get("/api/platform/invitations").send().await.json();
    assert_eq!((open.as_array().map(Vec::len), &open[0]["delivered"]), (Some(1), &json!(true)));
}

#[tokio::test]
async fn an_organization_can_only_send_so_many_letters() {
    let app = TestApp::configured(|config| config.invitations.per_minute = 2).await;
    let alice = app.signed_in("alice").await;
    invite(&alice, "one@example.com", &["member"]).await.expect(201);
    let made = invite(&alice, "two@example.com", &["member"]).await.json();
    assert_eq!(invite(&alice, "three@example.com", &["member"]).await.problem_kind(429), "too-many-requests");
    let id = made["id"].as_str().expect("an id");
    alice.post(&format!("/api/platform/invitations/{id}/send")).send().await.problem(429);
}
