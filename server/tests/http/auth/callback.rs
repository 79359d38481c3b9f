use portico_dev_idp::{Endpoint, Failure};
use portico_ports::HttpClientError;
use serde_json::{Value, json};

use crate::test_app::{Answer, Browser, FakeProvider, ISSUER, IdToken, PublicKeyForm, Signature, TestApp};

/// A refused login: a page with a 4xx status, no session, and nothing bound to this browser.
fn assert_refused(what: &str, answer: &Answer, browser: &Browser) {
    assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
    answer.page(answer.status.as_u16());
    assert!(browser.session().is_none(), "{what} gave a session");
    assert!(answer.set_cookies().iter().all(|cookie| !cookie.starts_with("__Host-portico=")), "{what}");
}

#[tokio::test]
async fn a_sound_id_token_signs_in() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let browser = app.browser();
    let answer = provider.login(&app, &browser, |_| {}).await;
    assert_eq!(answer.location(), "/todos");
    let session = browser.get("/api/platform/session").send().await.json();
    assert_eq!((session["sub"].as_str(), session["name"].as_str()), (Some("person-1"), Some("Pat Person")));
}

#[tokio::test]
async fn case_01_an_id_token_with_a_wrong_or_missing_claim_is_refused() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let now = app.now();
    type Change = Box<dyn Fn(&mut IdToken)>;
    let set = |claim: &'static str, value: Value| -> Change {
        Box::new(move |token| token.claims[claim] = value.clone())
    };
    let without = |claim: &'static str| -> Change { Box::new(move |token| token.remove(claim)) };
    let wrong: Vec<(&str, Change)> = vec![
        ("another iss", set("iss", json!("https://evil.test"))),
        ("iss with a slash", set("iss", json!(format!("{ISSUER}/")))),
        ("no iss", without("iss")),
        ("another aud", set("aud", json!("someone-else"))),
        ("a second aud", set("aud", json!(["portico", "someone-else"]))),
        ("an empty aud", set("aud", json!([]))),
        ("no aud", without("aud")),
        ("another nonce", set("nonce", json!("not-the-nonce"))),
        ("an empty nonce", set("nonce", json!(""))),
        ("no nonce", without("nonce")),
        ("no sub", without("sub")),
        ("an empty sub", set("sub", json!(""))),
        ("no iat", without("iat")),
        ("iat in the future", set("iat", json!(now + 3600))),
        ("expired", set("exp", json!(now - 3600))),
        ("no exp", without("exp")),
        ("azp of another client", set("azp", json!("someone-else"))),
    ];
    for (what, change) in wrong {
        let browser = app.browser();
        let answer = provider.login(&app, &browser, change).await;
        assert_refused(what, &answer, &browser);
    }
}

#[tokio::test]
async fn case_02_an_id_token_that_the_provider_did_not_sign_is_refused_and_its_keys_are_not_fetched() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    type Change = Box<dyn Fn(&mut IdToken)>;
    let header = |changes: Value, signature: fn() -> Signature| -> Change {
        Box::new(move |token| {
            token
                .header
                .as_object_mut()
                .expect("an object")
                .extend(changes.as_object().expect("an object").clone());
            token.signature = signature();
        })
    };
    let jwk = FakeProvider::stranger_jwk();
    let wrong: Vec<(&str, Change)> = vec![
        ("alg none", header(json!({ "alg": "none" }), || Signature::Absent)),
        ("alg None", header(json!({ "alg": "None" }), || Signature::Absent)),
        ("alg none, signed", header(json!({ "alg": "none" }), || Signature::Sound)),
        ("no signature", header(json!({}), || Signature::Absent)),
        ("a broken signature", header(json!({}), || Signature::Broken)),
        ("a stranger's signature", header(json!({}), || Signature::ByStranger)),
        (
            "a stranger's signature under another kid",
            header(json!({ "kid": "k2" }), || Signature::ByStranger),
        ),
        (
            "HS256 with the PEM",
            header(json!({ "alg": "HS256" }), || Signature::KeyedWithPublicKey(PublicKeyForm::Pem)),
        ),
        (
            "HS256 with the DER",
            header(json!({ "alg": "HS256" }), || Signature::KeyedWithPublicKey(PublicKeyForm::Der)),
        ),
        (
            "HS256 with the modulus",
            header(json!({ "alg": "HS256" }), || Signature::KeyedWithPublicKey(PublicKeyForm::Modulus)),
        ),
        ("an embedded jwk", header(json!({ "jwk": jwk }), || Signature::ByStranger)),
        ("an embedded jku", header(json!({ "jku": "https://evil.test/jwks" }), || Signature::ByStranger)),
        ("an embedded x5u", header(json!({ "x5u": "https://evil.test/cert" }), || Signature::ByStranger)),
        ("a critical extension", header(json!({ "crit": ["x"], "x": 1 }), || Signature::Sound)),
    ];
    for (what, change) in wrong {
        let browser = app.browser();
        let answer = provider.login(&app, &browser, change).await;
        assert_refused(what, &answer, &browser);
    }
    let foreign: Vec<_> =
        app.outbound.sent().into_iter().filter(|sent| !sent.url.starts_with(ISSUER)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[tokio::test]
async fn case_04_a_flood_of_unknown_keys_fetches_the_key_set_once_and_rotation_still_works() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    provider.login(&app, &app.browser(), |_| {}).await.expect(303);
    let fetches = || app.outbound.sent().iter().filter(|sent| sent.url.ends_with("/jwks")).count();
    let before = fetches();
    app.pass(time::Duration::minutes(1));
    for _ in 0..10 {
        let unknown = |token: &mut IdToken| {
            token.header["kid"] = json!("unknown");
            token.signature = Signature::ByStranger;
        };
        provider.login(&app, &app.browser(), unknown).await;
    }
    assert!(fetches() - before <= 1, "{} fetches", fetches() - before);
    let app = TestApp::start().await;
    app.signed_in("alice").await;
    app.pass(time::Duration::minutes(1));
    app.dev_idp().rotate_signing_key().expect("a new key");
    app.signed_in("bob").await;
}

