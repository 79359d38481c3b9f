use std::cell::RefCell;
use std::rc::Rc;

use portico_app::bridge::Bridge;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Remote, World};

#[wasm_bindgen_test]
async fn the_context_says_who_where_and_what() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    let id = remote.application().id.clone();
    let said = remote
        .say(
            "const { remote, shell, user, orgId, permissions, apiBaseUrl, flags } = ctx;
             return JSON.stringify({ remote, shell, user, orgId, permissions, apiBaseUrl, flags });",
        )
        .await;
    let expected = format!(
        "{{\"remote\":{{\"name\":\"@{}\",\"version\":\"1.2.0\",\"mount\":\"mount\"}},\
          \"shell\":{{\"version\":\"1.4.0\",\"basePath\":\"/todos\",\"locale\":\"en\",\"theme\":\"light\"}},\
          \"user\":{{\"sub\":\"u-alice\",\"name\":\"Alice\",\"email\":\"alice@acme.example\"}},\
          \"orgId\":\"acme\",\"permissions\":[\"todos.read\"],\"apiBaseUrl\":\"/bff/{id}\",\
          \"flags\":{{\"beta\":true}}}}",
        id.replace('.', "/")
    );
    assert_eq!(said, expected);
}

#[wasm_bindgen_test]
async fn everything_in_the_context_is_frozen() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    let thawed = remote
        .say(
            "const parts = { ctx, remote: ctx.remote, shell: ctx.shell, user: ctx.user, permissions: ctx.permissions,
                             flags: ctx.flags, events: ctx.events };
             return Object.keys(parts).filter((name) => !Object.isFrozen(parts[name])).join();",
        )
        .await;
    assert_eq!(thawed, "");
}

#[wasm_bindgen_test]
async fn a_remote_navigates_within_the_portal_and_nowhere_else() {
    let world = World::new();
    let remote = Remote::quiet();
    let _outlet = world.mounted(&remote.application()).await;
    let visited = Rc::new(RefCell::new(Vec::new()));
    let visit = Rc::clone(&visited);
    world.bridge.set_navigator(Rc::new(move |path| visit.borrow_mut().push(path)));
    let refused = remote
        .say(
            "const { navigate } = ctx;
             navigate('/insights?range=7#top'); navigate('7'); navigate('../home');
             const refused = [];
             for (const path of ['https://evil.example/', '//evil.example', 'javascript:alert(1)', '/\\\\evil.example', 7, undefined]) {
               try { navigate(path); } catch (error) { refused.push(error.name); }
             }
             return refused.join();",
        )
        .await;
    assert_eq!(refused, ["TypeError"; 6].join(","));
    assert_eq!(*visited.borrow(), ["/insights?range=7#top", "/todos/7", "/home"]);
}

#[wasm_bindgen_test]
async fn navigation_is_told_to_mounted_remotes_until_they_stop_listening() {
    let world = World::new();
    let remote = Remote::of(
        "export function mount(el, ctx) {
           here.ctx = ctx; here.heard = [];
           ctx.onNavigate(() => { throw new Error('bad handler'); });
           here.off = ctx.onNavigate((path) => here.heard.push(path));
           return () => {};
         }",
    );
    let outlet = world.mounted(&remote.application()).await;
    world.bridge.navigated("/todos/7");
    remote.run("here.off()").await.expect("ends");
    world.bridge.navigated("/todos/8");
    remote.run("ctx.onNavigate((path) => here.heard.push(path))").await.expect("listens");
    outlet.mounted.unmount();
    world.bridge.navigated("/todos/9");
    assert_eq!(remote.say("return here.heard.join()").await, "/todos/7");
}
