//! Keycloak 26.2 or newer: "Configuring and using token exchange", "Standard token exchange" ("Example token exchange
//! request", "Request and response parameters", "Scopes and audiences") of its guides for securing applications; RFC 8693,
//! sections 2.1 and 2.2. The audience is a client's id; default client scopes come with every token.

use serde_json::{Value, json};

use super::stub::{Stub, Wanted, answer, refused, shared, soon};
use crate::provider::tests::world::{World, json_answer, merged};
use crate::token::{AudienceEvidence, IntrospectionPolicy, Rfc8693, Scope, Subject};

const SUBJECT: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

const WANTED: Wanted<'_> = Wanted {
    subject: Subject::Person(SUBJECT),
    organization: Some("acme"),
    audience: "todos",
    scope: "todos.read",
};

/// An answer as Keycloak writes it, with `changes` over the token's claims.
fn keycloak(changes: Value) -> Stub {
    let claims = json!({
        "exp": soon(), "iss": "https://idp.example/realm", "aud": "todos", "sub": "b7e6", "typ": "Bearer",
        "azp": "portal", "sid": "0a1c", "scope": "openid todos.read email profile", "email_verified": true,
    });
    let body = json!({
        "refresh_expires_in": 0, "not-before-policy": 0, "session_state": "0a1c", "issued_token_type": ACCESS_TOKEN,
        "scope": "openid todos.read email profile",
    });
    Stub::new(
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", SUBJECT),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", ACCESS_TOKEN),
            ("audience", "todos"),
            ("scope", "todos.read"),
        ],
        answer(&merged(claims, changes), body),
    )
}

#[tokio::test]
async fn the_request_is_what_keycloak_documents_and_every_parameter_counts() {
    let stub = keycloak(json!({}));
    let world = stub.world();
    let token = WANTED.from(&Rfc8693::new(shared(&world))).await.expect("a token");
    assert_eq!(token.audience_evidence, AudienceEvidence::Claim);
    stub.assert_refuses_every_change_of(&world);
}

#[tokio::test]
async fn case_36_its_default_scopes_are_no_widening_and_any_other_is() {
    let world = keycloak(json!({})).world();
    let token = WANTED.from(&Rfc8693::new(shared(&world))).await.expect("a token");
    assert_eq!(token.scope, Scope::parse("openid email profile todos.read"));
    for scope in ["openid todos.read offline_access", "todos.read roles", "todos.read todos.write"] {
        let world = keycloak(json!({ "scope": scope })).world();
        let outcome = WANTED.from(&Rfc8693::new(shared(&world))).await;
        assert_eq!(outcome, refused("the scope is wider than asked"), "{scope}");
    }
}

#[tokio::test]
async fn case_36_the_audience_is_the_client_that_was_asked_for_and_no_other() {
    for (aud, why) in [
        (json!("portal"), "the access token is for another audience too"),
        (json!(["todos", "account"]), "the access token is for another audience too"),
        (json!(null), "the access token is not for the audience asked for"),
    ] {
        let world = keycloak(json!({ "aud": aud })).world();
        assert_eq!(WANTED.from(&Rfc8693::new(shared(&world))).await, refused(why), "{aud}");
    }
    let world = keycloak(json!({ "aud": ["todos"] })).world();
    WANTED.from(&Rfc8693::new(shared(&world))).await.expect("a list of one is the same");
}

#[tokio::test]
async fn case_50_a_token_of_another_organization_is_refused() {
    let another = "the access token is for another organization";
    let world = keycloak(json!({ "org_id": "acme" })).world();
    let exchange = Rfc8693::new(shared(&world));
    WANTED.from(&exchange).await.expect("the session's own organization");
    for organization in [None, Some("globex"), Some("ACME"), Some("")] {
        assert_eq!(
            Wanted { organization, ..WANTED }.from(&exchange).await,
            refused(another),
            "{organization:?}"
        );
    }
    for (org_id, why) in [
        (json!("globex"), another),
        (json!(""), another),
        (json!(["acme"]), "the claims of the access token cannot be read"),
    ] {
        let world = keycloak(json!({ "org_id": org_id })).world();
        assert_eq!(WANTED.from(&Rfc8693::new(shared(&world))).await, refused(why), "{org_id}");
    }
}

/// A provider with opaque tokens, and what introspection says of them (RFC 7662, section 2.2).
fn opaque(says: Value) -> World {
    let world = World::new();
    let exchanged = json!({
        "access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "issued_token_type": ACCESS_TOKEN,
    });
    world.responds(move |sent| {
        let of_opaque = sent.field("token") == Some("opaque") && sent.authorization.is_some();
        let introspects = sent.path == "/realm/introspect" && of_opaque;
        json_answer(200, if introspects { &says } else { &exchanged })
    });
    world
}

#[tokio::test]
async fn an_opaque_token_is_introspected_where_that_is_configured_and_claimed_for_nothing_where_not() {
    let sound = json!({ "active": true, "aud": "todos", "scope": "todos.read", "org_id": "acme" });
    let world = opaque(sound.clone());
    let token = WANTED.from(&Rfc8693::new(shared(&world))).await.expect("a token");
    assert_eq!(token.audience_evidence, AudienceEvidence::Unverified);
    assert_eq!(world.idp.sent.lock().len(), 1);
    let asking = |world: &World| Rfc8693::new(shared(world)).introspecting(IntrospectionPolicy::OpaqueTokens);
    let token = WANTED.from(&asking(&world)).await.expect("a token");
    assert_eq!(token.audience_evidence, AudienceEvidence::Introspection);
    for (changes, why) in [
        (json!({ "active": false }), "introspection says that the access token is not active"),
        (json!({ "aud": "chat" }), "the access token is for another audience too"),
        (json!({ "aud": null }), "the access token is not for the audience asked for"),
        (json!({ "scope": "todos.read todos.write" }), "the scope is wider than asked"),
        (json!({ "org_id": "globex" }), "the access token is for another organization"),
        (json!({ "exp": 1 }), "the access token has expired"),
        (json!({ "active": "yes" }), "what introspection says of the access token cannot be read"),
    ] {
        let world = opaque(merged(sound.clone(), changes.clone()));
        assert_eq!(WANTED.from(&asking(&world)).await, refused(why), "{changes}");
    }
    let world = opaque(sound);
    world.idp.metadata.lock().as_object_mut().expect("an object").remove("introspection_endpoint");
    let outcome = WANTED.from(&asking(&world)).await;
    assert_eq!(outcome, refused("the provider has no introspection endpoint"));
}
