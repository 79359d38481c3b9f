use js_sys::Function;
use portico_app::bridge::{FailedPhase, Phase, Reason};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Remote, World, sleep, until};

const WORKS: &str = "export function mount(el) { el.textContent = 'fine'; return () => {}; }";

#[wasm_bindgen_test]
async fn a_module_that_never_loads_fails_in_time_and_its_neighbour_does_not_notice() {
    let world = World::with_import(Function::new_with_args(
        "url",
        "return decodeURIComponent(url).includes('NEVER') ? new Promise(() => {}) : import(url)",
    ));
    let broken = world.mount(&Remote::of("/* NEVER */").application());
    let neighbour = world.mounted(&Remote::of(WORKS).application()).await;
    let failure = broken.failure().await;
    assert_eq!((failure.phase, failure.reason), (FailedPhase::Load, Reason::Timeout));
    assert!(failure.retryable && broken.is_empty());
    assert_eq!(neighbour.text(), "fine");
}

#[wasm_bindgen_test]
async fn a_module_that_cannot_be_fetched_fails_as_network() {
    let world = World::new();
    let remote = Remote::quiet().change(|application| application.entry = "/no/such/module.js".into());
    let failure = world.mount(&remote.application()).failure().await;
    assert_eq!((failure.phase, failure.reason), (FailedPhase::Load, Reason::Network), "{}", failure.message);
}

#[wasm_bindgen_test]
async fn a_module_that_throws_while_it_is_evaluated_says_what_it_threw() {
    let world = World::new();
    let failure =
        world.mount(&Remote::of("throw new RangeError('out of luck');").application()).failure().await;
    assert_eq!((failure.phase, failure.reason), (FailedPhase::Load, Reason::Threw));
    assert_eq!(failure.message, "RangeError: out of luck");
}

#[wasm_bindgen_test]
async fn retrying_after_a_failed_evaluation_loads_a_fresh_copy() {
    let world = World::new();
    let code = format!("if (!import.meta.url.endsWith('?retry=1')) throw new Error('first time'); {WORKS}");
    let outlet = world.mount(&Remote::of(&code).application());
    outlet.failure().await;
    outlet.mounted.retry();
    outlet.ready().await;
    assert_eq!(outlet.text(), "fine");
}

#[wasm_bindgen_test]
async fn retrying_loads_fresh_copies_of_chunks_too() {
    let world = World::new();
    let remote = Remote::of("");
    let chunk = remote.module(
        "if (!import.meta.url.endsWith('?retry=1')) throw new Error('chunk'); export const word = 'whole';",
    );
    let entry = format!(
        "import {{ word }} from '{}'; export function mount(el) {{ el.textContent = word; return () => {{}}; }}",
        chunk.replace('\'', "%27")
    );
    let chunk = chunk.replace('\'', "%27");
    let remote = remote.with_entry(&entry).change(|application| {
        application.modules.push((chunk, String::new()));
    });
    let outlet = world.mount(&remote.application());
    assert_eq!(outlet.failure().await.message, "Error: chunk");
    outlet.mounted.retry();
    outlet.ready().await;
    assert_eq!(outlet.text(), "whole");
}

#[wasm_bindgen_test]
async fn a_missing_export_is_a_breach_of_contract_that_names_it() {
    let world = World::new();
    let failure =
        world.mount(&Remote::of("export const mount = 'not a function';").application()).failure().await;
    assert_eq!((failure.phase, failure.reason), (FailedPhase::Mount, Reason::Contract));
    assert_eq!(failure.message, "no function is exported as mount");
}

#[wasm_bindgen_test]
async fn a_remote_that_throws_in_mount_is_taken_off_the_page_and_can_be_retried() {
    let world = World::new();
    let remote = Remote::of(
        "export function mount(el, ctx) {
           here.signals = [...(here.signals ?? []), ctx.signal];
           el.textContent = 'half';
           if (here.signals.length === 1) throw new Error('not today');
           return () => {};
         }",
    );
    let outlet = world.mount(&remote.application());
    let failure = outlet.failure().await;
    assert_eq!((failure.phase, failure.reason), (FailedPhase::Mount, Reason::Threw));
    assert_eq!(failure.message, "Error: not today");
    assert!(outlet.is_empty());
    outlet.mounted.retry();
    outlet.ready().await;
    assert_eq!(remote.say("return here.signals.map((signal) => signal.aborted).join()").await, "true,false");
}

