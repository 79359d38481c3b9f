use portico_frontend::Signal;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Outlet, Remote, World, sleep, until};

/// A remote that keeps what it hears of `chat.reply` and of `reset` in `here.heard`.
fn listener() -> Remote {
    Remote::of(
        "export function mount(el, ctx) {
           here.ctx = ctx; here.heard = [];
           here.off = ctx.events.subscribe('chat.reply', (event) => {
             here.heard.push(event.data); event.data = 'spoiled'; if (event.id === 'bad') throw new Error('bad handler');
           });
           ctx.events.subscribe('reset', () => here.heard.push('reset'));
           return () => {};
         }",
    )
    .subscribes("chat.reply")
    .publishes("chat.message")
}

async fn listening(world: &World, remote: &Remote) -> Outlet {
    let outlet = world.mounted(&remote.application()).await;
    world.streams.opened(1).await;
    world.streams.send(Signal::Opened);
    outlet
}

fn reply(id: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"@portico/chat","type":"chat.reply","data":"{data}"}}"#
    )
}

async fn heard(remote: &Remote) -> String {
    remote.say("return here.heard.join()").await
}

#[wasm_bindgen_test]
async fn no_stream_is_opened_until_a_remote_subscribes_and_then_only_one() {
    let world = World::new();
    let _quiet = world.mounted(&Remote::quiet().application()).await;
    assert_eq!(world.streams.urls().len(), 0);
    let remotes = [listener(), listener()];
    let _first = listening(&world, &remotes[0]).await;
    let _second = world.mounted(&remotes[1].application()).await;
    world.streams.event("chat.reply", "1", &reply("a", "hello"));
    assert_eq!((heard(&remotes[0]).await, heard(&remotes[1]).await), ("hello".into(), "hello".into()));
    assert_eq!(world.streams.urls(), ["/stream?types=chat.reply"]);
}

#[wasm_bindgen_test]
async fn repeats_of_the_same_source_and_id_are_dropped() {
    let world = World::new();
    let remote = listener();
    let _outlet = listening(&world, &remote).await;
    for (id, data) in [("a", "one"), ("a", "one"), ("b", "two"), ("a", "one")] {
        world.streams.event("chat.reply", id, &reply(id, data));
    }
    assert_eq!(heard(&remote).await, "one,two");
}

#[wasm_bindgen_test]
async fn a_handler_that_throws_is_reported_and_the_others_still_hear() {
    let world = World::new();
    let remotes = [listener(), listener()];
    let _outlets = (listening(&world, &remotes[0]).await, world.mounted(&remotes[1].application()).await);
    world.streams.event("chat.reply", "1", &reply("bad", "x"));
    world.streams.event("chat.reply", "2", &reply("good", "y"));
    for remote in &remotes {
        assert_eq!(heard(remote).await, "x,y");
    }
    until("it is reported", || world.portal.reports.borrow().concat().contains("bad handler")).await;
}

#[wasm_bindgen_test]
async fn what_is_not_a_cloud_event_is_passed_over() {
    let world = World::new();
    let remote = listener();
    let _outlet = listening(&world, &remote).await;
    for data in ["", "{", "null", "7", "\"text\""] {
        world.streams.event("chat.reply", "1", data);
    }
    world.streams.event("chat.reply", "2", &reply("a", "fine"));
    assert_eq!(heard(&remote).await, "fine");
}

#[wasm_bindgen_test]
async fn a_subscription_ends_when_the_remote_ends_it_or_is_unmounted() {
    let world = World::new();
    let remotes = [listener(), listener()];
    let _first = listening(&world, &remotes[0]).await;
    let second = world.mounted(&remotes[1].application()).await;
    remotes[0].run("here.off(); here.off()").await.expect("ends twice without harm");
    second.mounted.unmount();
    world.streams.event("chat.reply", "1", &reply("a", "nobody"));
    assert_eq!((heard(&remotes[0]).await, heard(&remotes[1]).await), (String::new(), String::new()));
    assert_eq!(world.streams.open_now(), 1);
}

#[wasm_bindgen_test]
async fn only_declared_types_can_be_subscribed_to_and_published() {
    let world = World::new();
    let remote = listener();
    let _outlet = listening(&world, &remote).await;
    let said = remote
        .say(
            "const names = [];
             for (const kind of ['chat.message', 'other.type', 'ping', undefined]) {
               try { ctx.events.subscribe(kind, () => {}); names.push('subscribed'); } catch (error) { names.push(error.name); }
             }
             names.push(await ctx.events.publish('chat.reply', {}).catch((error) => error.name));
             try { ctx.events.subscribe('chat.reply', 'no handler'); } catch (error) { names.push(error.name); }
             return names.join();",
        )
        .await;
    assert_eq!(said, format!("{},TypeError", ["UndeclaredEventError"; 5].join(",")));
    assert!(world.portal.published.borrow().is_empty());
}

