use serde_json::json;
use time::Duration;

use crate::world::{World, basic, text};

#[tokio::test]
async fn a_current_token_is_active_and_described() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    for name in ["access_token", "refresh_token"] {
        let answer = world.call("introspect", &[("token", text(&login, name))]).await.json();
        assert_eq!(answer["active"], true, "{name}");
        assert_eq!((answer["sub"].as_str(), answer["org_id"].as_str()), (Some("demo|alice"), Some("acme")));
        assert_eq!(answer["client_id"], "portal");
    }
}

#[tokio::test]
async fn anything_else_is_inactive_and_nothing_more_is_said() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let inactive = json!({ "active": false });
    assert_eq!(world.call("introspect", &[("token", "nonsense")]).await.json(), inactive);
    let pairs = [("token", text(&login, "access_token"))];
    let other = world.post("/dev/idp/introspect", &[("authorization", &basic("other"))], &pairs).await;
    assert_eq!(other.json(), inactive);
    world.post("/dev/idp/introspect", &[], &pairs).await.assert_error(401, "invalid_client");
    world.clock.advance(Duration::minutes(5));
    assert_eq!(world.call("introspect", &pairs).await.json(), inactive);
    world.refresh(text(&login, "refresh_token")).await;
    let used = world.call("introspect", &[("token", text(&login, "refresh_token"))]).await;
    assert_eq!(used.json(), inactive);
}
