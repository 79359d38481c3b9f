use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portico_dev_idp::TokenKind;
use serde_json::json;
use sha2::{Digest, Sha256};
use time::Duration;

use crate::world::{CALLBACK, ISSUER, TODOS, VERIFIER, World, basic, claims, jwt_header, text};

#[tokio::test]
async fn the_id_token_says_who_signed_in_and_for_which_organization() {
    let tokens = World::new().log_in(&[("login_hint", "erin")]).await;
    let id_token = claims(text(&tokens, "id_token"));
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("aud", json!("portal")),
        ("sub", json!("demo|erin")),
        ("nonce", json!("n0nce")),
        ("name", json!("Erin Ellis")),
        ("email", json!("erin@acme.example")),
        ("org_id", json!("acme")),
        ("org_name", json!("Acme")),
        ("roles", json!(["member"])),
        (
            "organizations",
            json!([
                { "id": "acme", "name": "Acme", "roles": ["member"] },
                { "id": "globex", "name": "Globex", "roles": ["member"] },
            ]),
        ),
    ] {
        assert_eq!(id_token[name], value, "{name}");
    }
    assert_eq!(id_token["exp"].as_i64(), id_token["iat"].as_i64().map(|iat| iat + 300));
    let hash = Sha256::digest(text(&tokens, "access_token").as_bytes());
    assert_eq!(id_token["at_hash"], URL_SAFE_NO_PAD.encode(&hash[..16]));
}

#[tokio::test]
async fn name_and_email_come_with_their_scopes_only() {
    let tokens = World::new().log_in(&[("login_hint", "alice"), ("scope", "openid unheard.of")]).await;
    assert_eq!(tokens["scope"], "openid");
    let id_token = claims(text(&tokens, "id_token"));
    assert!(id_token["name"].is_null() && id_token["email"].is_null());
    assert_eq!(id_token["org_id"], "acme");
}

#[tokio::test]
async fn the_access_token_is_an_rfc_9068_jwt_for_the_provider_itself() {
    let tokens = World::new().log_in(&[("login_hint", "alice")]).await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(300)));
    let token = text(&tokens, "access_token");
    assert_eq!(jwt_header(token)["typ"], "at+jwt");
    let claims = claims(token);
    assert_eq!((&claims["aud"], &claims["client_id"]), (&json!(ISSUER), &json!("portal")));
    assert_eq!((&claims["org_id"], &claims["roles"]), (&json!("acme"), &json!(["admin"])));
    assert!(claims["jti"].is_string() && claims["act"].is_null());
}

#[tokio::test]
async fn answers_with_tokens_are_not_stored() {
    let world = World::new();
    let code = world.authorize(&[("login_hint", "alice")]).await.redirect_param("code").expect("a code");
    let answer = world.redeem(&code).await;
    assert_eq!(
        (answer.header("cache-control"), answer.header("pragma")),
        (Some("no-store"), Some("no-cache"))
    );
}

