use std::time::{Duration, Instant};

use portico_dev_idp::LogoutTarget;
use serde_json::{Value, json};

use crate::test_app::{
    Answer, Browser, FakeProvider, IdToken, LiveStream, PublicKeyForm, Signature, TestApp,
};

async fn tell(app: &TestApp, token: &str) -> Answer {
    let provider = app.browser();
    let request = provider.post("/auth/backchannel-logout").sent_from_nowhere();
    request.form(&[("logout_token", token)]).send().await
}

/// Signs in at a session of the provider of its own.
async fn signed_in(provider: &FakeProvider, app: &TestApp, sub: &str, sid: &str) -> Browser {
    let browser = app.browser();
    let person = |token: &mut IdToken| {
        token.claims["sub"] = json!(sub);
        token.claims["sid"] = json!(sid);
    };
    provider.login(app, &browser, person).await.expect(303);
    browser
}

async fn lives(browser: &Browser) -> bool {
    browser.get("/api/platform/session").send().await.status.is_success()
}

async fn stream(browser: &Browser) -> LiveStream {
    let opened = browser.get("/stream").open().await;
    let mut stream = opened.unwrap_or_else(|answer| panic!("a stream, not {}", answer.status));
    stream.opened().await;
    stream
}

async fn ends_signed_out(stream: &mut LiveStream) {
    let rest =
        tokio::time::timeout(Duration::from_secs(1), stream.rest()).await.expect("it closes in a second");
    let last = rest.last().expect("it says why");
    assert_eq!((last.kind.as_str(), last.json()["reason"].as_str()), ("bye", Some("signed_out")));
}

#[tokio::test]
async fn case_11_a_logout_token_with_one_thing_wrong_is_refused_and_the_session_lives() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let browser = signed_in(&provider, &app, "person-1", "s1").await;
    let now = app.now();
    type Change = Box<dyn Fn(&mut IdToken)>;
    let set = |claim: &'static str, value: Value| -> Change {
        Box::new(move |token| token.claims[claim] = value.clone())
    };
    let without = |claim: &'static str| -> Change { Box::new(move |token| token.remove(claim)) };
    let header = |name: &'static str, value: Value| -> Change {
        Box::new(move |token| token.header[name] = value.clone())
    };
    let signed = |make: fn() -> Signature| -> Change { Box::new(move |token| token.signature = make()) };
    let event = "http://schemas.openid.net/event/backchannel-logout";
    let wrong: Vec<(&str, Change)> = vec![
        (
            "alg none",
            Box::new(|token| {
                token.header["alg"] = json!("none");
                token.signature = Signature::Absent;
            }),
        ),
        (
            "HS256 keyed with the public key",
            Box::new(|token| {
                token.header["alg"] = json!("HS256");
                token.signature = Signature::KeyedWithPublicKey(PublicKeyForm::Pem);
            }),
        ),
        ("another alg than the key's", header("alg", json!("RS384"))),
        ("a broken signature", signed(|| Signature::Broken)),
        ("a stranger's signature", signed(|| Signature::ByStranger)),
        ("no event", without("events")),
        ("another event", set("events", json!({ "http://schemas.openid.net/event/other": {} }))),
        ("an event that is no object", set("events", json!({ event: "yes" }))),
        ("a nonce", set("nonce", json!("n"))),
        ("another iss", set("iss", json!("https://evil.test"))),
        ("no iss", without("iss")),
        ("another aud", set("aud", json!("someone-else"))),
        ("no aud", without("aud")),
        ("typ of an access token", header("typ", json!("at+jwt"))),
        ("expired", set("exp", json!(now - 3600))),
        ("no exp", without("exp")),
        ("no iat", without("iat")),
        ("iat in the future", set("iat", json!(now + 3600))),
        ("no jti", without("jti")),
        ("neither sub nor sid", without("sub")),
    ];
    for (what, change) in wrong {
        let answer = tell(&app, &provider.logout_token(now, change)).await;
        assert_eq!(answer.expect(400).json()["error"], "invalid_request", "{what}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(lives(&browser).await, "{what} ended the session");
    }
}

#[tokio::test]
async fn case_11_a_logout_token_that_is_sent_again_is_refused() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let first = signed_in(&provider, &app, "person-1", "s1").await;
    let token = provider.logout_token(app.now(), |_| {});
    let answer = tell(&app, &token).await;
    assert_eq!(answer.expect(200).header("cache-control"), "no-store");
    assert!(!lives(&first).await);
    let later = signed_in(&provider, &app, "person-1", "s2").await;
    let replayed = tell(&app, &token).await;
    assert_eq!(replayed.expect(400).json()["error"], "invalid_request");
    assert!(lives(&later).await, "a token that was kept ends nothing");
}

