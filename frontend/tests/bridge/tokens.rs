use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Remote, World};

fn token_mode() -> Remote {
    Remote::quiet().change(|application| application.token_mode = true)
}

#[wasm_bindgen_test]
async fn in_proxy_mode_there_is_no_token_and_asking_for_one_says_so() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    let said = remote
        .say("return await ctx.getAccessToken().catch((error) => error.name + ' ' + ('accessToken' in ctx))")
        .await;
    assert_eq!(said, "ProxyModeError false");
    assert_eq!(world.portal.exchanges.get(), 0);
}

#[wasm_bindgen_test]
async fn in_token_mode_the_token_is_there_at_mount_and_one_exchange_serves_all() {
    let world = World::new();
    let remote = token_mode();
    let _outlets = (world.mounted(&remote.application()).await, world.mounted(&remote.application()).await);
    let said = remote
        .say(
            "const { getAccessToken } = ctx;
             const all = await Promise.all([getAccessToken(), getAccessToken(), getAccessToken()]);
             return String(new Set([...all, ctx.accessToken]).size) + all[0];",
        )
        .await;
    assert_eq!(said, format!("1token 1 of {}", remote.application().id));
    assert_eq!(world.portal.exchanges.get(), 1);
}

#[wasm_bindgen_test]
async fn a_token_about_to_end_is_renewed_in_a_single_flight() {
    let world = World::new();
    world.portal.token_lasts.set(Some(5_000.0));
    let remote = token_mode();
    let _outlet = world.mounted(&remote.application()).await;
    assert_eq!(remote.say("return typeof ctx.accessToken").await, "undefined");
    let before = world.portal.exchanges.get();
    let said = remote
        .say("const [a, b] = await Promise.all([ctx.getAccessToken(), ctx.getAccessToken()]); return String(a === b)")
        .await;
    assert_eq!((said.as_str(), world.portal.exchanges.get() - before), ("true", 1));
}

#[wasm_bindgen_test]
async fn a_refused_exchange_rejects_with_the_problem_and_the_next_one_may_succeed() {
    let world = World::new();
    world.portal.token_lasts.set(None);
    let remote = token_mode();
    let _outlet = world.mounted(&remote.application()).await;
    let said =
        remote.say("return await ctx.getAccessToken().catch((error) => error.name + error.status)").await;
    assert_eq!(said, "PortalError502");
    world.portal.token_lasts.set(Some(300_000.0));
    assert!(remote.say("return await ctx.getAccessToken()").await.starts_with("token "));
}
