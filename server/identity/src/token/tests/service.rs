//! The portal's own calls (RFC 6749, section 4.4), and the portal as the actor in a person's (RFC 8693, section 4.1).

use serde_json::{Value, json};

use super::stub::{Stub, Wanted, answer, not_tried, refused, shared, soon};
use super::world::jwt;
use crate::provider::tests::world::{CLIENT, World, json_answer};
use crate::token::{
    Auth0CustomTokenExchange, ClientCredentials, EntraOnBehalfOf, ExchangeError, Rfc8693, Scope, Subject,
};

const TODOS: &str = "https://api.example/todos";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

const OWN_CALL: Wanted<'_> =
    Wanted { subject: Subject::Portal, organization: None, audience: TODOS, scope: "todos.sync" };

fn service(audience: &str, claims: Value) -> Stub {
    let accepts = [("grant_type", "client_credentials"), ("audience", audience), ("scope", "todos.sync")];
    Stub::new(&accepts, answer(&claims, json!({})))
}

#[tokio::test]
async fn the_portals_own_call_has_a_token_of_its_own_by_the_same_port() {
    let stub = service(TODOS, json!({ "aud": TODOS, "exp": soon(), "scope": "todos.sync" }));
    let world = stub.world();
    OWN_CALL.from(&ClientCredentials::new(shared(&world))).await.expect("a token");
    stub.assert_refuses_every_change_of(&world);
    OWN_CALL.from(&Rfc8693::new(shared(&world))).await.expect("a token");
    let auth0 = Auth0CustomTokenExchange::new(shared(&world), "urn:acme:session").expect("a token type");
    OWN_CALL.from(&auth0).await.expect("a token");
    assert_eq!(world.idp.sent.lock().len(), 3);
}

#[tokio::test]
async fn entra_gives_the_portals_own_token_for_the_default_scope() {
    let accepts = [("grant_type", "client_credentials"), ("scope", "api://todos/.default")];
    let claims = json!({ "aud": "api://todos", "exp": soon(), "roles": ["Sync"] });
    let world = Stub::new(&accepts, answer(&claims, json!({}))).world();
    let wanted = Wanted { audience: "api://todos", ..OWN_CALL };
    wanted.from(&EntraOnBehalfOf::new(shared(&world), Vec::new())).await.expect("a token");
}

#[tokio::test]
async fn case_36_the_portals_own_token_is_checked_like_any_other() {
    for (claims, why) in [
        (json!({ "aud": "chat", "exp": soon() }), "the access token is for another audience too"),
        (json!({ "aud": TODOS, "exp": soon(), "scope": "admin" }), "the scope is wider than asked"),
        (json!({ "aud": TODOS }), "the access token never expires"),
        (
            json!({ "aud": TODOS, "exp": soon(), "org_id": "acme" }),
            "the access token is for another organization",
        ),
    ] {
        let world = service(TODOS, claims.clone()).world();
        let outcome = OWN_CALL.from(&ClientCredentials::new(shared(&world))).await;
        assert_eq!(outcome, refused(why), "{claims}");
    }
}

#[tokio::test]
async fn case_38_a_persons_call_never_goes_out_under_the_portals_own_name() {
    let world = service(TODOS, json!({ "aud": TODOS, "exp": soon() })).world();
    let wanted = Wanted { subject: Subject::Person("subject"), ..OWN_CALL };
    let outcome = wanted.from(&ClientCredentials::new(shared(&world))).await;
    assert_eq!(outcome, not_tried("a person's call needs a person's token"));
    assert!(world.idp.sent.lock().is_empty());
}

/// A provider that gives the portal an actor token, and exchanges with it into a token with these claims.
fn delegating(claims: Value) -> World {
    let world = World::new();
    world.responds(move |sent| {
        let own =
            jwt(&json!({ "aud": "sts", "exp": soon(), "sub": "service-account-portal", "scope": "act" }));
        if sent.field("grant_type") == Some("client_credentials") {
            return json_answer(
                200,
                &json!({ "access_token": own, "token_type": "Bearer", "expires_in": 300 }),
            );
        }
        let acts =
            sent.field("actor_token") == Some(&own) && sent.field("actor_token_type") == Some(ACCESS_TOKEN);
        if acts && sent.field("subject_token") == Some("subject") {
            json_answer(200, &answer(&claims, json!({ "issued_token_type": ACCESS_TOKEN })))
        } else {
            json_answer(400, &json!({ "error": "invalid_request" }))
        }
    });
    world
}

