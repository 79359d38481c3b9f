use bytes::Bytes;
use http::Response;
use portico_ports::{Clock as _, HttpClientError};
use serde_json::json;

use super::world::{SUBJECT, TODOS, World, json_answer, jwt};
use crate::token::{ExchangeError, Scope};

#[tokio::test]
async fn the_request_is_an_rfc_8693_exchange_by_a_confidential_client() {
    let world = World::new();
    let answer = world.sound(json!({}));
    world
        .exchange_for(answer, "todos.write todos.read", Some("https://todos.example/"))
        .await
        .expect("a token");
    let requests = world.provider.requests.lock();
    let request = &requests[0];
    assert_eq!(request.uri(), "http://127.0.0.1:9/token");
    assert_eq!(request.headers()["authorization"], "Basic cG9ydGFsOnMzY3JldA==");
    let fields: Vec<_> = url::form_urlencoded::parse(request.body()).into_owned().collect();
    let access_token = "urn:ietf:params:oauth:token-type:access_token";
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", SUBJECT),
        ("subject_token_type", access_token),
        ("requested_token_type", access_token),
        ("audience", TODOS),
        ("resource", "https://todos.example/"),
        ("scope", "todos.read todos.write"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_sound_answer_becomes_a_token_for_what_was_asked() {
    let world = World::new();
    let token = world.exchange(world.sound(json!({ "token_type": "bearer" }))).await.expect("a token");
    assert_eq!((token.audience.as_str(), token.scope.to_string().as_str()), (TODOS, "todos.read"));
    let left = (token.expires_at - world.clock.now()).whole_seconds();
    assert!((298..=300).contains(&left), "{left}");
    assert!(!format!("{token:?}").contains(token.token.secret()));
}

#[tokio::test]
async fn case_36_an_answer_with_an_odd_type_is_refused() {
    let world = World::new();
    for (changes, reason) in [
        (json!({ "issued_token_type": null }), "issued_token_type is missing"),
        (
            json!({ "issued_token_type": "urn:ietf:params:oauth:token-type:id_token" }),
            "issued_token_type is not access_token",
        ),
        (
            json!({ "issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token" }),
            "issued_token_type is not access_token",
        ),
        (json!({ "token_type": null }), "it is not a token response"),
        (json!({ "token_type": "N_A" }), "token_type is not Bearer"),
        (json!({ "token_type": "DPoP" }), "token_type is not Bearer"),
        (json!({ "token_type": ["Bearer"] }), "it is not a token response"),
    ] {
        let outcome = world.exchange(world.sound(changes.clone())).await;
        assert_eq!(outcome, Err(ExchangeError::Answer(reason)), "{changes}");
    }
}

#[tokio::test]
async fn case_36_a_wider_audience_is_refused() {
    let world = World::new();
    let other = "the access token is for another audience too";
    let missing = "the access token is not for the audience asked for";
    for (aud, reason) in [
        (json!("https://api.example/chat"), other),
        (json!([TODOS, "https://api.example/chat"]), other),
        (json!([TODOS, "account"]), other),
        (json!("https://api.example/todos/"), other),
        (json!([]), missing),
        (json!(null), missing),
        (json!(7), "the claims of the access token cannot be read"),
    ] {
        let outcome = world.exchange(world.sound_with_claims(json!({ "aud": aud }))).await;
        assert_eq!(outcome, Err(ExchangeError::Answer(reason)), "{aud}");
    }
    world
        .exchange(world.sound_with_claims(json!({ "aud": [TODOS] })))
        .await
        .expect("a list of one is the same");
    let both = world.sound_with_claims(json!({ "aud": [TODOS, "https://todos.example/"] }));
    world
        .exchange_for(both, "todos.read", Some("https://todos.example/"))
        .await
        .expect("the resource was asked for");
}

#[tokio::test]
async fn case_36_a_wider_scope_is_refused_wherever_it_is_stated() {
    let world = World::new();
    let wider = Err(ExchangeError::Answer("the scope is wider than asked"));
    let admin = "todos.read todos.admin";
    assert_eq!(world.exchange(world.sound(json!({ "scope": admin }))).await, wider);
    assert_eq!(world.exchange(world.sound_with_claims(json!({ "scope": admin }))).await, wider);
    assert_eq!(world.exchange(world.sound_with_claims(json!({ "scope": ["todos.read", "x"] }))).await, wider);
    assert_eq!(world.exchange(world.sound_with_claims(json!({ "scope": null, "scp": admin }))).await, wider);
    assert_eq!(world.exchange(world.sound(json!({ "scope": "todos.read todos.READ" }))).await, wider);
    let unasked = world.exchange_for(world.sound(json!({})), "", None).await;
    assert_eq!(unasked, wider, "asking for nothing allows nothing");
}

#[tokio::test]
async fn the_scopes_of_a_login_are_no_widening_and_a_narrower_scope_is_kept() {
    let world = World::new();
    let answer = world.sound_with_claims(json!({ "scope": "todos.read openid profile email" }));
    let token = world.exchange(answer).await.expect("a token");
    assert_eq!(token.scope, Scope::parse("email openid profile todos.read"));
    let claims = json!({ "aud": TODOS, "exp": world.in_seconds(60) });
    let silent = world.sound(json!({ "scope": null, "access_token": jwt(&claims) }));
    let token = world.exchange(silent).await.expect("a token");
    assert_eq!(token.scope, Scope::parse("todos.write todos.read"), "unstated means as asked");
}

#[tokio::test]
async fn case_36_a_token_that_has_expired_or_never_expires_is_refused() {
    let world = World::new();
    let expired = Err(ExchangeError::Answer("the access token has expired"));
    assert_eq!(world.exchange(world.sound(json!({ "expires_in": 0 }))).await, expired);
    assert_eq!(world.exchange(world.sound(json!({ "expires_in": -5 }))).await, expired);
    let past = json!({ "exp": world.in_seconds(-1) });
    assert_eq!(world.exchange(world.sound_with_claims(past)).await, expired);
    assert_eq!(world.exchange(world.sound_with_claims(json!({ "exp": -1e300 }))).await, expired);
    let never = Err(ExchangeError::Answer("the access token never expires"));
    assert_eq!(world.exchange(world.sound_with_claims(json!({ "exp": null }))).await, never);
}

#[tokio::test]
async fn the_lifetime_is_the_shortest_that_is_stated_and_an_hour_at_most() {
    let world = World::new();
    let lifetime = async |answer| {
        let token = world.exchange(answer).await.expect("a token");
        (token.expires_at - world.clock.now()).whole_seconds() + 1
    };
    let far = world.in_seconds(1_000_000);
    let near = |seconds: i64, limit: i64| {
        assert!((limit - 2..=limit + 1).contains(&seconds), "{seconds}, not {limit}")
    };
    near(lifetime(world.sound(json!({ "expires_in": 120 }))).await, 120);
    near(lifetime(world.sound_with_claims(json!({ "exp": world.in_seconds(60) }))).await, 60);
    let endless =
        json!({ "access_token": jwt(&json!({ "aud": TODOS, "exp": far })), "expires_in": i64::MAX });
    near(lifetime(world.sound(endless)).await, 3600);
    let fractional = json!({ "exp": 9.5e300 });
    near(lifetime(world.sound_with_claims(fractional)).await, 300);
    near(lifetime(world.sound(json!({ "access_token": "opaque", "expires_in": null }))).await, 60);
}

#[tokio::test]
async fn an_opaque_token_is_judged_by_the_response() {
    let world = World::new();
    let token =
        world.exchange(world.sound(json!({ "access_token": "b64/t0ken+==" }))).await.expect("a token");
    assert_eq!((token.token.secret(), token.scope.to_string()), ("b64/t0ken+==", "todos.read".to_owned()));
}

#[tokio::test]
async fn case_36_what_cannot_be_a_token_is_refused() {
    let world = World::new();
    let refused = Err(ExchangeError::Answer("access_token is not a bearer token"));
    for token in ["", "two words", "line\r\nSet-Cookie: a=b", "caf\u{e9}", &"x".repeat(9000)] {
        assert_eq!(world.exchange(world.sound(json!({ "access_token": token }))).await, refused);
    }
    let header = "eyJhbGciOiJFUzI1NiJ9";
    for token in [
        format!("{header}.bm8ganNvbg.c2ln"),
        format!("{header}.*.c2ln").replace('*', "A"),
        format!("{header}.."),
    ] {
        let unreadable = Err(ExchangeError::Answer("the claims of the access token cannot be read"));
        assert_eq!(
            world.exchange(world.sound(json!({ "access_token": token }))).await,
            unreadable,
            "{token}"
        );
    }
}

#[tokio::test]
async fn case_38_a_refusal_is_named_and_brings_no_token() {
    let world = World::new();
    for code in ["invalid_target", "invalid_scope", "invalid_grant", "invalid_request"] {
        let answer = json_answer(400, &json!({ "error": code, "error_description": SUBJECT }));
        let outcome = world.exchange(answer).await;
        assert_eq!(outcome, Err(ExchangeError::Refused { code: code.to_owned() }));
    }
    // A token in the body of an error is no token, and odd codes are cut down before anyone logs them.
    let mixed =
        json!({ "error": format!("a b\n{}", "c".repeat(99)), "access_token": "x", "token_type": "Bearer" });
    let Err(ExchangeError::Refused { code }) = world.exchange(json_answer(401, &mixed)).await else {
        panic!("a refusal");
    };
    assert!(code.len() <= 64 && code.starts_with("abccc"));
}

#[tokio::test]
async fn case_38_a_provider_that_is_slow_broken_or_elsewhere_fails_closed() {
    let world = World::new();
    assert_eq!(world.exchange(Err(HttpClientError::Timeout)).await, Err(ExchangeError::Timeout));
    let lost = world.exchange(Err(HttpClientError::Connection("reset".to_owned()))).await;
    assert!(matches!(lost, Err(ExchangeError::Unavailable(_))));
    let huge = world.exchange(Err(HttpClientError::TooLarge)).await;
    assert!(matches!(huge, Err(ExchangeError::Answer(_))));
    for status in [500, 502, 503, 429] {
        let sick = world.exchange(json_answer(status, &json!({ "error": "temporarily_unavailable" }))).await;
        assert!(matches!(sick, Err(ExchangeError::Unavailable(_))), "{status}");
    }
    for status in [201, 204, 302, 404] {
        let odd = world.exchange(json_answer(status, &json!({ "access_token": "x" }))).await;
        assert_eq!(odd, Err(ExchangeError::Answer("it is neither a token nor an OAuth error")), "{status}");
    }
}

#[tokio::test]
async fn case_38_a_page_instead_of_json_is_refused() {
    let world = World::new();
    let page = Response::builder()
        .header("content-type", "text/html")
        .body(Bytes::from("<html>"))
        .expect("an answer");
    assert_eq!(world.exchange(Ok(page)).await, Err(ExchangeError::Answer("it is not application/json")));
    let mut typed = world.sound(json!({})).expect("an answer");
    typed.headers_mut().insert("content-type", "application/json;charset=UTF-8".parse().expect("a value"));
    world.exchange(Ok(typed)).await.expect("a parameter on the type is fine");
    let twice = r#"{"access_token":"a","access_token":"b","token_type":"Bearer","issued_token_type":"x"}"#;
    let doubled = Response::builder().header("content-type", "application/json").body(Bytes::from(twice));
    let outcome = world.exchange(Ok(doubled.expect("an answer"))).await;
    assert_eq!(outcome, Err(ExchangeError::Answer("it is not a token response")));
}

#[tokio::test]
async fn case_38_the_original_token_is_never_passed_on() {
    let world = World::new();
    let outcome = world.exchange(world.sound(json!({ "access_token": SUBJECT }))).await;
    assert_eq!(outcome, Err(ExchangeError::Answer("it gave the subject token back")));
}

#[tokio::test]
async fn no_error_tells_a_token() {
    let world = World::new();
    let answer =
        json!({ "access_token": "leaked-token", "token_type": "Bearer", "expires_in": "leaked-token" });
    let error = world.exchange(json_answer(200, &answer)).await.expect_err("not a number");
    assert!(!format!("{error} {error:?}").contains("leaked"));
}