#[tokio::test]
async fn case_11_what_is_no_form_with_one_token_is_refused() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let browser = signed_in(&provider, &app, "person-1", "s1").await;
    let token = provider.logout_token(app.now(), |_| {});
    let post = || app.browser();
    let form = "application/x-www-form-urlencoded";
    for (media_type, body) in [
        (form, String::new()),
        (form, "logout_token=".to_owned()),
        (form, "logout_token=a.b".to_owned()),
        (form, "logout_token=%00.%00.%00".to_owned()),
        (form, format!("logout_token={token}&logout_token={token}")),
        ("text/plain", format!("logout_token={token}")),
        ("application/json", format!("{{\"logout_token\":\"{token}\"}}")),
    ] {
        let browser = post();
        let request = browser.post("/auth/backchannel-logout").sent_from_nowhere();
        let answer = request.body(media_type, body.clone()).send().await;
        assert_eq!(answer.expect(400).json()["error"], "invalid_request", "{media_type} {body:.60}");
    }
    let long = format!("logout_token={}", "a".repeat(40_000));
    let answer = post().post("/auth/backchannel-logout").sent_from_nowhere().body(form, long).send().await;
    answer.problem(413);
    post().get("/auth/backchannel-logout").send().await.problem(405);
    assert!(lives(&browser).await);
    tell(&app, &token).await.expect(200);
}

#[tokio::test]
async fn case_12_by_sid_it_is_that_one_session_and_its_streams_close() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    app.events_ready().await;
    let (here, there) = (
        signed_in(&provider, &app, "person-1", "s1").await,
        signed_in(&provider, &app, "person-1", "s2").await,
    );
    let (mut closing, mut staying) = (stream(&here).await, stream(&there).await);
    let by_sid = |token: &mut IdToken| token.claims["sid"] = json!("s1");
    let begun = Instant::now();
    tell(&app, &provider.logout_token(app.now(), by_sid)).await.expect(200);
    ends_signed_out(&mut closing).await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(!lives(&here).await && lives(&there).await);
    assert!(staying.is_quiet_for(Duration::from_millis(300)).await);
    let unknown = |token: &mut IdToken| token.claims["sid"] = json!("nobody's");
    tell(&app, &provider.logout_token(app.now(), unknown)).await.expect(200);
    assert!(lives(&there).await);
}

#[tokio::test]
async fn case_12_by_sub_it_is_every_session_of_that_person_with_streams_and_tokens() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    app.events_ready().await;
    let (one, two, other) = (
        signed_in(&provider, &app, "person-1", "s1").await,
        signed_in(&provider, &app, "person-1", "s2").await,
        signed_in(&provider, &app, "person-2", "s3").await,
    );
    one.get("/bff/acme.todos/todos").send().await.expect(200);
    let (mut first, mut second) = (stream(&one).await, stream(&two).await);
    tell(&app, &provider.logout_token(app.now(), |_| {})).await.expect(200);
    ends_signed_out(&mut first).await;
    ends_signed_out(&mut second).await;
    assert!(!lives(&one).await && !lives(&two).await && lives(&other).await);
    assert_eq!(app.state.providers.exchanged_tokens(), 0);
}

#[tokio::test]
async fn case_12_signing_out_at_the_development_provider_signs_out_of_the_portal() {
    let app = TestApp::start().await;
    app.events_ready().await;
    let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let mut stream = stream(&alice).await;
    let told = app.dev_idp().sign_out(&LogoutTarget::Subject("demo|alice".into())).await;
    assert_eq!(told, 1, "the portal took the logout token");
    ends_signed_out(&mut stream).await;
    assert!(!lives(&alice).await && lives(&bob).await);
}

#[tokio::test]
async fn case_74_tokens_that_are_refused_count_against_the_sender_and_sound_ones_do_not() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider_and(&provider, |config| config.limits.anonymous_per_minute = 5).await;
    for _ in 0..8 {
        tell(&app, &provider.logout_token(app.now(), |_| {})).await.expect(200);
    }
    let refused =
        async || tell(&app, &provider.logout_token(app.now(), |token| token.remove("events"))).await;
    for _ in 0..5 {
        refused().await.expect(400);
    }
    refused().await.expect(429);
    tell(&app, &provider.logout_token(app.now(), |_| {})).await.expect(200);
}

#[tokio::test]
async fn a_provider_whose_keys_cannot_be_had_ends_nothing_and_spends_no_jti() {
    let provider = FakeProvider::new();
    let app = TestApp::with_provider(&provider).await;
    let token = provider.logout_token(app.now(), |_| {});
    app.outbound.answers(|_| Some(Err(portico_ports::HttpClientError::Timeout)));
    let answer = tell(&app, &token).await;
    assert_eq!(answer.expect(400).json()["error"], "temporarily_unavailable");
    app.outbound.passes_everything();
    tell(&app, &token).await.expect(200);
}
