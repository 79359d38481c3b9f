use std::collections::BTreeSet;
use std::sync::Arc;

use openidconnect::core::CoreJwsSigningAlgorithm as Alg;
use serde_json::json;
use time::Duration;

use super::{AssertionAudience, ClientAuth, PrivateKeyJwt};
use crate::provider::Secret;
use crate::provider::tests::world::{CLIENT, ISSUER, World};
use crate::signing::tests::{TestKey, decoded};
use crate::signing::{SigningAlgorithm, SigningKey};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A portal that authenticates so, after it has made every kind of call that a login and a logout make.
async fn after_every_call(auth: ClientAuth) -> World {
    let world = World::with(|config| config.client_auth = auth);
    let state = world.session().await;
    world.provider.refresh(&state, None).await.expect("a refresh");
    world.answers(200, json!({}));
    world.provider.revoke("rt").await.expect("revoked");
    assert_eq!(world.idp.sent.lock().len(), 3);
    world
}

#[tokio::test]
async fn a_secret_goes_into_the_header_form_encoded() {
    let world = after_every_call(ClientAuth::SecretBasic(Secret("a b:/+&=%\u{e9}".to_owned()))).await;
    for sent in world.idp.sent.lock().iter() {
        // portal:a+b%3A%2F%2B%26%3D%25%C3%A9
        let expected = "Basic cG9ydGFsOmErYiUzQSUyRiUyQiUyNiUzRCUyNSVDMyVBOQ==";
        assert_eq!(sent.authorization.as_deref(), Some(expected));
        assert_eq!((sent.field("client_id"), sent.field("client_secret")), (None, None));
    }
}

#[tokio::test]
async fn a_secret_goes_into_the_body_where_that_is_configured() {
    let world = after_every_call(ClientAuth::SecretPost(Secret("s3cret".to_owned()))).await;
    for sent in world.idp.sent.lock().iter() {
        assert_eq!(sent.authorization, None);
        assert_eq!((sent.field("client_id"), sent.field("client_secret")), (Some(CLIENT), Some("s3cret")));
    }
}

#[tokio::test]
async fn a_public_client_says_who_it_is_and_nothing_else() {
    let world = after_every_call(ClientAuth::None).await;
    for sent in world.idp.sent.lock().iter() {
        assert_eq!(sent.authorization, None);
        assert_eq!((sent.field("client_id"), sent.field("client_secret")), (Some(CLIENT), None));
    }
}

fn private_key_jwt(key: &TestKey, algorithm: SigningAlgorithm, audience: AssertionAudience) -> ClientAuth {
    let key = SigningKey::from_pem(&key.pem, algorithm, Some("portal-1".to_owned())).expect("a key");
    ClientAuth::PrivateKeyJwt(PrivateKeyJwt { key: Arc::new(key), audience })
}

#[tokio::test]
async fn private_key_jwt_proves_the_client_with_a_fresh_assertion_for_every_call() {
    let (ec, ed, rsa) = (TestKey::es256(None), TestKey::ed25519(None), TestKey::rsa(None));
    for (key, algorithm, expected) in [
        (&ec, SigningAlgorithm::Es256, Alg::EcdsaP256Sha256),
        (&ed, SigningAlgorithm::EdDsa, Alg::EdDsa),
        (&rsa, SigningAlgorithm::Rs256, Alg::RsaSsaPkcs1V15Sha256),
        (&rsa, SigningAlgorithm::Ps256, Alg::RsaSsaPssSha256),
    ] {
        let world = after_every_call(private_key_jwt(key, algorithm, AssertionAudience::Issuer)).await;
        let mut ids = BTreeSet::new();
        for sent in world.idp.sent.lock().iter() {
            assert_eq!((sent.authorization.as_deref(), sent.field("client_secret")), (None, None));
            assert_eq!(sent.field("client_id"), Some(CLIENT));
            assert_eq!(sent.field("client_assertion_type"), Some(ASSERTION_TYPE));
            let assertion = sent.field("client_assertion").expect("an assertion");
            assert_eq!(decoded(assertion, 0)["kid"], "portal-1");
            let claims = key.verified(assertion, &expected);
            assert_eq!(
                (&claims["iss"], &claims["sub"], &claims["aud"]),
                (&json!(CLIENT), &json!(CLIENT), &json!(ISSUER))
            );
            let (iat, exp) = (claims["iat"].as_i64().expect("iat"), claims["exp"].as_i64().expect("exp"));
            assert!(exp - iat <= 60 && (world.in_seconds(0) - iat).abs() <= 2);
            let jti = claims["jti"].as_str().expect("jti").to_owned();
            assert!(jti.len() >= 22 && ids.insert(jti), "128 bits, never twice");
        }
    }
}

#[tokio::test]
async fn an_assertion_may_be_addressed_to_the_token_endpoint() {
    let key = TestKey::es256(None);
    let auth = private_key_jwt(&key, SigningAlgorithm::Es256, AssertionAudience::TokenEndpoint);
    let world = after_every_call(auth).await;
    for sent in world.idp.sent.lock().iter() {
        let claims = decoded(sent.field("client_assertion").expect("an assertion"), 1);
        assert_eq!(claims["aud"], format!("{ISSUER}/token"));
    }
}

#[tokio::test]
async fn an_assertion_is_dated_by_the_clock_that_everything_goes_by() {
    let auth = private_key_jwt(&TestKey::es256(None), SigningAlgorithm::Es256, AssertionAudience::Issuer);
    let world = World::with(|config| config.client_auth = auth);
    world.clock.advance(Duration::days(3));
    world.session().await;
    let sent = world.idp.sent.lock().pop().expect("a call");
    let claims = decoded(sent.field("client_assertion").expect("an assertion"), 1);
    assert!((claims["iat"].as_i64().expect("iat") - world.in_seconds(0)).abs() <= 2);
}

#[test]
fn no_secret_shows_in_debug_output() {
    let secret = Secret("s3cret".to_owned());
    let auth = [ClientAuth::SecretBasic(secret.clone()), ClientAuth::SecretPost(secret)];
    assert!(!format!("{auth:?}").contains("s3cret"));
}
