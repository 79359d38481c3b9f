use time::Duration;

use crate::world::{TODOS, World, text};

#[tokio::test]
async fn it_says_who_the_token_is_about() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "carol")]).await;
    let person = world.userinfo(text(&login, "access_token")).await.json();
    assert_eq!(person["sub"], "demo|carol");
    assert_eq!(
        (person["name"].as_str(), person["org_id"].as_str()),
        (Some("Carol Castillo"), Some("globex"))
    );
}

#[tokio::test]
async fn anything_but_a_current_subject_token_is_challenged() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "carol")]).await;
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", text(&login, "access_token")),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", TODOS),
    ];
    let exchanged = world.call("token", &exchange).await.json();
    for token in [text(&exchanged, "access_token"), text(&login, "id_token"), "nonsense"] {
        let answer = world.userinfo(token).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    assert_eq!(world.get("/dev/idp/userinfo").await.status, 401);
    world.clock.advance(Duration::minutes(5));
    assert_eq!(world.userinfo(text(&login, "access_token")).await.status, 401);
}