#[wasm_bindgen_test]
async fn publishing_sends_the_payload_as_the_remote_wrote_it_and_yields_the_id() {
    let world = World::new();
    let remote = listener();
    let _outlet = listening(&world, &remote).await;
    let said = remote
        .say(
            "const { publish } = ctx.events;
             const { id } = await publish('chat.message', { z: 1, a: ['\\u2028', { big: 1e21 }] });
             await publish('chat.message', undefined);
             const cyclic = {}; cyclic.self = cyclic;
             return id + await publish('chat.message', cyclic).catch((error) => error.name);",
        )
        .await;
    assert_eq!(said, "e-1TypeError");
    let name = remote.application().name.clone();
    let sent = |data: &str| (name.clone(), "chat.message".to_owned(), data.to_owned());
    assert_eq!(
        *world.portal.published.borrow(),
        [sent("{\"z\":1,\"a\":[\"\u{2028}\",{\"big\":1e+21}]}"), sent("null")]
    );
}

#[wasm_bindgen_test]
async fn a_refused_publication_rejects_with_the_problem() {
    let world = World::new();
    let remote = listener();
    let _outlet = listening(&world, &remote).await;
    world.portal.refuse_publish.set(Some(503));
    let said = remote
        .say("return await ctx.events.publish('chat.message', 1).catch((e) => [e.name, e.status, e.message].join())")
        .await;
    assert_eq!(said, "PortalError,503,Refused: by the test");
}

#[wasm_bindgen_test]
async fn what_got_no_answer_is_sent_again_under_one_id_until_it_has_one() {
    for status in [0, 502, 503, 504] {
        let world = World::new();
        let remote = listener();
        let _outlet = listening(&world, &remote).await;
        world.portal.refuse_publish.set(Some(status));
        remote.run("here.sent = ctx.events.publish('chat.message', 1)").await.expect("declared");
        sleep(60).await;
        world.portal.refuse_publish.set(None);
        assert_eq!(remote.say("return (await here.sent).id").await, "e-1", "after {status}");
        let ids = world.portal.published_ids.borrow().clone();
        assert!(ids.len() > 1 && ids.iter().all(|id| *id == ids[0]), "{status}: {ids:?}");
        remote.say("return (await ctx.events.publish('chat.message', 1)).id").await;
        assert_ne!(world.portal.published_ids.borrow().last(), ids.last(), "another event has another id");
    }
}

#[wasm_bindgen_test]
async fn what_the_portal_refuses_is_not_sent_again() {
    for status in [400, 401, 403, 409, 413, 429, 500] {
        let world = World::new();
        let remote = listener();
        let _outlet = listening(&world, &remote).await;
        world.portal.refuse_publish.set(Some(status));
        let said =
            remote.say("return await ctx.events.publish('chat.message', 1).catch((e) => String(e.status))");
        assert_eq!(said.await, status.to_string());
        assert_eq!(world.portal.published_ids.borrow().len(), 1, "{status}");
    }
}

#[wasm_bindgen_test]
async fn remotes_that_listen_for_it_hear_that_events_were_missed() {
    let world = World::new();
    let remote = listener();
    let _outlet = listening(&world, &remote).await;
    world.streams.event("reset", "9", "{}");
    assert_eq!(heard(&remote).await, "reset");
}

#[wasm_bindgen_test]
async fn only_subscribers_of_the_types_that_were_missed_hear_of_a_reset() {
    let world = World::new();
    let both = listener().subscribes("chat.edit");
    let one = listener();
    let alone = Remote::of(
        "export function mount(el, ctx) { here.heard = []; ctx.events.subscribe('reset', (e) => here.heard.push(JSON.stringify(e.data))); return () => {}; }",
    )
    .subscribes("chat.edit");
    let _outlet = listening(&world, &one).await;
    world.streams.event("ping", "8", "{}");
    let _outlets = (world.mounted(&alone.application()).await, world.mounted(&both.application()).await);
    world.streams.opened(2).await;
    both.run("ctx.events.subscribe('chat.edit', () => {})").await.expect("declared");
    world.streams.event("reset", "9", r#"{"reason":"expired","types":["chat.edit"]}"#);
    assert_eq!(heard(&both).await, "reset");
    assert_eq!(heard(&one).await, "");
    assert_eq!(heard(&alone).await, r#"{"reason":"expired","types":["chat.edit"]}"#);
    world.streams.event("reset", "10", r#"{"reason":"recreated","types":["chat.reply"]}"#);
    assert_eq!((heard(&both).await, heard(&one).await), ("reset,reset".into(), "reset".into()));
}
