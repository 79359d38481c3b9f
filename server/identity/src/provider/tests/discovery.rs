use portico_ports::HttpClientError;
use serde_json::json;

use super::world::{ISSUER, World, url};
use crate::provider::{AuthorizationRequest, ProviderError};

const LOGIN: AuthorizationRequest<'_> = AuthorizationRequest {
    state: "state",
    nonce: "nonce",
    code_verifier: "0123456789012345678901234567890123456789012",
    extra: &[],
};

#[tokio::test]
async fn case_08_a_discovery_document_of_another_issuer_is_refused_with_both_names() {
    for other in [
        "https://idp.example/other",
        "https://idp.example",
        "https://IDP.example/realm",
        "https://idp.example/realm/x",
    ] {
        let world = World::new();
        world.idp.metadata.lock()["issuer"] = json!(other);
        let Err(ProviderError::Nonsense(why)) = world.provider.ready().await else { panic!("{other}") };
        assert!(why.contains("issuer") && why.contains(ISSUER) && why.contains(other), "{why}");
        assert!(world.provider.authorization_url(LOGIN).await.is_err());
        assert_eq!(world.key_fetches(), 0);
    }
}

#[tokio::test]
async fn an_issuer_may_end_in_a_slash_and_then_iss_must_too() {
    for configured in [ISSUER, "https://idp.example/realm/"] {
        let world = World::with(|config| config.issuer = url(configured));
        let with_slash = format!("{ISSUER}/");
        world.idp.metadata.lock()["issuer"] = json!(with_slash);
        world.provider.check_response_issuer(Some(&with_slash)).await.expect("as the document writes it");
        assert!(world.provider.check_response_issuer(Some(ISSUER)).await.is_err());
        world.answers_with(world.id_token(&world.key, Some("k1"), json!({ "iss": with_slash })));
        world.provider.redeem("code", "verifier", "nonce").await.expect("a sign-in");
        world.answers_with(world.id_token(&world.key, Some("k1"), json!({})));
        assert!(world.provider.redeem("code", "verifier", "nonce").await.is_err());
    }
}

#[tokio::test]
async fn case_13_slow_away_and_nonsense_are_told_apart_and_the_next_call_tries_again() {
    let world = World::new();
    *world.idp.down.lock() = Some(HttpClientError::Timeout);
    assert!(matches!(world.provider.ready().await, Err(ProviderError::Timeout)));
    *world.idp.down.lock() = Some(HttpClientError::Connection("refused".to_owned()));
    assert!(matches!(world.provider.ready().await, Err(ProviderError::Unavailable(_))));
    *world.idp.down.lock() = Some(HttpClientError::TooLarge);
    assert!(matches!(world.provider.ready().await, Err(ProviderError::Nonsense(_))));
    let sound = std::mem::take(&mut *world.idp.metadata.lock());
    assert!(matches!(world.provider.ready().await, Err(ProviderError::Nonsense(_))));
    *world.idp.metadata.lock() = sound;
    world.provider.ready().await.expect("it is back");
}
