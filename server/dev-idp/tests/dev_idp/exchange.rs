use portico_dev_idp::TokenKind;
use serde_json::json;
use time::Duration;

use crate::world::{Answer, ISSUER, TODOS, World, basic, claims, jwt_header, text};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

async fn exchange(world: &World, subject_token: &str, more: &[(&str, &str)]) -> Answer {
    let mut pairs =
        vec![("grant_type", GRANT), ("subject_token", subject_token), ("subject_token_type", ACCESS_TOKEN)];
    pairs.extend(more);
    world.call("token", &pairs).await
}

#[tokio::test]
async fn a_subject_token_is_traded_for_one_that_a_single_upstream_accepts() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "erin"), ("organization", "globex")]).await;
    let more = [("audience", TODOS), ("scope", "todos.read"), ("requested_token_type", ACCESS_TOKEN)];
    let answer = exchange(&world, text(&login, "access_token"), &more).await.json();
    assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
    assert_eq!((&answer["token_type"], &answer["scope"]), (&json!("Bearer"), &json!("todos.read")));
    assert!(answer["refresh_token"].is_null() && answer["id_token"].is_null());

    let token = text(&answer, "access_token");
    assert_eq!(jwt_header(token)["typ"], "at+jwt");
    let claims = claims(token);
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("aud", json!(TODOS)),
        ("sub", json!("demo|erin")),
        ("org_id", json!("globex")),
        ("scope", json!("todos.read")),
        ("client_id", json!("portal")),
        ("act", json!({ "sub": "portal" })),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    let kind = TokenKind::Exchanged { audience: TODOS.to_owned() };
    assert!(world.idp.issued_tokens().iter().any(|issued| issued.kind == kind && issued.value == token));
}

#[tokio::test]
async fn case_38_an_unknown_audience_is_invalid_target() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let token = text(&login, "access_token");
    for more in [
        vec![("audience", "https://api.example/unknown")],
        vec![("audience", ISSUER)],
        vec![("audience", TODOS), ("audience", "https://api.example/chat")],
        vec![("audience", TODOS), ("resource", "https://api.example/chat")],
        vec![("audience", TODOS), ("resource", "not a uri")],
        vec![("resource", "https://api.example/todos#part")],
    ] {
        exchange(&world, token, &more).await.assert_error(400, "invalid_target");
    }
    exchange(&world, token, &[]).await.assert_error(400, "invalid_request");
    assert_eq!(exchange(&world, token, &[("resource", TODOS)]).await.status, 200);
}

#[tokio::test]
async fn a_scope_of_another_audience_is_invalid_scope() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let token = text(&login, "access_token");
    for scope in ["chat.use", "todos.read chat.use", "openid"] {
        let more = [("audience", TODOS), ("scope", scope)];
        exchange(&world, token, &more).await.assert_error(400, "invalid_scope");
    }
    let everything = exchange(&world, token, &[("audience", TODOS)]).await.json();
    assert_eq!(everything["scope"], "todos.read todos.write");
}

#[tokio::test]
async fn only_a_current_access_token_of_the_same_client_is_a_subject_token() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let token = text(&login, "access_token");
    let audience = ("audience", TODOS);

    let exchanged = exchange(&world, token, &[audience]).await.json();
    let forged = format!("{}x", &token[..token.len() - 1]);
    for subject in [
        text(&exchanged, "access_token"),
        text(&login, "id_token"),
        text(&login, "refresh_token"),
        &forged,
        "nonsense",
    ] {
        exchange(&world, subject, &[audience]).await.assert_error(400, "invalid_request");
    }

    let pairs =
        [("grant_type", GRANT), ("subject_token", token), ("subject_token_type", ACCESS_TOKEN), audience];
    let other = world.post("/dev/idp/token", &[("authorization", &basic("other"))], &pairs).await;
    other.assert_error(400, "invalid_request");

    world.clock.advance(Duration::minutes(5));
    exchange(&world, token, &[audience]).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn other_token_types_are_refused() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let token = text(&login, "access_token");
    let id_token_type = "urn:ietf:params:oauth:token-type:id_token";
    let more = [("audience", TODOS), ("requested_token_type", id_token_type)];
    exchange(&world, token, &more).await.assert_error(400, "invalid_request");
    for types in [vec![], vec![("subject_token_type", id_token_type)]] {
        let mut pairs = vec![("grant_type", GRANT), ("subject_token", token), ("audience", TODOS)];
        pairs.extend(types);
        world.call("token", &pairs).await.assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn the_one_that_acts_is_whoever_the_actor_token_is_about() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let own = world.call("token", &[("grant_type", "client_credentials")]).await.json();
    let actor = [("actor_token", text(&own, "access_token")), ("actor_token_type", ACCESS_TOKEN)];
    let more = [("audience", TODOS), actor[0], actor[1]];
    let answer = exchange(&world, text(&login, "access_token"), &more).await.json();
    let claims = claims(text(&answer, "access_token"));
    assert_eq!((&claims["sub"], &claims["act"]), (&json!("demo|alice"), &json!({ "sub": "portal" })));
}

#[tokio::test]
async fn only_a_current_token_of_the_client_itself_is_an_actor_token() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let token = text(&login, "access_token");
    let own = async |client: &str, pairs: &[(&str, &str)]| {
        let mut pairs = pairs.to_vec();
        pairs.push(("grant_type", "client_credentials"));
        let answer = world.post("/dev/idp/token", &[("authorization", &basic(client))], &pairs).await.json();
        text(&answer, "access_token").to_owned()
    };
    let acts = async |actor_token: &str| {
        let more = [("audience", TODOS), ("actor_token", actor_token), ("actor_token_type", ACCESS_TOKEN)];
        exchange(&world, token, &more).await
    };
    let sound = own("portal", &[]).await;
    assert_eq!(acts(&sound).await.status, 200);
    let (others, upstreams) = (own("other", &[]).await, own("portal", &[("audience", TODOS)]).await);
    for actor_token in [token, &others, &upstreams, "nonsense"] {
        acts(actor_token).await.assert_error(400, "invalid_request");
    }
    for pairs in [
        vec![("actor_token", sound.as_str())],
        vec![("actor_token_type", ACCESS_TOKEN)],
        vec![
            ("actor_token", sound.as_str()),
            ("actor_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ],
    ] {
        let more: Vec<_> = pairs.into_iter().chain([("audience", TODOS)]).collect();
        exchange(&world, token, &more).await.assert_error(400, "invalid_request");
    }
    world.call("revoke", &[("token", &sound)]).await;
    acts(&sound).await.assert_error(400, "invalid_request");
    let own_as_subject = own("portal", &[]).await;
    exchange(&world, &own_as_subject, &[("audience", TODOS)]).await.assert_error(400, "invalid_request");
}