#[tokio::test]
async fn a_code_used_twice_buys_nothing_and_revokes_what_it_bought() {
    let world = World::new();
    let code = world.authorize(&[("login_hint", "alice")]).await.redirect_param("code").expect("a code");
    let tokens = world.redeem(&code).await.json();
    assert_eq!(world.userinfo(text(&tokens, "access_token")).await.status, 200);
    world.redeem(&code).await.assert_error(400, "invalid_grant");
    assert_eq!(world.userinfo(text(&tokens, "access_token")).await.status, 401);
    world.refresh(text(&tokens, "refresh_token")).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_code_is_bound_to_verifier_redirect_uri_client_and_time() {
    let world = World::new();
    let code =
        async || world.authorize(&[("login_hint", "alice")]).await.redirect_param("code").expect("a code");
    let redeem = async |code: &str, client: &str, redirect_uri: &str, verifier: &str| {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        world.post("/dev/idp/token", &[("authorization", &basic(client))], &pairs).await
    };
    let wrong = VERIFIER.replace('d', "e");
    redeem(&code().await, "portal", CALLBACK, &wrong).await.assert_error(400, "invalid_grant");
    redeem(&code().await, "portal", "http://127.0.0.1:3000/", VERIFIER)
        .await
        .assert_error(400, "invalid_grant");
    redeem(&code().await, "other", CALLBACK, VERIFIER).await.assert_error(400, "invalid_grant");
    redeem(&code().await, "portal", CALLBACK, "").await.assert_error(400, "invalid_request");
    let late = code().await;
    world.clock.advance(Duration::seconds(61));
    redeem(&late, "portal", CALLBACK, VERIFIER).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_client_authenticates_by_header_or_by_body_but_not_by_both() {
    let world = World::new();
    let grant = ("grant_type", "refresh_token");
    let secret = ("client_secret", "portal s3cret/+&=");
    let id = ("client_id", "portal");
    let token = async |headers: &[(&str, &str)], pairs: &[(&str, &str)]| {
        world.post("/dev/idp/token", headers, pairs).await
    };
    // Let in, and then refused for what is missing.
    token(&[], &[grant, id, secret]).await.assert_error(400, "invalid_request");
    token(&[("authorization", &basic("portal"))], &[grant, id]).await.assert_error(400, "invalid_request");

    token(&[], &[grant]).await.assert_error(401, "invalid_client");
    token(&[], &[grant, id]).await.assert_error(401, "invalid_client");
    token(&[], &[grant, id, ("client_secret", "wrong")]).await.assert_error(401, "invalid_client");
    token(&[("authorization", "Bearer x")], &[grant]).await.assert_error(401, "invalid_client");
    token(&[("authorization", &basic("portal"))], &[grant, secret])
        .await
        .assert_error(400, "invalid_request");
    let wrong = token(&[("authorization", "Basic cG9ydGFsOndyb25n")], &[grant]).await;
    wrong.assert_error(401, "invalid_client");
    assert!(wrong.header("www-authenticate").expect("a challenge").starts_with("Basic"));
}

#[tokio::test]
async fn a_malformed_request_is_named_as_such() {
    let world = World::new();
    world.call("token", &[]).await.assert_error(400, "invalid_request");
    world.call("token", &[("grant_type", "password")]).await.assert_error(400, "unsupported_grant_type");
    let twice = [("grant_type", "refresh_token"), ("grant_type", "refresh_token")];
    world.call("token", &twice).await.assert_error(400, "invalid_request");
    let json = [("content-type", "application/json"), ("authorization", &basic("portal"))];
    let request = json
        .iter()
        .fold(http::Request::post("/dev/idp/token"), |request, (name, value)| request.header(*name, *value));
    let request = request.body(axum::body::Body::from("{}")).expect("a request");
    world.send(request).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn a_refresh_token_rotates_and_keeps_who_and_where() {
    let world = World::new();
    let first = world.log_in(&[("login_hint", "erin"), ("organization", "globex")]).await;
    world.clock.advance(Duration::minutes(10));
    let second = world.refresh(text(&first, "refresh_token")).await.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let (before, after) = (claims(text(&first, "id_token")), claims(text(&second, "id_token")));
    for name in ["iss", "sub", "aud", "sid", "auth_time", "org_id"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert!(after["nonce"].is_null());
    assert_eq!(world.userinfo(text(&second, "access_token")).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_used_twice_kills_its_family() {
    let world = World::new();
    let first = world.log_in(&[("login_hint", "alice")]).await;
    let second = world.refresh(text(&first, "refresh_token")).await.json();
    world.refresh(text(&first, "refresh_token")).await.assert_error(400, "invalid_grant");
    world.refresh(text(&second, "refresh_token")).await.assert_error(400, "invalid_grant");
    assert_eq!(world.userinfo(text(&second, "access_token")).await.status, 401);
    // Another login of the same person is another family.
    let other = world.log_in(&[("prompt", "none")]).await;
    assert_eq!(world.refresh(text(&other, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_refresh_may_narrow_the_scope_but_not_widen_it() {
    let world = World::new();
    let tokens = world.log_in(&[("login_hint", "alice"), ("scope", "openid email")]).await;
    let refresh = async |token: &str, scope: &str| {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        world.call("token", &pairs).await
    };
    let token = text(&tokens, "refresh_token");
    refresh(token, "openid profile").await.assert_error(400, "invalid_scope");
    let narrowed = refresh(token, "openid").await.json();
    assert_eq!(narrowed["scope"], "openid");
    let restored = world.refresh(text(&narrowed, "refresh_token")).await.json();
    assert_eq!(restored["scope"], "email openid");
}

#[tokio::test]
async fn refresh_tokens_end_with_the_login_s_lifetime_and_belong_to_their_client() {
    let world = World::new();
    let tokens = world.log_in(&[("login_hint", "alice")]).await;
    let token = text(&tokens, "refresh_token");
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let stolen = world.post("/dev/idp/token", &[("authorization", &basic("other"))], &pairs).await;
    stolen.assert_error(400, "invalid_grant");
    world.clock.advance(Duration::hours(7));
    let next = world.refresh(token).await.json();
    world.clock.advance(Duration::hours(1));
    world.refresh(text(&next, "refresh_token")).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn every_token_is_in_the_ledger() {
    let world = World::new();
    let tokens = world.log_in(&[("login_hint", "alice")]).await;
    let issued = world.idp.issued_tokens();
    for (name, kind) in [
        ("id_token", TokenKind::Id),
        ("access_token", TokenKind::Access),
        ("refresh_token", TokenKind::Refresh),
    ] {
        assert!(
            issued.iter().any(|token| token.kind == kind && token.value == text(&tokens, name)),
            "{name}"
        );
    }
    assert!(!format!("{issued:?}").contains(text(&tokens, "access_token")));
}

#[tokio::test]
async fn a_refresh_may_move_on_to_another_organization_of_the_account() {
    let world = World::new();
    let acme = world.log_in(&[("login_hint", "erin")]).await;
    let refresh = async |token: &str, organization: &str| {
        let pairs =
            [("grant_type", "refresh_token"), ("refresh_token", token), ("organization", organization)];
        world.call("token", &pairs).await
    };
    refresh(text(&acme, "refresh_token"), "nowhere").await.assert_error(400, "invalid_request");
    let globex = refresh(text(&acme, "refresh_token"), "globex").await.json();
    let later = world.refresh(text(&globex, "refresh_token")).await.json();
    for tokens in [&globex, &later] {
        assert_eq!(claims(text(tokens, "id_token"))["org_id"], "globex");
        assert_eq!(claims(text(tokens, "access_token"))["org_id"], "globex");
    }
    // The token from before stays what it was, at userinfo and in an exchange.
    let person = world.userinfo(text(&acme, "access_token")).await.json();
    assert_eq!(person["org_id"], "acme");
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", text(&acme, "access_token")),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", TODOS),
    ];
    let exchanged = world.call("token", &exchange).await.json();
    assert_eq!(claims(text(&exchanged, "access_token"))["org_id"], "acme");
}
