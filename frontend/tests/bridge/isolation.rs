use portico_app::bridge::{Bridge, Scheme};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use crate::world::{Remote, World, text_of, until};

const STYLED: &str = "export function mount(el) {
    here.el = el;
    el.innerHTML = '<p class=\"loud\">text</p>';
    here.color = () => getComputedStyle(el.querySelector('p')).color;
    return () => {};
}";

#[wasm_bindgen_test]
async fn a_remote_lives_in_a_shadow_root_with_its_own_styles() {
    let world = World::new();
    let remote = Remote::of(STYLED).style(".loud { color: rgb(1, 2, 3) }", "");
    let outlet = world.mounted(&remote.application()).await;
    let outer = outlet.host.first_element_child().expect("the remote's element");
    assert!(outer.shadow_root().is_some());
    assert_eq!(remote.say("return here.color()").await, "rgb(1, 2, 3)");
    let outside = text_of(
        "const p = document.createElement('p'); p.className = 'loud'; document.body.append(p);
         const color = getComputedStyle(p).color; p.remove(); return color;",
    );
    assert_eq!(outside.await, "rgb(0, 0, 0)");
}

#[wasm_bindgen_test]
async fn without_isolation_a_remote_lives_in_the_page_and_takes_its_styles_with_it() {
    let world = World::new();
    let remote = Remote::of(STYLED)
        .style(".loud { color: rgb(4, 5, 6) }", "")
        .change(|application| application.isolation = "none".into());
    let outlet = world.mounted(&remote.application()).await;
    assert!(outlet.host.query_selector("p.loud").expect("a selector").is_some());
    assert_eq!(remote.say("return here.color()").await, "rgb(4, 5, 6)");
    outlet.mounted.unmount();
    until("the outlet is empty", || outlet.host.first_element_child().is_none()).await;
    assert_eq!(text_of("return String(document.adoptedStyleSheets.length)").await, "0");
}

#[wasm_bindgen_test]
async fn design_tokens_reach_into_the_shadow_root() {
    let world = World::new();
    let remote = Remote::of(
        "export function mount(el) {
           here.token = () => getComputedStyle(el).getPropertyValue('--p-color-accent');
           return () => {};
         }",
    );
    let root: HtmlElement = crate::world::document().document_element().expect("a root").unchecked_into();
    root.style().set_property("--p-color-accent", "teal").expect("set");
    let _outlet = world.mounted(&remote.application()).await;
    assert_eq!(remote.say("return here.token()").await, "teal");
}

#[wasm_bindgen_test]
async fn the_theme_is_current_in_the_context_and_on_the_remotes_element() {
    let world = World::new();
    let remote = Remote::quiet();
    let outlet = world.mounted(&remote.application()).await;
    let marked = || {
        let outer = outlet.host.first_element_child().expect("the remote's element");
        outer.get_attribute("data-theme")
    };
    assert_eq!(marked().as_deref(), Some("light"));
    world.bridge.theme_changed(Scheme::Dark);
    assert_eq!(marked().as_deref(), Some("dark"));
    assert_eq!(remote.say("return ctx.shell.theme").await, "dark");
}