#[tokio::test]
async fn case_05_a_callback_without_a_login_of_this_browser_binds_nothing() {
    let app = TestApp::start().await;
    let mine = app.browser();
    let callback = mine.up_to_callback("/auth/login?login_hint=alice").await;
    let (state, code) = (pair(&callback, "state"), pair(&callback, "code"));
    let iss = pair(&callback, "iss");
    for (what, query) in [
        ("no parameters", String::new()),
        ("no state", format!("{code}&{iss}")),
        ("an empty state", format!("state=&{code}&{iss}")),
        ("a state twice", format!("{state}&{state}&{code}&{iss}")),
        ("a code twice", format!("{state}&{code}&{code}&{iss}")),
        ("an unknown state", format!("state=unknown&{code}&{iss}")),
        ("no code", format!("{state}&{iss}")),
    ] {
        let browser = mine.copy();
        let answer = browser.get(&format!("/auth/callback?{query}")).sent_from("cross-site").send().await;
        answer.page(400);
        assert_refused(what, &answer, &browser);
    }
    let other = app.browser();
    let answer = other.get(callback.as_str()).sent_from("cross-site").send().await;
    answer.page(400);
    assert_refused("another browser", &answer, &other);
    assert_eq!(app.outbound.count("authorization_code"), 0, "no code went anywhere");
    mine.get(callback.as_str()).sent_from("cross-site").send().await.expect(303);
}

#[tokio::test]
async fn case_05_a_callback_is_answered_once() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.up_to_callback("/auth/login?login_hint=alice").await;
    let before = browser.copy();
    browser.get(callback.as_str()).sent_from("cross-site").send().await.expect(303);
    browser.get(callback.as_str()).sent_from("cross-site").send().await.page(400);
    browser.get("/api/platform/session").send().await.expect(200);
    // Somebody who kept the login's cookie as well gets no further: the provider redeems a code once.
    let answer = before.get(callback.as_str()).sent_from("cross-site").send().await;
    assert_refused("a code used twice", &answer, &before);
}

#[tokio::test]
async fn case_30_another_browsers_login_cannot_be_finished_in_a_session_of_ones_own() {
    let app = TestApp::start().await;
    let (mallory, bob) = (app.browser(), app.signed_in("bob").await);
    let callback = mallory.up_to_callback("/auth/login?login_hint=alice").await;
    let before = bob.session();
    bob.get(callback.as_str()).sent_from("cross-site").send().await.page(400);
    assert_eq!(bob.session(), before, "bob stays who he was");
    assert_eq!(bob.get("/api/platform/session").send().await.json()["sub"], "demo|bob");
    let begun = bob.up_to_callback("/auth/login?login_hint=bob").await;
    let mixed = format!(
        "/auth/callback?{}&{}&{}",
        pair(&begun, "state"),
        pair(&callback, "code"),
        pair(&callback, "iss")
    );
    bob.get(&mixed).sent_from("cross-site").send().await.page(400);
    assert_eq!(
        bob.get("/api/platform/session").send().await.json()["sub"],
        "demo|bob",
        "her code fits no verifier of his"
    );
}

