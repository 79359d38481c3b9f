use http::StatusCode;
use time::Duration;

use crate::world::{CALLBACK, ISSUER, World, claims, request_query, text};

#[tokio::test]
async fn a_login_hint_signs_in_without_the_form() {
    let world = World::new();
    for hint in ["alice", "alice@acme.example", "demo|alice"] {
        world.forget_cookie();
        let answer = world.authorize(&[("login_hint", hint)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(answer.header("location").expect("a redirect").starts_with(&format!("{CALLBACK}?code=")));
        assert_eq!(answer.redirect_param("state").as_deref(), Some("st&te"));
        assert_eq!(answer.redirect_param("iss").as_deref(), Some(ISSUER));
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert!(cookie.starts_with("portico-dev-idp="));
        assert!(cookie.ends_with("; Path=/dev/idp; HttpOnly; SameSite=Lax"));
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_trusted_gets_a_page_and_no_redirect() {
    let world = World::new();
    let changes: &[&[(&str, &str)]] = &[
        &[("client_id", "")],
        &[("client_id", "nobody")],
        &[("redirect_uri", "")],
        &[("redirect_uri", "https://evil.example/")],
        &[("redirect_uri", "http://127.0.0.1:3000/auth/callback/")],
        &[("redirect_uri", "http://127.0.0.1:3000/auth/callback?x=y")],
        &[("redirect_uri", "http://127.0.0.1:4000/auth/callback")],
        &[("redirect_uri", CALLBACK), ("redirect_uri", "https://evil.example/")],
        &[("client_id", "portal"), ("client_id", "other")],
    ];
    for change in changes {
        let answer = world.authorize(&[*change, &[("login_hint", "alice")]].concat()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{change:?}");
        assert!(answer.header("location").is_none() && answer.header("set-cookie").is_none());
        assert!(answer.body.contains("<h1>This did not work</h1>"));
        assert!(!answer.body.contains("evil"), "nothing of the request is shown");
    }
}

#[tokio::test]
async fn a_mistake_of_the_client_is_told_in_the_redirect() {
    let world = World::new();
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("scope", "profile")], "invalid_scope"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("nonce", "one"), ("nonce", "two")], "invalid_request"),
        (&[("request", "x.y.z")], "request_not_supported"),
        (&[("request_uri", "https://x.example/")], "request_uri_not_supported"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("prompt", "create")], "invalid_request"),
        (&[("max_age", "-1")], "invalid_request"),
        (&[("prompt", "none"), ("login_hint", "alice")], "login_required"),
        (&[("organization", "globex"), ("login_hint", "alice")], "access_denied"),
        (&[("organization", "nowhere"), ("login_hint", "erin")], "access_denied"),
    ];
    for (change, error) in cases {
        let answer = world.authorize(change).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{change:?}");
        assert_eq!(answer.redirect_param("error").as_deref(), Some(*error), "{change:?}");
        assert_eq!(answer.redirect_param("state").as_deref(), Some("st&te"));
        assert_eq!(answer.redirect_param("iss").as_deref(), Some(ISSUER));
        assert!(answer.redirect_param("code").is_none());
    }
}

#[tokio::test]
async fn someone_who_is_signed_in_is_not_asked_again() {
    let world = World::new();
    let first = world.log_in(&[("login_hint", "bob")]).await;
    let again = world.log_in(&[]).await;
    let silent = world.log_in(&[("prompt", "none")]).await;
    for tokens in [&again, &silent] {
        let (first, later) = (claims(text(&first, "id_token")), claims(text(tokens, "id_token")));
        assert_eq!((&first["sub"], &first["sid"]), (&later["sub"], &later["sid"]));
        assert_eq!(first["auth_time"], later["auth_time"]);
    }
}

#[tokio::test]
async fn prompt_login_and_max_age_ask_again() {
    let world = World::new();
    world.log_in(&[("login_hint", "bob")]).await;
    for change in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "0")] {
        let answer = world.authorize(&[change]).await;
        assert!(answer.body.contains("<h1>Sign in</h1>"), "{change:?}");
    }
    assert!(world.authorize(&[("max_age", "60")]).await.redirect_param("code").is_some());
    world.clock.advance(Duration::minutes(2));
    assert!(world.authorize(&[("max_age", "60")]).await.body.contains("<h1>Sign in</h1>"));
    let silent = world.authorize(&[("max_age", "60"), ("prompt", "none")]).await;
    assert_eq!(silent.redirect_param("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_hint_for_someone_else_changes_the_account_and_the_sid() {
    let world = World::new();
    let bob = claims(text(&world.log_in(&[("login_hint", "bob")]).await, "id_token"));
    let erin = claims(text(&world.log_in(&[("login_hint", "erin")]).await, "id_token"));
    assert_eq!(erin["sub"], "demo|erin");
    assert_ne!(bob["sid"], erin["sid"]);
}

#[tokio::test]
async fn a_fresh_sign_in_of_the_same_person_keeps_the_sid_and_changes_the_cookie() {
    let world = World::new();
    let first = world.authorize(&[("login_hint", "bob")]).await;
    let again = world.authorize(&[("login_hint", "bob"), ("prompt", "login")]).await;
    assert_ne!(first.header("set-cookie"), again.header("set-cookie"));
    let sid = async |answer: &crate::world::Answer| {
        let tokens = world.redeem(&answer.redirect_param("code").expect("a code")).await.json();
        claims(text(&tokens, "id_token"))["sid"].clone()
    };
    assert_eq!(sid(&first).await, sid(&again).await);
}

#[tokio::test]
async fn organization_chooses_what_the_tokens_are_for() {
    let world = World::new();
    let acme = world.log_in(&[("login_hint", "erin")]).await;
    let globex = world.log_in(&[("prompt", "none"), ("organization", "globex")]).await;
    for name in ["id_token", "access_token"] {
        assert_eq!(claims(text(&acme, name))["org_id"], "acme");
        assert_eq!(claims(text(&globex, name))["org_id"], "globex");
    }
    assert_eq!(claims(text(&globex, "id_token"))["org_name"], "Globex");
}

#[tokio::test]
async fn the_request_may_come_as_a_form() {
    let world = World::new();
    let query = request_query(&[("login_hint", "carol")]);
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = world.post("/dev/idp/authorize", &[], &pairs).await;
    assert!(answer.redirect_param("code").is_some());
}
