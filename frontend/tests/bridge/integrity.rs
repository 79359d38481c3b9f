use portico_app::bridge::{FailedPhase, Reason};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::world::{Remote, World, text_of};

const CODE: &str =
    "here.ran = true; export function mount(el) { el.textContent = 'verified'; return () => {}; }";

async fn hash(url: &str) -> String {
    let code = format!(
        "const bytes = await (await fetch({url:?})).arrayBuffer();
         const digest = new Uint8Array(await crypto.subtle.digest('SHA-384', bytes));
         return 'sha384-' + btoa(String.fromCharCode(...digest));"
    );
    text_of(&code).await
}

#[wasm_bindgen_test]
async fn case_57_an_entry_with_its_own_hash_runs_and_one_with_another_does_not() {
    let world = World::new();
    let right = Remote::of(CODE);
    let integrity = hash(&right.application().entry).await;
    let right = right.change(|application| application.integrity = integrity.clone());
    assert_eq!(world.mounted(&right.application()).await.text(), "verified");

    let swapped = Remote::of(CODE).change(|application| application.integrity = integrity);
    let failure = world.mount(&swapped.application()).failure().await;
    assert_eq!((failure.phase, failure.reason), (FailedPhase::Load, Reason::Network), "{}", failure.message);
    assert!(swapped.left("ran").is_undefined());
}

#[wasm_bindgen_test]
async fn case_57_a_swapped_chunk_does_not_run_and_neither_does_a_retry() {
    let world = World::new();
    let remote = Remote::of("");
    let chunk = remote.module("here.ran = true; export default 1;").replace('\'', "%27");
    let other = hash("data:text/javascript,other").await;
    let remote = remote.with_entry(&format!("import '{chunk}'; {CODE}")).change(|application| {
        application.modules.push((chunk, other));
    });
    let outlet = world.mount(&remote.application());
    assert_eq!(outlet.failure().await.reason, Reason::Network);
    outlet.mounted.retry();
    assert_eq!(outlet.failure().await.reason, Reason::Network);
    assert!(remote.left("ran").is_undefined());
}

#[wasm_bindgen_test]
async fn case_57_a_swapped_style_sheet_keeps_the_remote_off_the_page() {
    let world = World::new();
    let other = hash("data:text/css,other").await;
    let remote = Remote::quiet().style("p { color: red }", &other);
    let outlet = world.mount(&remote.application());
    let failure = outlet.failure().await;
    assert_eq!((failure.phase, failure.reason), (FailedPhase::Load, Reason::Network));
    assert!(outlet.is_empty());
}

#[wasm_bindgen_test]
async fn the_nonce_is_nowhere_in_the_page_after_a_remote_was_loaded() {
    let world = World::new();
    let watched = text_of(
        "globalThis.seenNonces = [];
         new MutationObserver((records) => {
           for (const record of records) for (const node of record.addedNodes) {
             if (node.nonce) globalThis.seenNonces.push(node.nonce);
           }
         }).observe(document, { subtree: true, childList: true });
         return 'watching';",
    );
    assert_eq!(watched.await, "watching");
    world.mounted(&Remote::quiet().application()).await;
    let left = "return String(globalThis.seenNonces.length + document.querySelectorAll('script[type=importmap],[nonce]').length)";
    assert_eq!(text_of(left).await, "0");
}