const PERSONS_CALL: Wanted<'_> = Wanted { subject: Subject::Person("subject"), ..OWN_CALL };

#[tokio::test]
async fn with_an_actor_the_token_says_that_the_portal_acts_for_the_person() {
    let world =
        delegating(json!({ "aud": TODOS, "exp": soon(), "sub": "alice", "act": { "sub": "portal" } }));
    let exchange = Rfc8693::new(shared(&world)).with_actor("sts", Scope::parse("act"));
    PERSONS_CALL.from(&exchange).await.expect("a token");
    PERSONS_CALL.from(&exchange).await.expect("another");
    let own = world.idp.sent.lock().iter().filter(|sent| sent.field("actor_token").is_none()).count();
    assert_eq!((own, world.idp.sent.lock().len()), (1, 3), "the actor token is kept");
}

#[tokio::test]
async fn case_36_a_token_that_names_no_actor_although_one_was_sent_is_refused() {
    let outcome = async |claims| {
        let world = delegating(claims);
        PERSONS_CALL.from(&Rfc8693::new(shared(&world)).with_actor("sts", Scope::parse("act"))).await
    };
    for act in [json!(null), json!({}), json!({ "sub": "" })] {
        let claims = json!({ "aud": TODOS, "exp": soon(), "act": act });
        assert_eq!(outcome(claims).await, refused("the access token names no actor"), "{act}");
    }
    // Nested are those who acted before, who count for nothing (RFC 8693, section 4.1).
    for act in [json!({ "sub": "chat" }), json!({ "sub": "chat", "act": { "sub": "portal" } })] {
        let claims = json!({ "aud": TODOS, "exp": soon(), "act": act });
        assert_eq!(outcome(claims).await, refused("the access token names another actor"), "{act}");
    }
    for act in [json!({ "sub": "service-account-portal" }), json!({ "client_id": CLIENT })] {
        outcome(json!({ "aud": TODOS, "exp": soon(), "act": act })).await.expect("either is the portal");
    }
}

#[tokio::test]
async fn an_actor_token_that_the_provider_has_forgotten_is_fetched_once_more_and_not_again_and_again() {
    let world = delegating(json!({ "aud": TODOS, "exp": soon(), "act": { "sub": CLIENT } }));
    let exchange = Rfc8693::new(shared(&world)).with_actor("sts", Scope::parse("act"));
    PERSONS_CALL.from(&exchange).await.expect("a token");
    // From now on only a newer one counts.
    let newer = jwt(&json!({ "aud": "sts", "exp": soon() + 1, "sub": CLIENT, "scope": "act" }));
    world.responds(move |sent| {
        if sent.field("grant_type") == Some("client_credentials") {
            let answer = json!({ "access_token": newer, "token_type": "Bearer", "expires_in": 300 });
            json_answer(200, &answer)
        } else if sent.field("actor_token") == Some(&newer) {
            let claims = json!({ "aud": TODOS, "exp": soon(), "act": { "sub": CLIENT } });
            json_answer(200, &answer(&claims, json!({ "issued_token_type": ACCESS_TOKEN })))
        } else {
            json_answer(400, &json!({ "error": "invalid_request" }))
        }
    });
    PERSONS_CALL.from(&exchange).await.expect("a token, by a new actor token");
    world.idp.sent.lock().clear();
    world.responds(|_| json_answer(400, &json!({ "error": "invalid_request" })));
    let refused = Err(ExchangeError::Refused { code: "invalid_request".to_owned() });
    for _ in 0..5 {
        assert_eq!(PERSONS_CALL.from(&exchange).await, refused);
    }
    let own = world.idp.sent.lock().iter().filter(|sent| sent.field("actor_token").is_none()).count();
    assert_eq!(own, 0, "it was fetched a moment ago");
}

#[tokio::test]
async fn case_38_without_an_actor_token_there_is_no_exchange() {
    let world = World::new();
    world.answers(400, json!({ "error": "unauthorized_client" }));
    let exchange = Rfc8693::new(shared(&world)).with_actor("sts", Scope::parse("act"));
    let outcome = PERSONS_CALL.from(&exchange).await;
    assert_eq!(outcome, Err(ExchangeError::Refused { code: "unauthorized_client".to_owned() }));
    assert!(world.idp.sent.lock().iter().all(|sent| sent.field("subject_token").is_none()));
}
