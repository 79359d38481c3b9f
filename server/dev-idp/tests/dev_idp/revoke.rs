use crate::world::{World, basic, text};

#[tokio::test]
async fn revoking_a_refresh_token_ends_its_family() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    assert_eq!(world.call("revoke", &[("token", text(&login, "refresh_token"))]).await.status, 200);
    world.refresh(text(&login, "refresh_token")).await.assert_error(400, "invalid_grant");
    assert_eq!(world.userinfo(text(&login, "access_token")).await.status, 401);
}

#[tokio::test]
async fn revoking_an_access_token_leaves_the_refresh_token() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    let pairs = [("token", text(&login, "access_token")), ("token_type_hint", "access_token")];
    assert_eq!(world.call("revoke", &pairs).await.status, 200);
    assert_eq!(world.userinfo(text(&login, "access_token")).await.status, 401);
    assert_eq!(world.refresh(text(&login, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_client_cannot_revoke_what_is_not_its_own_nor_without_authenticating() {
    let world = World::new();
    let login = world.log_in(&[("login_hint", "alice")]).await;
    for name in ["refresh_token", "access_token"] {
        let pairs = [("token", text(&login, name))];
        let other = world.post("/dev/idp/revoke", &[("authorization", &basic("other"))], &pairs).await;
        assert_eq!(other.status, 200, "nothing is told");
        world.post("/dev/idp/revoke", &[], &pairs).await.assert_error(401, "invalid_client");
    }
    assert_eq!(world.userinfo(text(&login, "access_token")).await.status, 200);
    assert_eq!(world.refresh(text(&login, "refresh_token")).await.status, 200);
}

#[tokio::test]
async fn an_unknown_token_is_revoked_already() {
    let world = World::new();
    assert_eq!(world.call("revoke", &[("token", "nonsense")]).await.status, 200);
    world.call("revoke", &[]).await.assert_error(400, "invalid_request");
}
