use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use super::actions::target;
use super::boot::Browser;
use super::{dom, menus, sheet};
use crate::routing::{Page, resolve};
use crate::shell::Shell;

/// Turns links, the browser's buttons and `ctx.navigate` into navigation inside this document. Whatever does not
/// resolve to a page of this session becomes a full navigation, so that the server decides about it.
pub(super) fn start(browser: &Rc<Browser>) {
    let on_click = Rc::clone(browser);
    window_event_listener(ev::click, move |event| follow(&on_click, &event));
    let on_pop = Rc::clone(browser);
    window_event_listener(ev::popstate, move |_| restore(&on_pop));
    let on_point = Rc::clone(browser);
    window_event_listener(ev::pointerover, move |event| prefetch(&on_point, target(&event)));
    let on_focus = Rc::clone(browser);
    window_event_listener(ev::focusin, move |event| prefetch(&on_focus, target(&event)));
    if let Some(bridge) = browser.shell.bridge() {
        let browser = Rc::clone(browser);
        bridge.set_navigator(Rc::new(move |path| navigate(&browser, &path)));
    }
}

/// The page of the document's own address.
pub(super) fn current(shell: &Shell) -> Option<Page> {
    Some(resolve(&here()?, &shell.state))
}

/// Loads the document again.
pub(super) fn reload() {
    // A navigation that the browser refuses leaves the person where they are.
    let _ = window().location().reload();
}

/// Goes to a path of this portal, `/todos/7?done=1#top`. An address elsewhere is ignored.
fn navigate(browser: &Browser, path: &str) {
    let Some(url) = same_origin(path) else { return };
    let target = [url.pathname(), url.search()].concat();
    let href = [target.as_str(), &url.hash()].concat();
    let Some(page) = local(browser, &target) else {
        // A navigation that the browser refuses leaves the person where they are.
        let _ = window().location().assign(&href);
        return;
    };
    if let Ok(history) = window().history() {
        // Browsers refuse only when a page floods its history; the page itself still changes.
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&href));
    }
    if show(browser, &target, page) {
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// A click on a link that would leave the document, anywhere on the page: open shadow roots included.
fn follow(browser: &Browser, event: &web_sys::MouseEvent) {
    let has_modifier = event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key();
    if event.default_prevented() || event.button() != 0 || has_modifier {
        return;
    }
    let link =
        event.composed_path().iter().find_map(|node| node.dyn_into::<web_sys::HtmlAnchorElement>().ok());
    let Some(link) = link.filter(stays_here) else { return };
    let target = [link.pathname(), link.search()].concat();
    if local(browser, &target).is_some() {
        event.prevent_default();
        navigate(browser, &[target, link.hash()].concat());
    }
}

/// The browser's back and forward buttons.
fn restore(browser: &Browser) {
    let Some(target) = here() else { return };
    match local(browser, &target) {
        Some(page) => {
            show(browser, &target, page);
        }
        None => reload(),
    }
}

/// The page of a path, if it can be shown without asking the server.
fn local(browser: &Browser, target: &str) -> Option<Page> {
    browser.page.filter(|_| !browser.ended.get())?;
    let state = &browser.shell.state;
    Some(resolve(target, state)).filter(|page| page.is_local(state))
}

/// Shows a page of this document; says whether it is another one than before.
fn show(browser: &Browser, target: &str, page: Page) -> bool {
    let Some(shown) = browser.page else { return false };
    let state = &browser.shell.state;
    if let Some(bridge) = browser.shell.bridge() {
        bridge.navigated(target);
    }
    if let Some(field) = dom::by_id("return-to") {
        dom::set(&field, "value", Some(target));
    }
    sheet::put_away();
    menus::close_except(None);
    if shown.get_untracked() == page {
        return false;
    }
    shown.set(page);
    mark(page.remote(state).map_or("/", |(_, route)| &route.path));
    dom::show("problems-box", page == Page::Home);
    document().set_title(&page.title(state));
    dom::announce(page.heading(state));
    dom::focus("#content h1");
    true
}

/// Marks the current place in the side bar.
fn mark(path: &str) {
    for link in dom::find_all(".nav-link") {
        let is_current = link.get_attribute("href").is_some_and(|href| href == path);
        dom::set(&link, "aria-current", is_current.then_some("page"));
    }
    dom::reveal(".sidebar [aria-current=page]");
}

/// Warms a remote up whose link the pointer or the focus has come to.
fn prefetch(browser: &Browser, target: Option<web_sys::Element>) {
    let link = target.and_then(|target| target.closest("a[href^='/']").ok().flatten());
    let Some(path) = link.and_then(|link| link.get_attribute("href")) else { return };
    let state = &browser.shell.state;
    let page = resolve(&path, state);
    if let (Some((application, _)), Some(bridge)) = (page.remote(state), browser.shell.bridge()) {
        bridge.prefetch(application);
    }
}

/// Whether a link opens in this tab, on this origin, and is more than a jump within the page.
fn stays_here(link: &web_sys::HtmlAnchorElement) -> bool {
    let is_jump = !link.hash().is_empty() && here() == Some([link.pathname(), link.search()].concat());
    let opens_here = matches!(link.target().as_str(), "" | "_self");
    let has_own_meaning =
        link.has_attribute("download") || link.rel().split(' ').any(|rel| rel == "external");
    window().location().origin().ok() == Some(link.origin()) && opens_here && !has_own_meaning && !is_jump
}

/// Path and query of the document's address.
fn here() -> Option<String> {
    let location = window().location();
    Some([location.pathname().ok()?, location.search().ok()?].concat())
}

/// The URL of a path, if it is one of this origin: `//host`, `/\host` and other schemes are not.
fn same_origin(path: &str) -> Option<web_sys::Url> {
    let origin = window().location().origin().ok()?;
    let url = web_sys::Url::new_with_base(path, &origin).ok()?;
    (path.starts_with('/') && url.origin() == origin).then_some(url)
}
