//! "Microsoft identity platform and OAuth 2.0 On-Behalf-Of flow", Microsoft Learn: the parameters of the request, and the
//! shape of the answer, which has no `issued_token_type`. RFC 7523, section 2.1: the grant.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::stub::{Stub, Wanted, answer, not_tried, refused, shared, soon};
use super::world::jwt;
use crate::provider::tests::world::{World, merged};
use crate::token::{AudienceEvidence, EntraOnBehalfOf, ExchangeError, ExchangedToken, Scope, Subject};

/// The portal's own API and the upstream's, by application ID URI and by application ID.
const OWN: &str = "api://portal";
const OWN_ID: &str = "11111111-2222-3333-4444-555555555555";
const TODOS: &str = "api://todos";
const TODOS_ID: &str = "66666666-7777-8888-9999-000000000000";

static ASSERTION: LazyLock<String> =
    LazyLock::new(|| jwt(&json!({ "aud": OWN_ID, "scp": "access", "ver": "2.0" })));

fn wanted(scope: &str) -> Wanted<'_> {
    Wanted { subject: Subject::Person(&ASSERTION), organization: Some("acme"), audience: TODOS, scope }
}

fn entra(scope: &str, claims: Value, body: Value) -> Stub {
    let sound = json!({ "aud": TODOS_ID, "exp": soon(), "scp": "todos.read", "tid": "t", "ver": "2.0" });
    let answered = json!({
        "scope": "api://todos/todos.read", "ext_expires_in": 0, "expires_in": 3269, "refresh_token": "not-read",
    });
    Stub::new(
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", &ASSERTION),
            ("scope", scope),
            ("requested_token_use", "on_behalf_of"),
        ],
        answer(&merged(sound, claims), merged(answered, body)),
    )
}

fn exchange(world: &World) -> EntraOnBehalfOf {
    let own = vec![OWN.to_owned(), OWN_ID.to_owned()];
    EntraOnBehalfOf::new(shared(world), own).with_application_id(TODOS, TODOS_ID)
}

async fn outcome(stub: &Stub, scope: &str) -> Result<ExchangedToken, ExchangeError> {
    wanted(scope).from(&exchange(&stub.world())).await
}

#[tokio::test]
async fn the_request_is_what_microsoft_documents_and_every_parameter_counts() {
    let stub = entra("api://todos/todos.read", json!({}), json!({}));
    let world = stub.world();
    let token = wanted("todos.read").from(&exchange(&world)).await.expect("a token");
    assert_eq!((token.audience.as_str(), token.scope), (TODOS, Scope::parse("todos.read")));
    assert_eq!(token.audience_evidence, AudienceEvidence::Claim);
    stub.assert_refuses_every_change_of(&world);
}

#[tokio::test]
async fn scopes_may_be_written_with_their_audience_and_the_default_asks_for_what_was_consented() {
    let stub = entra("api://todos/todos.read", json!({}), json!({}));
    outcome(&stub, "api://todos/todos.read").await.expect("written out");
    let all =
        entra("api://todos/.default", json!({ "scp": "todos.read todos.write" }), json!({ "scope": null }));
    for scope in [".default", "api://todos/.default"] {
        let token = outcome(&all, scope).await.expect("everything consented");
        assert_eq!(token.scope, Scope::parse("todos.read todos.write"));
    }
    let why = "Entra ID takes either scopes of the audience or .default";
    for scope in ["", "todos.read .default", "https://graph.microsoft.com/User.Read", "api://chat/chat.use"] {
        let world = stub.world();
        assert_eq!(wanted(scope).from(&exchange(&world)).await, not_tried(why), "{scope}");
        assert!(world.idp.sent.lock().is_empty());
    }
}

#[tokio::test]
async fn case_36_a_wider_scope_or_another_audience_is_refused() {
    let wider = "the scope is wider than asked";
    for (claims, body, why) in [
        (json!({ "scp": "todos.read todos.write" }), json!({}), wider),
        (json!({}), json!({ "scope": "api://todos/todos.read api://todos/todos.write" }), wider),
        (json!({}), json!({ "scope": "api://chat/todos.read" }), wider),
        (json!({ "aud": OWN_ID }), json!({}), "the access token is for another audience too"),
        (json!({ "aud": null }), json!({}), "the access token is not for the audience asked for"),
        (json!({}), json!({ "token_type": "pop" }), "token_type is not Bearer"),
        (json!({ "org_id": "globex" }), json!({}), "the access token is for another organization"),
        (
            json!({}),
            json!({ "issued_token_type": "urn:ietf:params:oauth:token-type:id_token" }),
            "issued_token_type is not access_token",
        ),
    ] {
        let stub = entra("api://todos/todos.read", claims.clone(), body.clone());
        assert_eq!(outcome(&stub, "todos.read").await, refused(why), "{claims} {body}");
    }
    let version_1 = entra("api://todos/todos.read", json!({ "aud": TODOS }), json!({}));
    outcome(&version_1, "todos.read").await.expect("the URI itself, as tokens of version 1 have it");
    let world = entra("api://todos/todos.read", json!({}), json!({})).world();
    let unmapped = EntraOnBehalfOf::new(shared(&world), vec![OWN_ID.to_owned()]);
    let outcome = wanted("todos.read").from(&unmapped).await;
    assert_eq!(
        outcome,
        refused("the access token is for another audience too"),
        "an id that nobody configured"
    );
}

#[tokio::test]
async fn case_38_a_token_that_is_not_for_the_portals_own_api_is_never_sent() {
    let other = "the session's access token is not for the portal's own API";
    let silent = "the session's access token says nothing about its audience";
    for (assertion, why) in [
        (jwt(&json!({ "aud": "00000003-0000-0000-c000-000000000000" })), other),
        (jwt(&json!({ "aud": [OWN, TODOS] })), other),
        (jwt(&json!({})), other),
        (jwt(&json!({ "aud": [] })), other),
        ("opaque".to_owned(), silent),
        (jwt(&json!({ "aud": 7 })), silent),
    ] {
        let world = entra("api://todos/todos.read", json!({}), json!({})).world();
        let wanted = Wanted { subject: Subject::Person(&assertion), ..wanted("todos.read") };
        assert_eq!(wanted.from(&exchange(&world)).await, not_tried(why), "{assertion}");
        assert!(world.idp.sent.lock().is_empty());
    }
}

#[tokio::test]
async fn case_38_what_entra_refuses_is_named() {
    let world = entra("api://todos/todos.read", json!({}), json!({})).world();
    world.answers(400, json!({
        "error": "interaction_required", "error_description": "AADSTS50079: not shown", "error_codes": [50079],
        "timestamp": "2026-05-01 22:43:20Z", "trace_id": "b72a68c3", "correlation_id": "73418fba", "claims": "{}",
    }));
    let outcome = wanted("todos.read").from(&exchange(&world)).await;
    assert_eq!(outcome, Err(ExchangeError::Refused { code: "interaction_required".to_owned() }));
}
