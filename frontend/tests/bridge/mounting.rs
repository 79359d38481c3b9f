use portico_app::bridge::{Bridge, Phase, Place};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Remote, World, until};

#[wasm_bindgen_test]
async fn a_remote_is_loaded_mounted_and_ready() {
    let world = World::new();
    let remote = Remote::quiet();
    let outlet = world.mounted(&remote.application()).await;
    assert_eq!(outlet.text(), "here I am");
    assert_eq!(outlet.phases(), [Phase::Loading, Phase::Mounting, Phase::Ready]);
}

#[wasm_bindgen_test]
async fn mount_may_be_asynchronous_and_a_method_of_the_default_export() {
    let world = World::new();
    let code = "export default { word: 'hello', async mount(el) { await 0; el.textContent = this.word; return () => {}; } }";
    let outlet = world.mounted(&Remote::of(code).application()).await;
    assert_eq!(outlet.text(), "hello");
}

#[wasm_bindgen_test]
async fn a_card_mounts_the_export_it_names_from_the_same_module() {
    let world = World::new();
    let remote = Remote::of(
        "here.evaluated = (here.evaluated ?? 0) + 1;
         export function Page(el) { el.textContent = 'page'; return () => {}; }
         export function Card(el, ctx) { el.textContent = ctx.remote.mount + ctx.shell.basePath; return () => {}; }",
    );
    let page = world.mount_as(&remote.application(), "Page", Place::Page { base_path: "/todos".into() });
    let card = world.mount_as(&remote.application(), "Card", Place::Card { slot: "home:right".into() });
    page.ready().await;
    card.ready().await;
    assert_eq!((page.text(), card.text()), ("page".into(), "Card/todos".into()));
    assert_eq!(remote.left("evaluated").as_f64(), Some(1.0));
}

#[wasm_bindgen_test]
async fn unmounting_aborts_the_signal_calls_the_function_once_and_empties_the_outlet() {
    let world = World::new();
    let remote = Remote::of(
        "export function mount(el, ctx) {
           here.order = [];
           ctx.signal.addEventListener('abort', () => here.order.push('abort'));
           return () => { here.order.push('unmount ' + el.isConnected); };
         }",
    );
    let outlet = world.mounted(&remote.application()).await;
    let host = outlet.host.clone();
    outlet.mounted.unmount();
    until("the outlet is empty", || host.first_element_child().is_none()).await;
    assert_eq!(remote.say("return here.order.join()").await, "abort,unmount true");
}

#[wasm_bindgen_test]
async fn dropping_the_handle_unmounts() {
    let world = World::new();
    let remote = Remote::of("export function mount() { return () => { here.gone = true; }; }");
    let outlet = world.mounted(&remote.application()).await;
    drop(outlet.mounted);
    until("the remote was told", || remote.left("gone").is_truthy()).await;
}

#[wasm_bindgen_test]
async fn a_remote_that_returns_no_unmount_function_stays_and_is_reported() {
    let world = World::new();
    let remote = Remote::of("export function mount(el) { el.textContent = 'still here'; }");
    let outlet = world.mounted(&remote.application()).await;
    assert_eq!(outlet.text(), "still here");
    until("it is reported", || world.portal.reports.borrow().iter().any(|r| r.contains("ContractError")))
        .await;
}

#[wasm_bindgen_test]
async fn prefetching_does_not_evaluate_and_mounting_afterwards_works() {
    let world = World::new();
    let remote = Remote::of(
        "here.evaluated = true; export function mount(el) { el.textContent = 'warm'; return () => {}; }",
    );
    world.bridge.prefetch(&remote.application());
    world.bridge.prefetch(&remote.application());
    crate::world::sleep(50).await;
    assert!(remote.left("evaluated").is_undefined());
    assert_eq!(world.mounted(&remote.application()).await.text(), "warm");
}

#[wasm_bindgen_test]
async fn a_remote_that_has_a_new_version_says_so_and_stays_as_it_is() {
    let world = World::new();
    let (old, same) = (Remote::quiet(), Remote::quiet());
    let outlets = (world.mounted(&old.application()).await, world.mounted(&same.application()).await);
    let version = |remote: &Remote, version: &str| (remote.application().id.clone(), version.to_owned());
    world.portal.versions.replace(vec![version(&old, "1.3.0"), version(&same, "1.2.0")]);
    crate::world::sleep(30).await;
    world.bridge.came_to_front();
    until("its outlet is told", || outlets.0.phases().last() == Some(&Phase::Updated)).await;
    assert_eq!(outlets.0.text(), "here I am");
    assert_eq!(outlets.1.phases().last(), Some(&Phase::Ready));
}
