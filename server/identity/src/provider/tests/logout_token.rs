use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portico_ports::{Clock as _, HttpClientError};
use serde_json::{Value, json};
use time::Duration;

use super::world::{CLIENT, ISSUER, World, merged, signed};
use crate::provider::{LogoutToken, LogoutTokenError as Error, ProviderError};
use crate::signing::tests::TestKey;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "k1", "typ": "logout+jwt" })
}

fn claims(world: &World) -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "iat": world.in_seconds(-1), "exp": world.in_seconds(120),
        "jti": "bWJq", "sub": "alice", "sid": "08a5019c", "events": { (EVENT): {} },
    })
}

async fn with_claims(world: &World, changes: Value) -> Result<LogoutToken, Error> {
    let token = signed(&world.key, header(), &merged(claims(world), changes));
    world.provider.verify_logout_token(&token).await
}

async fn with_header(world: &World, changes: Value) -> Result<LogoutToken, Error> {
    let token = signed(&world.key, merged(header(), changes), &claims(world));
    world.provider.verify_logout_token(&token).await
}

/// Every outcome is one of the refusals that `$error` describes.
macro_rules! assert_refused {
    ($outcome:expr, $error:pat, $what:expr) => {
        let outcome = $outcome;
        assert!(matches!(&outcome, Err($error)), "{}: {outcome:?}", $what);
    };
}

#[tokio::test]
async fn a_sound_logout_token_says_whose_sessions_end() {
    let world = World::new();
    let token = with_claims(&world, json!({})).await.expect("a logout token");
    assert_eq!((token.sub.as_deref(), token.sid.as_deref()), (Some("alice"), Some("08a5019c")));
    assert_eq!((token.issuer.as_str(), token.jti.as_str()), (ISSUER, "bWJq"));
    let left = (token.expires_at - world.clock.now()).whole_seconds();
    assert!((178..=180).contains(&left), "its exp and the leeway for clocks, not {left}");
    let by_sub = with_claims(&world, json!({ "sid": null })).await.expect("by sub");
    assert_eq!(by_sub.sid, None);
    let by_sid = with_claims(&world, json!({ "sub": null })).await.expect("by sid");
    assert_eq!(by_sid.sub, None);
    with_claims(&world, json!({ "aud": [CLIENT] })).await.expect("a list of one is the same");
    let more = json!({ "events": { (EVENT): { "x": 1 }, "https://other.example/event": 7 } });
    with_claims(&world, more).await.expect("other events do not matter");
}

#[tokio::test]
async fn the_issuer_is_the_one_that_sessions_know() {
    let world = World::new();
    let state = world.session().await;
    let token = with_claims(&world, json!({})).await.expect("a logout token");
    assert_eq!(token.issuer, state.person.issuer);
}

#[tokio::test]
async fn case_11_alg_none_is_refused() {
    let world = World::new();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "NONE", ""] {
        let unsigned = format!("{}.{}", part(&json!({ "alg": alg })), part(&claims(&world)));
        for token in [format!("{unsigned}."), format!("{unsigned}.c2ln")] {
            assert_refused!(world.provider.verify_logout_token(&token).await, Error::Algorithm, alg);
        }
    }
}

#[tokio::test]
async fn case_11_a_symmetric_or_unknown_alg_is_refused_also_when_keyed_with_the_public_key() {
    let world = World::new();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let public = json!(world.key.public).to_string();
    for key in [public.as_bytes(), b"s3cret"] {
        let unsigned = format!("{}.{}", part(&json!({ "alg": "HS256", "kid": "k1" })), part(&claims(&world)));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
        let signature = ring::hmac::sign(&key, unsigned.as_bytes());
        let token = format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert_refused!(world.provider.verify_logout_token(&token).await, Error::Algorithm, "HS256");
    }
    for alg in ["HS384", "HS512", "ES256K", "dir", "es256"] {
        assert_refused!(with_header(&world, json!({ "alg": alg })).await, Error::Algorithm, alg);
    }
    // An algorithm that the provider's key is not for.
    assert_refused!(with_header(&world, json!({ "alg": "EdDSA" })).await, Error::UnknownKey, "EdDSA");
}

#[tokio::test]
async fn case_11_a_wrong_iss_is_refused() {
    let world = World::new();
    for iss in ["https://other.example", "https://idp.example/realm/", "https://idp.example", ""] {
        assert_refused!(with_claims(&world, json!({ "iss": iss })).await, Error::Issuer, iss);
    }
    assert_refused!(with_claims(&world, json!({ "iss": null })).await, Error::Malformed, "no iss");
}

#[tokio::test]
async fn case_11_a_wrong_aud_is_refused() {
    let world = World::new();
    for aud in [json!("other"), json!([]), json!(["other"]), json!([CLIENT, "other"]), json!("")] {
        assert_refused!(with_claims(&world, json!({ "aud": aud })).await, Error::Audience, aud);
    }
    assert_refused!(with_claims(&world, json!({ "aud": null })).await, Error::Malformed, "no aud");
}