#[tokio::test]
async fn case_07_an_answer_of_another_issuer_is_refused_before_the_code_goes_anywhere() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for iss in ["https://other.test", "", "http://127.0.0.1/dev/idp"] {
        let callback = browser.up_to_callback("/auth/login?login_hint=alice").await;
        let mixed =
            format!("/auth/callback?{}&{}&iss={iss}", pair(&callback, "state"), pair(&callback, "code"));
        let answer = browser.get(&mixed).sent_from("cross-site").send().await;
        assert_refused(iss, &answer, &browser);
    }
    let callback = browser.up_to_callback("/auth/login?login_hint=alice").await;
    let without = format!("/auth/callback?{}&{}", pair(&callback, "state"), pair(&callback, "code"));
    let answer = browser.get(&without).sent_from("cross-site").send().await;
    assert_refused("no iss although it was promised", &answer, &browser);
    assert_eq!(app.outbound.count("authorization_code"), 0);
}

#[tokio::test]
async fn case_13_a_provider_that_fails_at_the_callback_is_a_bounded_page() {
    let app = TestApp::start().await;
    for (failure, status) in [
        (Failure::Status(503), 502),
        (Failure::Nonsense, 502),
        (Failure::Status(500), 502),
        (Failure::OAuth("server_error"), 502),
        (Failure::OAuth("invalid_grant"), 400),
    ] {
        let browser = app.browser();
        let callback = browser.up_to_callback("/auth/login?login_hint=alice").await;
        app.dev_idp().fail_next(Endpoint::Token, failure);
        browser.get(callback.as_str()).sent_from("cross-site").send().await.page(status);
        assert!(browser.session().is_none());
        browser.login("alice").await;
    }
}

#[tokio::test]
async fn case_13_a_callback_that_met_a_provider_out_of_reach_can_be_reloaded() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.up_to_callback("/auth/login?login_hint=alice").await;
    let away: [(fn() -> HttpClientError, u16); 2] =
        [(|| HttpClientError::Timeout, 504), (|| HttpClientError::Connection("refused".into()), 502)];
    for (error, status) in away {
        app.outbound.answers(move |sent| (sent.grant() == "authorization_code").then(|| Err(error())));
        browser.get(callback.as_str()).sent_from("cross-site").send().await.page(status);
    }
    app.outbound.passes_everything();
    browser.get(callback.as_str()).sent_from("cross-site").send().await.expect(303);
    browser.get("/api/platform/session").send().await.expect(200);
}

#[tokio::test]
async fn case_15_a_cookie_that_was_there_before_the_login_is_not_the_session() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.plant("__Host-portico", "AAAAAAAAAAAAAAAAAAAAAA");
    browser.login("alice").await;
    assert_ne!(browser.session().as_deref(), Some("AAAAAAAAAAAAAAAAAAAAAA"));
    let before = browser.copy();
    browser.login("alice").await;
    assert_ne!(before.session(), browser.session(), "a login always leads to a new id");
    before.get("/api/platform/session").send().await.problem(401);
}

#[tokio::test]
async fn case_28_a_login_that_another_site_forces_on_a_browser_does_not_replace_its_session() {
    let app = TestApp::start().await;
    let (attacker, victim) = (app.browser(), app.signed_in("bob").await);
    let callback = attacker.up_to_callback("/auth/login?login_hint=carol").await;
    victim.get(callback.as_str()).sent_from("cross-site").send().await.page(400);
    assert_eq!(victim.get("/api/platform/session").send().await.json()["sub"], "demo|bob");
}

#[tokio::test]
async fn a_login_that_took_longer_than_ten_minutes_has_to_be_begun_again() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.up_to_callback("/auth/login?login_hint=alice").await;
    app.pass(time::Duration::minutes(11));
    let answer = browser.get(callback.as_str()).sent_from("cross-site").send().await;
    assert!(answer.page(400).contains("ten minutes"));
}

/// `name=value` of a URL's query, as it stands there.
fn pair(url: &url::Url, name: &str) -> String {
    let query = url.query().unwrap_or_default();
    query.split('&').find(|pair| pair.starts_with(&format!("{name}="))).unwrap_or_default().to_owned()
}
