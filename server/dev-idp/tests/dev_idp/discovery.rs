use http::StatusCode;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use portico_dev_idp::{Endpoint, Failure};
use serde_json::{Value, json};

use crate::world::{ISSUER, World, jwt_header, text};

/// Verifies a token as a relying party would: by the key that the JWKS lists under its `kid`.
async fn verify(world: &World, token: &str) -> Option<Value> {
    let jwks: JwkSet = serde_json::from_str(&world.get("/dev/idp/jwks").await.body).expect("a key set");
    let key = jwks.find(text(&jwt_header(token), "kid"))?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[ISSUER]);
    validation.validate_aud = false;
    let key = DecodingKey::from_jwk(key).expect("a usable key");
    decode::<Value>(token, &key, &validation).ok().map(|token| token.claims)
}

#[tokio::test]
async fn the_metadata_names_the_issuer_and_every_endpoint() {
    let world = World::new();
    let answer = world.get("/dev/idp/.well-known/openid-configuration").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let metadata = answer.json();
    assert_eq!(metadata["issuer"], ISSUER);
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "introspection_endpoint",
        "end_session_endpoint",
    ] {
        let path =
            text(&metadata, name).strip_prefix("http://127.0.0.1:3000").expect("on the issuer's origin");
        assert_ne!(world.get(path).await.status, StatusCode::NOT_FOUND, "{name}");
    }
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    assert_eq!(metadata["backchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn the_key_set_holds_public_es256_keys_only() {
    let keys = World::new().get("/dev/idp/jwks").await.json();
    let key = keys["keys"][0].as_object().expect("a key");
    assert_eq!((key["kty"].as_str(), key["crv"].as_str()), (Some("EC"), Some("P-256")));
    assert_eq!((key["alg"].as_str(), key["use"].as_str()), (Some("ES256"), Some("sig")));
    assert!(!key.contains_key("d"));
}

#[tokio::test]
async fn tokens_verify_against_the_key_set_before_and_after_a_rotation() {
    let world = World::new();
    let before = world.log_in(&[("login_hint", "alice")]).await;
    world.idp.rotate_signing_key().expect("a new key");
    let after = world.log_in(&[("login_hint", "alice")]).await;

    let kid = |tokens: &Value| text(&jwt_header(text(tokens, "id_token")), "kid").to_owned();
    assert_ne!(kid(&before), kid(&after));
    for tokens in [&before, &after] {
        for name in ["id_token", "access_token"] {
            assert!(verify(&world, text(tokens, name)).await.is_some(), "{name}");
        }
    }
    // Two rotations later the first key is gone.
    world.idp.rotate_signing_key().expect("a new key");
    assert!(verify(&world, text(&before, "id_token")).await.is_none());
}

#[tokio::test]
async fn an_ordered_failure_happens_once_and_only_there() {
    let world = World::new();
    let path = "/dev/idp/.well-known/openid-configuration";
    world.idp.fail_next(Endpoint::Discovery, Failure::Status(503));
    world.idp.fail_next(Endpoint::Discovery, Failure::Nonsense);
    world.idp.fail_next(Endpoint::Token, Failure::OAuth("invalid_target"));
    assert_eq!(world.get("/dev/idp/jwks").await.status, 200);
    assert_eq!(world.get(path).await.status, 503);
    assert!(serde_json::from_str::<Value>(&world.get(path).await.body).is_err());
    assert_eq!(world.get(path).await.json()["issuer"], ISSUER);
    world.call("token", &[]).await.assert_error(400, "invalid_target");
}
