use http::StatusCode;
use portico_dev_idp::LogoutTarget;
use serde_json::{Value, json};
use time::Duration;
use url::form_urlencoded;

use crate::world::{Answer, ISSUER, World, claims, jwt_header, text};

async fn end_session(world: &World, pairs: &[(&str, &str)]) -> Answer {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    world.get(&format!("/dev/idp/end-session?{query}")).await
}

/// The logout tokens that were posted, with their addresses.
fn logout_tokens(world: &World) -> Vec<(String, String)> {
    let posted = world.posted.0.lock();
    let token = |body: &String| body.strip_prefix("logout_token=").expect("a logout token").to_owned();
    posted.iter().map(|(uri, body)| (uri.clone(), token(body))).collect()
}

#[tokio::test]
async fn a_logout_with_a_hint_ends_the_sign_in_and_goes_back() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    // An expired ID token is still a good hint.
    world.clock.advance(Duration::hours(1));
    let pairs = [
        ("id_token_hint", text(&login, "id_token")),
        ("post_logout_redirect_uri", "http://127.0.0.1:3000/"),
        ("state", "bye"),
    ];
    let answer = end_session(&world, &pairs).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), Some("http://127.0.0.1:3000/?state=bye"));
    assert!(answer.header("set-cookie").expect("a cookie").starts_with("portico-dev-idp=; Max-Age=0; "));
    let silent = world.authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.redirect_param("error").as_deref(), Some("login_required"));
    world.refresh(text(&login, "refresh_token")).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn the_clients_of_the_sign_in_are_told_by_logout_token() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let id_token = claims(text(&login, "id_token"));
    end_session(&world, &[("id_token_hint", text(&login, "id_token"))]).await;

    let told = logout_tokens(&world);
    assert_eq!(told.len(), 1, "the other client took no part");
    let (uri, token) = &told[0];
    assert_eq!(uri, "http://127.0.0.1:3000/auth/backchannel-logout");
    assert_eq!(jwt_header(token)["typ"], "logout+jwt");
    let claims = claims(token);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!("portal")));
    assert_eq!((&claims["sub"], &claims["sid"]), (&id_token["sub"], &id_token["sid"]));
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert!(claims["jti"].is_string() && claims["iat"].is_i64() && claims["exp"].is_i64());
    assert_eq!(claims.get("nonce"), None);
}

#[tokio::test]
async fn a_person_can_be_signed_out_everywhere() {
    let world = World::new();
    let mut logins: Vec<Value> = Vec::new();
    for _ in 0..2 {
        world.forget_cookie();
        logins.push(world.log_in(&[("login_hint", "bob")]).await);
    }
    assert_eq!(world.idp.sign_out(&LogoutTarget::Subject("demo|bob".to_owned())).await, 1);
    let told = logout_tokens(&world);
    let claims = claims(&told[0].1);
    assert_eq!((claims["sub"].as_str(), claims.get("sid")), (Some("demo|bob"), None));
    for login in &logins {
        world.refresh(text(login, "refresh_token")).await.assert_error(400, "invalid_grant");
    }
    assert_eq!(world.idp.sign_out(&LogoutTarget::Subject("demo|bob".to_owned())).await, 0);
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_first() {
    let world = World::new();
    world.log_in(&[("login_hint", "alice")]).await;
    let pairs = [("client_id", "portal"), ("post_logout_redirect_uri", "http://127.0.0.1:3000/")];
    let answer = end_session(&world, &pairs).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("<h1>Sign out?</h1>") && answer.body.contains("Alice Archer"));
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.contains("form-action 'self' http://127.0.0.1:3000;"));

    let action =
        "/dev/idp/end-session/confirm?client_id=portal&post_logout_redirect_uri=http://127.0.0.1:3000/";
    let foreign = world.post(action, &[("sec-fetch-site", "cross-site")], &[]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert!(world.authorize(&[("prompt", "none")]).await.redirect_param("code").is_some());

    let confirmed = world.post(action, &[("sec-fetch-site", "same-origin")], &[]).await;
    assert_eq!(confirmed.header("location"), Some("http://127.0.0.1:3000/"));
    assert!(world.authorize(&[("prompt", "none")]).await.redirect_param("error").is_some());
}

#[tokio::test]
async fn a_hint_of_another_sign_in_does_not_end_this_one_unasked() {
    let world = World::new();
    let bob = world.log_in(&[("login_hint", "bob")]).await;
    world.forget_cookie();
    world.log_in(&[("login_hint", "alice")]).await;
    let answer = end_session(&world, &[("id_token_hint", text(&bob, "id_token"))]).await;
    assert!(answer.body.contains("<h1>Sign out?</h1>"));
    assert!(logout_tokens(&world).is_empty());
}

#[tokio::test]
async fn a_logout_never_leads_to_an_address_that_is_not_registered() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let hint = ("id_token_hint", text(&login, "id_token"));
    let there = "http://127.0.0.1:3000/";
    for pairs in [
        vec![hint, ("post_logout_redirect_uri", "https://evil.example/")],
        vec![hint, ("post_logout_redirect_uri", "http://127.0.0.1:4000/")],
        vec![("post_logout_redirect_uri", there)],
        vec![hint, ("client_id", "other"), ("post_logout_redirect_uri", there)],
        vec![hint, ("post_logout_redirect_uri", there), ("post_logout_redirect_uri", there)],
        vec![("id_token_hint", "nonsense")],
        vec![("id_token_hint", text(&login, "access_token"))],
    ] {
        let answer = end_session(&world, &pairs).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{pairs:?}");
        assert!(answer.header("location").is_none());
    }
    assert_eq!(world.refresh(text(&login, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn logging_out_twice_is_no_error() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let hint = [("id_token_hint", text(&login, "id_token"))];
    for _ in 0..2 {
        let answer = end_session(&world, &hint).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("<h1>You are signed out</h1>"));
    }
    assert_eq!(end_session(&world, &[]).await.status, StatusCode::OK);
}