#[tokio::test]
async fn case_11_a_wrong_typ_is_refused() {
    let world = World::new();
    for typ in ["at+jwt", "id_token+jwt", "secevent+jwt", "", "application/at+jwt"] {
        assert_refused!(with_header(&world, json!({ "typ": typ })).await, Error::Type, typ);
    }
    assert_refused!(with_header(&world, json!({ "typ": 7 })).await, Error::Malformed, "a number");
    for typ in [json!("JWT"), json!("logout+JWT"), json!("application/logout+jwt"), json!(null)] {
        with_header(&world, json!({ "typ": typ })).await.expect("a typ of logout tokens, or none");
    }
}

#[tokio::test]
async fn case_11_no_event_is_refused() {
    let world = World::new();
    assert_refused!(with_claims(&world, json!({ "events": null })).await, Error::Event, "no events");
    assert_refused!(with_claims(&world, json!({ "events": {} })).await, Error::Event, "empty");
    for events in [json!([]), json!([EVENT]), json!(EVENT), json!(7)] {
        assert_refused!(with_claims(&world, json!({ "events": events })).await, Error::Malformed, events);
    }
}

#[tokio::test]
async fn case_11_a_wrong_event_is_refused() {
    let world = World::new();
    for name in [
        "http://schemas.openid.net/event/other",
        "backchannel-logout",
        "HTTP://schemas.openid.net/event/backchannel-logout",
    ] {
        assert_refused!(with_claims(&world, json!({ "events": { name: {} } })).await, Error::Event, name);
    }
    for value in [json!(null), json!([]), json!(true), json!("{}"), json!(7)] {
        let changes = json!({ "events": { (EVENT): value } });
        assert_refused!(with_claims(&world, changes).await, Error::Event, value);
    }
}

#[tokio::test]
async fn case_11_a_nonce_is_refused_whatever_it_is() {
    let world = World::new();
    for nonce in [json!("nonce"), json!(""), json!(7), json!(false)] {
        assert_refused!(with_claims(&world, json!({ "nonce": nonce })).await, Error::Nonce, nonce);
    }
    let mut with_null = claims(&world);
    with_null["nonce"] = Value::Null;
    let token = signed(&world.key, header(), &with_null);
    assert_refused!(world.provider.verify_logout_token(&token).await, Error::Nonce, "null");
}

#[tokio::test]
async fn case_11_an_expired_token_is_refused() {
    let world = World::new();
    for exp in [json!(world.in_seconds(-61)), json!(0), json!(-1e300)] {
        assert_refused!(with_claims(&world, json!({ "exp": exp })).await, Error::Expired, exp);
    }
    assert_refused!(with_claims(&world, json!({ "exp": null })).await, Error::Malformed, "no exp");
    with_claims(&world, json!({ "exp": world.in_seconds(-30) }))
        .await
        .expect("clocks may differ by a minute");
    let token = signed(&world.key, header(), &claims(&world));
    world.clock.advance(Duration::minutes(4));
    assert_refused!(world.provider.verify_logout_token(&token).await, Error::Expired, "later");
}

#[tokio::test]
async fn case_11_an_iat_that_is_not_recent_is_refused_however_long_the_token_lives() {
    let world = World::new();
    let forever = world.in_seconds(1_000_000);
    for iat in
        [json!(world.in_seconds(90)), json!(world.in_seconds(-400)), json!(0), json!(1e300), json!(-1e300)]
    {
        let changes = json!({ "iat": iat, "exp": forever });
        assert_refused!(with_claims(&world, changes).await, Error::IssuedAt, iat);
    }
    assert_refused!(with_claims(&world, json!({ "iat": null })).await, Error::Malformed, "no iat");
    let token = with_claims(&world, json!({ "exp": forever })).await.expect("a recent one");
    let left = (token.expires_at - world.clock.now()).whole_seconds();
    assert!(left <= 360, "its jti need not be kept for longer, {left}");
}

#[tokio::test]
async fn case_11_without_jti_sub_or_sid_it_is_refused() {
    let world = World::new();
    assert_refused!(with_claims(&world, json!({ "jti": null })).await, Error::TokenId, "no jti");
    assert_refused!(with_claims(&world, json!({ "jti": "" })).await, Error::TokenId, "an empty jti");
    assert_refused!(with_claims(&world, json!({ "jti": 7 })).await, Error::Malformed, "a number");
    let nobody = json!({ "sub": null, "sid": null });
    assert_refused!(with_claims(&world, nobody).await, Error::Subject, "nobody");
    assert_refused!(with_claims(&world, json!({ "sub": "", "sid": "" })).await, Error::Subject, "empty");
    assert_refused!(with_claims(&world, json!({ "sub": ["alice"] })).await, Error::Malformed, "a list");
}

