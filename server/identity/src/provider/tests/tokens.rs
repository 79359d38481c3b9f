use portico_ports::{Clock as _, HttpClientError};
use serde_json::json;
use time::Duration;

use super::world::{World, json_answer, merged};
use crate::provider::{ProviderError, Refreshed, SignIn};
use crate::signing::tests::TestKey;

async fn login(world: &World, id_token: String) -> Result<SignIn, ProviderError> {
    world.answers_with(id_token);
    world.provider.redeem("code", "verifier", "nonce").await
}

#[tokio::test]
async fn case_03_without_kid_the_one_key_that_fits_is_used() {
    let world = World::new();
    // Keys for another kind of signature, or for encryption, do not fit, so they make nothing ambiguous.
    let mut encryption = json!(TestKey::es256(Some("enc")).public);
    encryption["use"] = json!("enc");
    world.idp.keys.lock().extend([json!(TestKey::ed25519(Some("ed")).public), encryption]);
    let sign_in = login(&world, world.id_token(&world.key, None, json!({}))).await.expect("a sign-in");
    assert_eq!(sign_in.person.sub, "alice");
    let forged = login(&world, world.id_token(&TestKey::es256(None), None, json!({}))).await;
    assert!(matches!(forged, Err(ProviderError::IdToken(_))));
}

#[tokio::test]
async fn case_03_without_kid_among_several_keys_is_refused_and_nothing_is_fetched_for_it() {
    let world = World::new();
    world.idp.keys.lock().push(json!(TestKey::es256(Some("k2")).public));
    world.clock.advance(Duration::minutes(5));
    let unnamed = login(&world, world.id_token(&world.key, None, json!({}))).await;
    assert!(matches!(unnamed, Err(ProviderError::IdToken(_))));
    login(&world, world.id_token(&world.key, Some("k1"), json!({}))).await.expect("named, it is accepted");
    assert_eq!(world.key_fetches(), 1);
}

#[tokio::test]
async fn case_04_unknown_keys_are_fetched_once_per_window_even_while_the_provider_is_away() {
    let world = World::new();
    world.session().await;
    let rotated = TestKey::es256(Some("k2"));
    world.clock.advance(Duration::minutes(1));
    for _ in 0..5 {
        let unknown = login(&world, world.id_token(&rotated, Some("k2"), json!({}))).await;
        assert!(matches!(unknown, Err(ProviderError::IdToken(_))));
    }
    assert_eq!(world.key_fetches(), 2);
    world.idp.keys.lock().push(json!(rotated.public));
    world.clock.advance(Duration::minutes(1));
    login(&world, world.id_token(&rotated, Some("k2"), json!({}))).await.expect("the new key is found");
    assert_eq!(world.key_fetches(), 3);
}

#[tokio::test]
async fn case_04_a_key_that_is_made_at_the_first_login_is_found_at_once_and_only_once_in_a_window() {
    let world = World::new();
    world.provider.ready().await.expect("discovered");
    let lazy = TestKey::es256(Some("k2"));
    world.idp.keys.lock().push(json!(lazy.public));
    login(&world, world.id_token(&lazy, Some("k2"), json!({}))).await.expect("the key is looked for at once");
    assert_eq!(world.key_fetches(), 2);
    for kid in ["k3", "k4", "k5"] {
        let unknown = login(&world, world.id_token(&TestKey::es256(None), Some(kid), json!({}))).await;
        assert!(matches!(unknown, Err(ProviderError::IdToken(_))), "{kid}");
    }
    assert_eq!(world.key_fetches(), 2, "the window is spent");
}

#[tokio::test]
async fn case_10_a_refresh_with_another_sub_or_issuer_is_refused() {
    let world = World::new();
    let state = world.session().await;
    for changes in
        [json!({ "sub": "mallory" }), json!({ "iss": "https://other.example" }), json!({ "sub": "" })]
    {
        world.answers_with(world.id_token(&world.key, Some("k1"), changes.clone()));
        let refused = world.provider.refresh(&state, None).await;
        assert!(matches!(refused, Err(ProviderError::IdToken(_))), "{changes}");
    }
    world.answers_with(world.id_token(&world.key, Some("k1"), json!({ "nonce": null })));
    let Ok(Refreshed::SignIn(fresh)) = world.provider.refresh(&state, None).await else {
        panic!("a sign-in")
    };
    assert_eq!((fresh.person.sub.as_str(), fresh.tokens.refresh_token.as_deref()), ("alice", Some("rt2")));
}

#[tokio::test]
async fn case_07_a_refresh_token_of_another_provider_is_not_sent() {
    let world = World::new();
    let mut state = world.session().await;
    world.idp.sent.lock().clear();
    state.person.issuer = "https://other.example/".to_owned();
    let refused = world.provider.refresh(&state, None).await;
    assert!(matches!(refused, Err(ProviderError::Refused { code }) if code == "invalid_grant"));
    assert!(world.idp.sent.lock().is_empty());
}

