use serde_json::json;

use super::world::{CLIENT, ISSUER, World, json_answer};
use crate::client_auth::ClientAuth;
use crate::provider::{AuthorizationRequest, Par, ProviderConfig, ProviderError};

const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c";

const LOGIN: AuthorizationRequest<'_> = AuthorizationRequest {
    state: "the-state",
    nonce: "the-nonce",
    code_verifier: "0123456789012345678901234567890123456789012",
    extra: &[("organization", "acme"), ("login_hint", "alice@acme.example")],
};

/// A provider that offers pushed requests, and a portal with changes to its configuration.
fn offering(change: impl FnOnce(&mut ProviderConfig)) -> World {
    let world = World::with(change);
    world.idp.metadata.lock()["pushed_authorization_request_endpoint"] = json!(format!("{ISSUER}/par"));
    world.answers(201, json!({ "request_uri": REQUEST_URI, "expires_in": 60 }));
    world
}

#[tokio::test]
async fn a_pushed_request_leaves_only_its_name_to_the_browser() {
    for par in [Par::Auto, Par::Required] {
        let world = offering(|config| config.par = par);
        let url = world.provider.authorization_url(LOGIN).await.expect("a login starts");
        assert!(url.as_str().starts_with(&format!("{ISSUER}/authorize?tenant=1&")), "{url}");
        let query: Vec<_> = url.query_pairs().into_owned().collect();
        let expected = [("tenant", "1"), ("client_id", CLIENT), ("request_uri", REQUEST_URI)];
        assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let sent = world.idp.sent.lock().pop().expect("a push");
        assert_eq!(sent.path, "/realm/par");
        assert_eq!(sent.authorization.as_deref(), Some("Basic cG9ydGFsOnMzY3JldA=="));
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", "https://portal.example/auth/callback"),
            ("scope", "openid profile"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge_method", "S256"),
            ("organization", "acme"),
            ("login_hint", "alice@acme.example"),
        ] {
            assert_eq!(sent.field(name), Some(value), "{name}");
        }
        assert!(sent.field("code_challenge").is_some() && sent.field("code_verifier").is_none());
    }
}

#[tokio::test]
async fn a_public_client_names_itself_once() {
    let world = offering(|config| config.client_auth = ClientAuth::None);
    world.provider.authorization_url(LOGIN).await.expect("a login starts");
    let sent = world.idp.sent.lock().pop().expect("a push");
    assert_eq!((sent.field("client_id"), sent.authorization.as_deref()), (Some(CLIENT), None));
}

#[tokio::test]
async fn the_configuration_decides() {
    let never = offering(|config| config.par = Par::Never);
    let url = never.provider.authorization_url(LOGIN).await.expect("a login starts");
    assert!(url.query_pairs().any(|(name, value)| name == "state" && value == "the-state"));
    assert!(never.idp.sent.lock().is_empty());
    let not_offered = World::new();
    let url = not_offered.provider.authorization_url(LOGIN).await.expect("a login starts");
    assert!(url.query_pairs().any(|(name, value)| name == "nonce" && value == "the-nonce"));
    let required = World::with(|config| config.par = Par::Required);
    assert!(matches!(required.provider.authorization_url(LOGIN).await, Err(ProviderError::Nonsense(_))));
}

#[tokio::test]
async fn case_13_a_push_that_fails_starts_no_login() {
    let world = offering(|_| {});
    let outcome = async |status: u16, body| {
        world.answers(status, body);
        world.provider.authorization_url(LOGIN).await.expect_err("no login")
    };
    let refused = outcome(400, json!({ "error": "invalid_request" })).await;
    assert!(matches!(refused, ProviderError::Refused { code } if code == "invalid_request"));
    assert!(matches!(outcome(503, json!({})).await, ProviderError::Unavailable(_)));
    assert!(matches!(outcome(201, json!({ "expires_in": 60 })).await, ProviderError::Nonsense(_)));
    assert!(matches!(outcome(302, json!({})).await, ProviderError::Nonsense(_)));
    world.responds(|_| json_answer(200, &json!({ "request_uri": REQUEST_URI })));
    assert!(world.provider.authorization_url(LOGIN).await.is_err(), "only 201 says that it was kept");
}
