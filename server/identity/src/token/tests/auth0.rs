//! "Call Your API Using the Custom Token Exchange Flow", Auth0 Docs: the parameters of the request, and the namespaces that a
//! `subject_token_type` cannot be of. RFC 8693, section 2.2.1: the answer.

use serde_json::{Value, json};

use super::stub::{Stub, Wanted, answer, refused, shared, soon};
use crate::provider::tests::world::merged;
use crate::token::{Auth0CustomTokenExchange, Subject};

const SUBJECT: &str = "the-session-token";
const TOKEN_TYPE: &str = "urn:acme:portal-session";
const TODOS: &str = "https://api.example/todos";

const WANTED: Wanted<'_> = Wanted {
    subject: Subject::Person(SUBJECT),
    organization: Some("org_acme"),
    audience: TODOS,
    scope: "todos.read todos.write",
};

fn auth0(organization: Option<&str>, claims: Value, body: Value) -> Stub {
    let sound = json!({
        "iss": "https://tenant.auth0.com/", "sub": "auth0|1", "aud": TODOS, "exp": soon(),
        "scope": "todos.read todos.write", "org_id": organization,
    });
    let mut accepts = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token_type", TOKEN_TYPE),
        ("subject_token", SUBJECT),
        ("audience", TODOS),
        ("scope", "todos.read todos.write"),
    ];
    accepts.extend(organization.map(|organization| ("organization", organization)));
    Stub::new(&accepts, answer(&merged(merged(json!({}), sound), claims), body))
}

#[tokio::test]
async fn the_request_is_what_auth0_documents_and_every_parameter_counts() {
    for organization in [None, Some("org_acme")] {
        let stub = auth0(organization, json!({}), json!({}));
        let world = stub.world();
        let mut exchange = Auth0CustomTokenExchange::new(shared(&world), TOKEN_TYPE).expect("a token type");
        if organization.is_some() {
            exchange = exchange.with_organizations();
        }
        WANTED.from(&exchange).await.expect("a token");
        stub.assert_refuses_every_change_of(&world);
    }
}

#[tokio::test]
async fn case_36_what_comes_back_is_checked_like_any_exchange() {
    let types = "urn:ietf:params:oauth:token-type";
    for (claims, body, why) in [
        (
            json!({ "aud": "https://api.example/chat" }),
            json!({}),
            "the access token is for another audience too",
        ),
        (
            json!({ "aud": [TODOS, "https://tenant.auth0.com/userinfo"] }),
            json!({}),
            "the access token is for another audience too",
        ),
        (json!({ "scope": "todos.read admin" }), json!({}), "the scope is wider than asked"),
        (json!({}), json!({ "token_type": "DPoP" }), "token_type is not Bearer"),
        (
            json!({}),
            json!({ "issued_token_type": format!("{types}:id_token") }),
            "issued_token_type is not access_token",
        ),
        (json!({ "org_id": "org_globex" }), json!({}), "the access token is for another organization"),
        (json!({ "org_id": null }), json!({}), "nothing says which organization the access token is for"),
        (
            json!({}),
            json!({ "access_token": "opaque" }),
            "nothing says which organization the access token is for",
        ),
        (json!({}), json!({ "access_token": SUBJECT }), "it gave the subject token back"),
    ] {
        let world = auth0(Some("org_acme"), claims.clone(), body.clone()).world();
        let exchange = Auth0CustomTokenExchange::new(shared(&world), TOKEN_TYPE).expect("a token type");
        assert_eq!(WANTED.from(&exchange.with_organizations()).await, refused(why), "{claims} {body}");
    }
    let stated = json!({ "issued_token_type": format!("{types}:access_token") });
    let world = auth0(Some("org_acme"), json!({}), stated).world();
    let exchange = Auth0CustomTokenExchange::new(shared(&world), TOKEN_TYPE).expect("a token type");
    WANTED.from(&exchange.with_organizations()).await.expect("the type may be stated");
}

#[test]
fn a_token_type_that_cannot_be_registered_is_refused_at_the_start() {
    let world = auth0(None, json!({}), json!({})).world();
    for reserved in [
        "urn:ietf:params:oauth:token-type:access_token",
        "urn:auth0:x",
        "URN:OKTA:x",
        "https://auth0.com/x",
        "http://okta.com/x",
        "portal-session",
        "",
    ] {
        assert!(Auth0CustomTokenExchange::new(shared(&world), reserved).is_err(), "{reserved}");
    }
    Auth0CustomTokenExchange::new(shared(&world), "https://acme.example/session")
        .expect("a URI of one's own");
}
