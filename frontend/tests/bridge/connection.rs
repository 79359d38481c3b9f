use portico_app::bridge::Connection::{Connecting, Ended, Idle, Live, Offline};
use portico_frontend::Signal;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Outlet, Remote, World, sleep, until};

async fn live(world: &World) -> Outlet {
    let code = "export function mount(el, ctx) { ctx.events.subscribe('chat.reply', () => {});
                  ctx.events.subscribe('reset', () => { here.reset = true; }); return () => {}; }";
    let outlet = world.mounted(&Remote::of(code).subscribes("chat.reply").application()).await;
    world.streams.opened(1).await;
    world.streams.send(Signal::Opened);
    outlet
}

#[wasm_bindgen_test]
async fn the_shell_is_told_how_the_connection_fares() {
    let world = World::new();
    let told = world.connections();
    let _outlet = live(&world).await;
    world.streams.send(Signal::Lost);
    world.streams.send(Signal::Lost);
    world.streams.send(Signal::Opened);
    assert_eq!(*told.borrow(), [Idle, Connecting, Live, Connecting, Offline, Live]);
}

#[wasm_bindgen_test]
async fn a_silent_stream_is_opened_again_after_the_last_event() {
    let world = World::new();
    let _outlet = live(&world).await;
    world.streams.event("ping", "a b/1", "{}");
    world.streams.opened(2).await;
    assert_eq!(world.streams.urls(), ["/stream", "/stream?last_event_id=a%20b%2F1"]);
    assert_eq!(world.streams.open_now(), 1);
}

#[wasm_bindgen_test]
async fn a_stream_that_is_heard_of_stays_open() {
    let world = World::new();
    let _outlet = live(&world).await;
    for _ in 0..16 {
        sleep(50).await;
        world.streams.event("ping", "1", "{}");
    }
    assert_eq!(world.streams.urls().len(), 1);
}

#[wasm_bindgen_test]
async fn a_refused_stream_is_opened_again_later() {
    let world = World::new();
    let told = world.connections();
    let _outlet = live(&world).await;
    world.streams.event("ping", "7", "{}");
    world.streams.send(Signal::Refused);
    world.streams.opened(2).await;
    world.streams.send(Signal::Opened);
    assert_eq!(world.streams.urls()[1], "/stream?last_event_id=7");
    assert_eq!(*told.borrow(), [Idle, Connecting, Live, Connecting, Live]);
}

#[wasm_bindgen_test]
async fn a_position_that_keeps_being_refused_is_given_up_and_remotes_are_told() {
    let world = World::new();
    let code = "export function mount(el, ctx) { ctx.events.subscribe('reset', () => { here.reset = true; }); return () => {}; }";
    let remote = Remote::of(code);
    let _outlet = world.mounted(&remote.application()).await;
    world.streams.opened(1).await;
    world.streams.event("ping", "forged", "{}");
    for count in 2..=6 {
        world.streams.send(Signal::Refused);
        world.streams.opened(count).await;
    }
    assert_eq!(world.streams.urls()[5], "/stream");
    assert!(remote.left("reset").is_truthy());
}

#[wasm_bindgen_test]
async fn a_session_that_ended_elsewhere_ends_the_connection_for_good() {
    let world = World::new();
    let told = world.connections();
    let _outlet = live(&world).await;
    world.portal.organization.replace(None);
    world.streams.event("bye", "", "{\"reason\":\"signed-out\"}");
    until("the shell is told", || told.borrow().last() == Some(&Ended)).await;
    world.bridge.network_changed(true);
    sleep(200).await;
    assert_eq!((world.streams.open_now(), told.borrow().last()), (0, Some(&Ended)));
}

#[wasm_bindgen_test]
async fn a_server_that_says_goodbye_while_the_session_stands_is_followed_by_another() {
    let world = World::new();
    let _outlet = live(&world).await;
    world.streams.event("bye", "5", "{\"reason\":\"shutdown\"}");
    world.streams.opened(2).await;
    assert_eq!(world.streams.urls()[1], "/stream?last_event_id=5");
}

#[wasm_bindgen_test]
async fn a_session_that_goes_on_under_another_id_is_not_taken_for_ended() {
    let world = World::new();
    let told = world.connections();
    let _outlet = live(&world).await;
    world.portal.organization.replace(None);
    world.streams.event("bye", "", "{\"reason\":\"replaced\"}");
    // The answer that brings the new id arrives a moment later.
    sleep(1).await;
    world.portal.organization.replace(Some("acme".into()));
    world.streams.opened(2).await;
    assert!(!told.borrow().contains(&Ended));
}

#[wasm_bindgen_test]
async fn a_network_that_comes_back_reconnects_at_once() {
    let world = World::new();
    let told = world.connections();
    let _outlet = live(&world).await;
    world.bridge.network_changed(false);
    assert_eq!(told.borrow().last(), Some(&Offline));
    world.bridge.network_changed(true);
    world.streams.opened(2).await;
    assert_eq!(told.borrow().last(), Some(&Connecting));
}

#[wasm_bindgen_test]
async fn another_tabs_switch_of_organization_reloads_this_page() {
    let world = World::new();
    world.portal.organization.replace(Some("globex".into()));
    world.bridge.doubt_session();
    until("the page reloads", || world.portal.reloads.get() == 1).await;
}

#[wasm_bindgen_test]
async fn a_page_that_its_person_is_leaving_by_a_form_does_not_get_in_the_way() {
    let world = World::new();
    let told = world.connections();
    let _outlet = live(&world).await;
    world.bridge.leaving();
    world.portal.organization.replace(Some("globex".into()));
    world.streams.event("bye", "", "{\"reason\":\"replaced\"}");
    until("the portal was asked", || world.portal.questions.get() == 1).await;
    sleep(50).await;
    assert_eq!(world.portal.reloads.get(), 0);
    until("it reloads if the person is still here", || world.portal.reloads.get() == 1).await;
    assert_eq!(told.borrow().last(), Some(&Connecting));
}
