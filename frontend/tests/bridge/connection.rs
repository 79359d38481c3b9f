use portico_app::bridge::Connection::{Connecting, Ended, Idle, Live, Offline};
use portico_frontend::Signal;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Outlet, Remote, World, sleep, until};

const STREAM: &str = "/stream?types=chat.reply";

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
    assert_eq!(world.streams.urls(), [STREAM, "/stream?types=chat.reply&last_event_id=a%20b%2F1"]);
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
    assert_eq!(world.streams.urls()[1], "/stream?types=chat.reply&last_event_id=7");
    assert_eq!(*told.borrow(), [Idle, Connecting, Live, Connecting, Live]);
}

#[wasm_bindgen_test]
async fn a_position_that_the_portal_refuses_is_given_up_and_remotes_are_told() {
    let world = World::new();
    let code = "export function mount(el, ctx) { ctx.events.subscribe('reset', (e) => { here.reset = e.data.reason; }); return () => {}; }";
    let remote = Remote::of(code).subscribes("chat.reply");
    let _outlet = world.mounted(&remote.application()).await;
    world.streams.opened(1).await;
    world.streams.event("ping", "forged", "{}");
    world.portal.stream_status.set(400);
    for count in 2..=3 {
        world.streams.send(Signal::Refused);
        world.streams.opened(count).await;
    }
    assert_eq!(world.streams.urls(), [STREAM, "/stream?types=chat.reply&last_event_id=forged", STREAM]);
    // Who fetches anew before there is a place to go on from misses what comes in between.
    assert!(remote.left("reset").is_undefined());
    world.streams.event("ping", "fresh", "{}");
    assert_eq!(remote.left("reset").as_string().as_deref(), Some("missed"));
}

#[wasm_bindgen_test]
async fn a_portal_that_is_down_for_long_costs_no_position() {
    let world = World::new();
    let _outlet = live(&world).await;
    world.streams.event("ping", "7", "{}");
    world.portal.stream_status.set(503);
    for count in 2..=8 {
        world.streams.send(Signal::Refused);
        world.streams.opened(count).await;
    }
    assert_eq!(world.streams.urls()[7], "/stream?types=chat.reply&last_event_id=7");
}

#[wasm_bindgen_test]
async fn pauses_before_a_refused_stream_is_opened_again_grow() {
    let world = World::new();
    let _outlet = live(&world).await;
    let mut took = Vec::new();
    for count in 2..=5 {
        let since = js_sys::Date::now();
        world.streams.send(Signal::Refused);
        world.streams.opened(count).await;
        took.push(js_sys::Date::now() - since);
    }
    // The shortest of the fourth, 80 ms and half of it random, and never less than that however loaded the machine is.
    assert!(took[3] >= 79.0, "{took:?}");
    world.streams.send(Signal::Opened);
}

#[wasm_bindgen_test]
async fn types_that_the_session_lost_are_left_out_when_the_stream_is_opened_again() {
    let world = World::new();
    let code =
        "export function mount(el, ctx) { ctx.events.subscribe('chat.reply', () => {}); return () => {}; }";
    let remote = Remote::of(code).subscribes("chat.reply").subscribes("chat.edit");
    let _outlet = world.mounted(&remote.application()).await;
    world.streams.opened(1).await;
    assert_eq!(world.streams.urls(), ["/stream?types=chat.edit%2Cchat.reply"]);
    world.portal.types.replace(vec!["chat.reply".into()]);
    world.streams.event("bye", "", "{\"reason\":\"changed\"}");
    world.streams.opened(2).await;
    assert_eq!(world.streams.urls()[1], STREAM);
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
    assert_eq!(world.streams.urls()[1], "/stream?types=chat.reply&last_event_id=5");
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