#[tokio::test]
async fn case_20_a_refusal_is_told_from_a_provider_that_is_not_well() {
    let world = World::new();
    let state = world.session().await;
    let outcome = async |status: u16, body| {
        world.answers(status, body);
        world.provider.refresh(&state, None).await.expect_err("no tokens")
    };
    let dead = outcome(400, json!({ "error": "invalid_grant" })).await;
    assert!(matches!(dead, ProviderError::Refused { code } if code == "invalid_grant"));
    for (status, code) in [(503, "invalid_grant"), (500, ""), (429, "slow_down"), (400, "server_error")] {
        let sick = outcome(status, json!({ "error": code })).await;
        assert!(matches!(sick, ProviderError::Unavailable(_)), "{status} {code}");
    }
    assert!(matches!(outcome(404, json!({})).await, ProviderError::Nonsense(_)));
    assert!(matches!(outcome(200, json!({})).await, ProviderError::Nonsense(_)));
    world.responds(|_| Err(HttpClientError::Timeout));
    assert!(matches!(world.provider.refresh(&state, None).await, Err(ProviderError::Timeout)));
}

#[tokio::test]
async fn no_error_tells_a_token() {
    let world = World::new();
    world.answers(200, json!({ "access_token": "leaked", "token_type": 7, "id_token": "leaked" }));
    let error = world.provider.redeem("code", "verifier", "nonce").await.expect_err("no id_token");
    assert!(!format!("{error} {error:?}").contains("leaked"));
}

#[tokio::test]
async fn a_refresh_token_is_revoked_by_the_client_it_was_issued_to() {
    let world = World::new();
    world.answers(200, json!({}));
    world.provider.revoke("rt").await.expect("revoked");
    let sent = world.idp.sent.lock().pop().expect("a call");
    assert_eq!((sent.path.as_str(), sent.field("token")), ("/realm/revoke", Some("rt")));
    assert_eq!(sent.authorization.as_deref(), Some("Basic cG9ydGFsOnMzY3JldA=="));
    world.responds(|_| json_answer(400, &json!({ "error": "invalid_client" })));
    assert!(matches!(world.provider.revoke("rt").await, Err(ProviderError::Refused { .. })));
}

#[tokio::test]
async fn the_refresh_tokens_own_lifetime_is_read_where_it_is_said_and_stays_with_a_token_that_stays() {
    let world = World::new();
    let id_token = world.id_token(&world.key, Some("k1"), json!({}));
    let answer = |changes| {
        let base = json!({
            "access_token": "at", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt",
            "id_token": id_token,
        });
        merged(base, changes)
    };
    let redeem = async || world.provider.redeem("code", "verifier", "nonce").await.expect("a sign-in");
    let ends = async |changes| {
        world.answers(200, answer(changes));
        let tokens = redeem().await.tokens;
        tokens.refresh_expires_at.map(|end| (end - world.clock.now()).whole_seconds())
    };
    let near = |end: Option<i64>| end.is_some_and(|end| (1798..=1800).contains(&end));
    assert!(near(ends(json!({ "refresh_expires_in": 1800 })).await));
    assert!(near(ends(json!({ "refresh_token_expires_in": 1800 })).await));
    for unsaid in [json!({}), json!({ "refresh_expires_in": 0 }), json!({ "refresh_expires_in": "soon" })] {
        assert_eq!(ends(unsaid).await, None);
    }
    world.answers(200, answer(json!({ "refresh_expires_in": 1800 })));
    let before = redeem().await.into_state(world.clock.now(), Duration::hours(8));
    world.answers(200, answer(json!({ "refresh_token": null, "id_token": null })));
    let Refreshed::Tokens(kept) = world.provider.refresh(&before, None).await.expect("a refresh") else {
        panic!("there was no id_token");
    };
    assert_eq!(kept.refresh_token, before.tokens.refresh_token);
    assert_eq!(kept.refresh_expires_at, before.tokens.refresh_expires_at);
}

#[tokio::test]
async fn claims_that_the_configuration_lists_are_kept_as_texts_and_no_others() {
    let names = ["department", "teams", "level", "is_external", "address", "gone", "mixed"];
    let world = World::with(|config| config.claims = names.map(str::to_owned).to_vec());
    let changes = json!({
        "department": "sales", "teams": ["north", "south"], "level": 2, "is_external": false,
        "address": { "country": "NL" }, "mixed": ["a", {}], "salary": 1, "email": "alice@example.com",
    });
    let sign_in = login(&world, world.id_token(&world.key, Some("k1"), changes)).await.expect("a sign-in");
    let kept = sign_in.person.claims.expect("some are kept");
    let kept: Vec<_> = kept.iter().map(|(name, texts)| (name.as_str(), texts.join("|"))).collect();
    let expected =
        [("department", "sales"), ("is_external", "false"), ("level", "2"), ("teams", "north|south")];
    assert_eq!(kept, expected.map(|(name, texts)| (name, texts.to_owned())));
    let without = login(&world, world.id_token(&world.key, Some("k1"), json!({}))).await.expect("a sign-in");
    assert!(without.person.claims.is_none());
}