#[wasm_bindgen_test]
async fn a_mount_that_rejects_fails() {
    let world = World::new();
    let remote = Remote::of("export async function mount() { throw 'just text'; }");
    assert_eq!(world.mount(&remote.application()).failure().await.message, "just text");
}

#[wasm_bindgen_test]
async fn a_mount_that_never_resolves_fails_in_time() {
    let world = World::new();
    let remote = Remote::of("export function mount() { return new Promise(() => {}); }");
    let outlet = world.mount(&remote.application());
    let failure = outlet.failure().await;
    assert_eq!((failure.phase, failure.reason), (FailedPhase::Mount, Reason::Timeout));
    assert!(outlet.is_empty());
}

#[wasm_bindgen_test]
async fn a_mount_that_resolves_after_its_time_is_unmounted() {
    let world = World::new();
    let remote = Remote::of(
        "export function mount() { return new Promise((done) => setTimeout(() => done(() => { here.late = true; }), 700)); }",
    );
    let outlet = world.mount(&remote.application());
    outlet.failure().await;
    until("the late unmount is called", || remote.left("late").is_truthy()).await;
    assert!(matches!(outlet.phases().last(), Some(Phase::Failed(_))));
}

#[wasm_bindgen_test]
async fn a_mount_that_resolves_after_its_person_has_left_is_unmounted_and_nothing_is_told() {
    let world = World::new();
    let remote = Remote::of(
        "export function mount() { here.began = true; return new Promise((done) => setTimeout(() => done(() => { here.late = true; }), 50)); }",
    );
    let outlet = world.mount(&remote.application());
    until("mount is called", || remote.left("began").is_truthy()).await;
    let (host, phases) = (outlet.host.clone(), outlet.phases());
    drop(outlet.mounted);
    assert!(host.first_element_child().is_none());
    until("the late unmount is called", || remote.left("late").is_truthy()).await;
    assert_eq!(phases.last(), Some(&Phase::Mounting));
}

#[wasm_bindgen_test]
async fn leaving_while_a_module_loads_mounts_nothing() {
    let world = World::new();
    let remote = Remote::of(
        "here.evaluated = true; export function mount() { here.mounted = true; return () => {}; }",
    );
    let outlet = world.mount(&remote.application());
    drop(outlet.mounted);
    until("the module is evaluated", || remote.left("evaluated").is_truthy()).await;
    sleep(30).await;
    assert!(remote.left("mounted").is_undefined());
}

#[wasm_bindgen_test]
async fn a_remote_that_throws_in_unmount_leaves_and_is_reported() {
    let world = World::new();
    let remote = Remote::of("export function mount() { return () => { throw new Error('no exit'); }; }");
    let outlet = world.mounted(&remote.application()).await;
    let host = outlet.host.clone();
    outlet.mounted.unmount();
    until("the outlet is empty", || host.first_element_child().is_none()).await;
    until("it is reported", || {
        let reports = world.portal.reports.borrow().concat();
        reports.contains("\"phase\":\"unmount\"") && reports.contains("no exit")
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_remote_whose_unmount_never_resolves_is_hidden_at_once_and_removed_in_time() {
    let world = World::new();
    let remote = Remote::of("export function mount() { return () => new Promise(() => {}); }");
    let outlet = world.mounted(&remote.application()).await;
    let host = outlet.host.clone();
    outlet.mounted.unmount();
    assert!(host.first_element_child().expect("it is there").has_attribute("hidden"));
    until("the outlet is empty", || host.first_element_child().is_none()).await;
    until("it is reported", || world.portal.reports.borrow().concat().contains("timeout")).await;
}

#[wasm_bindgen_test]
async fn a_format_the_portal_cannot_mount_is_said_and_not_retryable() {
    let world = World::new();
    let remote = Remote::quiet().change(|application| application.format = "iife".into());
    let failure = world.mount(&remote.application()).failure().await;
    assert_eq!((failure.reason, failure.retryable), (Reason::Unsupported, false));
}