#[tokio::test]
async fn case_11_a_bad_signature_is_refused() {
    let world = World::new();
    let forged = signed(&TestKey::es256(None), header(), &claims(&world));
    assert_refused!(world.provider.verify_logout_token(&forged).await, Error::Signature, "another key");
    let token = signed(&world.key, header(), &claims(&world));
    let (head, rest) = token.split_once('.').expect("three parts");
    let (_, signature) = rest.split_once('.').expect("three parts");
    let other = URL_SAFE_NO_PAD.encode(merged(claims(&world), json!({ "sub": "bob" })).to_string());
    let spliced = format!("{head}.{other}.{signature}");
    assert_refused!(world.provider.verify_logout_token(&spliced).await, Error::Signature, "spliced");
    let cut = format!("{head}.{}.", rest.split_once('.').expect("three parts").0);
    assert_refused!(world.provider.verify_logout_token(&cut).await, Error::Signature, "cut off");
}

#[tokio::test]
async fn case_11_a_key_that_the_token_brings_along_is_not_used_and_nothing_is_fetched_from_where_it_says() {
    let world = World::new();
    let own = TestKey::es256(Some("k1"));
    let elsewhere = "https://attacker.example/jwks";
    for extra in [
        json!({ "jwk": own.public }),
        json!({ "jku": elsewhere }),
        json!({ "x5u": elsewhere, "x5c": ["MIIB"] }),
        json!({ "kid": "brought", "jwk": own.public, "jku": elsewhere }),
    ] {
        let token = signed(&own, merged(header(), extra.clone()), &claims(&world));
        let refused = world.provider.verify_logout_token(&token).await;
        assert!(matches!(refused, Err(Error::Signature | Error::UnknownKey)), "{extra}: {refused:?}");
    }
    assert!(world.idp.strays.lock().is_empty());
    assert_eq!(world.key_fetches(), 2, "the provider's own set, once more for the key that nobody knows");
}

#[tokio::test]
async fn case_11_an_extension_that_must_be_understood_is_refused() {
    let world = World::new();
    assert_refused!(with_header(&world, json!({ "crit": ["b64"] })).await, Error::Critical, "crit");
}

#[tokio::test]
async fn case_11_what_is_no_jwt_is_refused() {
    let world = World::new();
    let id_token = world.id_token(&world.key, Some("k1"), json!({}));
    assert_refused!(world.provider.verify_logout_token(&id_token).await, Error::Nonce, "an id_token");
    let id_token = world.id_token(&world.key, Some("k1"), json!({ "nonce": null }));
    assert_refused!(world.provider.verify_logout_token(&id_token).await, Error::Event, "without nonce");
    let token = signed(&world.key, header(), &claims(&world));
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        "%%%.e30.e30",
        &format!("{token}.x"),
        &format!("{token}="),
        &"x".repeat(20_000),
    ] {
        assert_refused!(world.provider.verify_logout_token(text).await, Error::Malformed, text);
    }
}

#[tokio::test]
async fn case_04_a_flood_of_unknown_keys_fetches_the_key_set_once_and_rotation_still_works() {
    let world = World::new();
    world.provider.ready().await.expect("discovered");
    world.clock.advance(Duration::minutes(1));
    let rotated = TestKey::es256(Some("k2"));
    let token = |kid: &str| signed(&rotated, merged(header(), json!({ "kid": kid })), &claims(&world));
    for number in 0..20 {
        let refused = world.provider.verify_logout_token(&token(&format!("unknown-{number}"))).await;
        assert_refused!(refused, Error::UnknownKey, number);
    }
    assert_eq!(world.key_fetches(), 2);
    world.idp.keys.lock().push(json!(rotated.public));
    world.clock.advance(Duration::minutes(1));
    let fresh = signed(&rotated, merged(header(), json!({ "kid": "k2" })), &claims(&world));
    world.provider.verify_logout_token(&fresh).await.expect("the new key is found");
    assert_eq!(world.key_fetches(), 3);
}

#[tokio::test]
async fn case_03_without_kid_the_one_key_that_fits_is_used_and_several_are_refused() {
    let world = World::new();
    world.idp.keys.lock().push(json!(TestKey::ed25519(Some("ed")).public));
    with_header(&world, json!({ "kid": null })).await.expect("one key fits");
    let world = World::new();
    world.idp.keys.lock().push(json!(TestKey::es256(Some("k2")).public));
    assert_refused!(with_header(&world, json!({ "kid": null })).await, Error::UnknownKey, "several");
    with_header(&world, json!({})).await.expect("named, it is accepted");
    assert_eq!(world.key_fetches(), 1);
}

#[tokio::test]
async fn a_provider_that_is_away_is_no_refusal() {
    let world = World::new();
    *world.idp.down.lock() = Some(HttpClientError::Timeout);
    let outcome = with_claims(&world, json!({})).await;
    assert_refused!(outcome, Error::Provider(ProviderError::Timeout), "away");
    with_claims(&world, json!({})).await.expect("the next one is verified");
}
