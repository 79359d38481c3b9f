use portico_dev_idp::TokenKind;
use serde_json::json;
use time::Duration;

use crate::world::{Answer, ISSUER, TODOS, World, claims, text};

async fn own(world: &World, more: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![("grant_type", "client_credentials")];
    pairs.extend(more);
    world.call("token", &pairs).await
}

#[tokio::test]
async fn a_client_gets_a_token_of_its_own_for_one_upstream() {
    let world = World::new();
    let answer = own(&world, &[("audience", TODOS), ("scope", "todos.read")]).await.json();
    assert_eq!((&answer["token_type"], &answer["scope"]), (&json!("Bearer"), &json!("todos.read")));
    assert!(answer["refresh_token"].is_null() && answer["id_token"].is_null());
    let token = text(&answer, "access_token");
    let claims = claims(token);
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("aud", json!(TODOS)),
        ("sub", json!("portal")),
        ("client_id", json!("portal")),
        ("scope", json!("todos.read")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    for personal in ["sid", "org_id", "auth_time", "act"] {
        assert!(claims[personal].is_null(), "{personal}: nobody is behind it");
    }
    let kind = TokenKind::Own { audience: TODOS.to_owned() };
    assert!(world.idp.issued_tokens().iter().any(|issued| issued.kind == kind && issued.value == token));
}

#[tokio::test]
async fn without_an_audience_it_is_for_the_provider_and_says_nothing_of_a_person() {
    let world = World::new();
    for more in [vec![], vec![("audience", ISSUER)]] {
        let answer = own(&world, &more).await.json();
        let token = text(&answer, "access_token");
        assert_eq!(claims(token)["aud"], ISSUER);
        assert_eq!(world.userinfo(token).await.status, 403);
        let said = world.call("introspect", &[("token", token)]).await.json();
        assert_eq!((&said["active"], &said["sub"]), (&json!(true), &json!("portal")));
    }
}

#[tokio::test]
async fn what_the_provider_does_not_know_is_refused() {
    let world = World::new();
    own(&world, &[("audience", "https://api.example/unknown")]).await.assert_error(400, "invalid_target");
    own(&world, &[("audience", TODOS), ("scope", "chat.use")]).await.assert_error(400, "invalid_scope");
    own(&world, &[("scope", "openid")]).await.assert_error(400, "invalid_scope");
    let pairs = [("grant_type", "client_credentials")];
    world.post("/dev/idp/token", &[], &pairs).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn it_ends_by_itself_and_by_revocation() {
    let world = World::new();
    let answer = own(&world, &[]).await.json();
    let active =
        async |token: &str| world.call("introspect", &[("token", token)]).await.json()["active"].clone();
    let token = text(&answer, "access_token");
    assert_eq!(active(token).await, true);
    world.call("revoke", &[("token", token)]).await;
    assert_eq!(active(token).await, false);
    let next = own(&world, &[]).await.json();
    world.clock.advance(Duration::minutes(5));
    assert_eq!(active(text(&next, "access_token")).await, false);
}
