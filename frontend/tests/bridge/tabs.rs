use std::rc::Rc;

use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{World, eval, sleep, until};

/// What other tabs say, on a channel object of their own.
async fn say(messages: &str) {
    let code = format!(
        "const channel = new BroadcastChannel('portico'); for (const message of {messages}) channel.postMessage(message); setTimeout(() => channel.close(), 100);"
    );
    eval(&code).await.expect("said");
}

#[wasm_bindgen_test]
async fn a_tab_with_another_session_makes_this_one_ask_the_portal() {
    let world = World::new();
    let connections = world.connections();
    Rc::new(world.bridge).follow_tabs();
    say("['u-alice globex']").await;
    until("the portal was asked", || world.portal.questions.get() == 1).await;
    assert_eq!((world.portal.reloads.get(), connections.borrow().len()), (0, 1));
}

#[wasm_bindgen_test]
async fn a_tab_with_the_same_session_is_no_reason_to_ask() {
    let world = World::new();
    Rc::new(world.bridge).follow_tabs();
    say("['u-alice acme']").await;
    sleep(60).await;
    assert_eq!(world.portal.questions.get(), 0);
}

#[wasm_bindgen_test]
async fn case_63_a_flood_of_messages_of_every_kind_leads_to_a_few_questions_and_nothing_else() {
    let world = World::new();
    Rc::new(world.bridge).follow_tabs();
    say("Array.from({ length: 2000 }, (_, i) => [i, { type: 'session' }, null, 'x', new Uint8Array(3)][i % 5])").await;
    until("the portal was asked", || world.portal.questions.get() > 0).await;
    sleep(250).await;
    assert!(world.portal.questions.get() <= 5, "asked {} times", world.portal.questions.get());
    assert_eq!(world.portal.reloads.get(), 0);
}

#[wasm_bindgen_test]
async fn case_63_messages_to_the_window_are_not_heard() {
    let world = World::new();
    Rc::new(world.bridge).follow_tabs();
    eval("for (const m of ['u-eve globex', { type: 'ready' }, { type: 'context' }]) window.postMessage(m, '*');").await.expect("posted");
    sleep(60).await;
    assert_eq!(world.portal.questions.get(), 0);
}
