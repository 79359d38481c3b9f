use std::rc::Rc;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use crate::routing::resolve;
use crate::shell::Shell;

/// Turns links, the browser's buttons and `ctx.navigate` into navigation inside this document. Whatever does not
/// resolve to a page of this session becomes a full navigation, so that the server decides about it.
pub(super) fn start(shell: &Shell) {
    let on_click = shell.clone();
    window_event_listener(ev::click, move |event| follow(&on_click, &event));
    let on_pop = shell.clone();
    window_event_listener(ev::popstate, move |_| restore(&on_pop));
    if let Some(bridge) = shell.bridge() {
        let shell = shell.clone();
        bridge.set_navigator(Rc::new(move |path| navigate(&shell, &path)));
    }
}

/// Goes to a path of this portal, `/todos/7?done=1#top`. An address elsewhere is ignored.
pub(crate) fn navigate(shell: &Shell, path: &str) {
    let Some(url) = same_origin(path) else { return };
    let target = [url.pathname(), url.search()].concat();
    let page = resolve(&target, &shell.state);
    let href = [target.as_str(), &url.hash()].concat();
    if !shell.navigates_locally() || !page.is_local() {
        // A navigation that the browser refuses leaves the person where they are.
        let _ = window().location().assign(&href);
        return;
    }
    if let Ok(history) = window().history() {
        // Browsers refuse only when a page floods its history; the page itself still changes.
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&href));
    }
    let is_other_page = shell.page.get_untracked() != page;
    shell.show(target, page);
    if is_other_page {
        arrive(shell);
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// Loads the document again.
pub(crate) fn reload() {
    // A navigation that the browser refuses leaves the person where they are.
    let _ = window().location().reload();
}

/// Title and focus of a page that has just been shown.
fn arrive(shell: &Shell) {
    document().set_title(&shell.page.get_untracked().title(&shell.state));
    super::focus_selector("#content h1");
}

/// A click on a link that would leave the document, anywhere on the page: open shadow roots included.
fn follow(shell: &Shell, event: &web_sys::MouseEvent) {
    let has_modifier = event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key();
    if event.default_prevented() || event.button() != 0 || has_modifier {
        return;
    }
    let link =
        event.composed_path().iter().find_map(|node| node.dyn_into::<web_sys::HtmlAnchorElement>().ok());
    let Some(link) = link.filter(stays_here) else { return };
    let target = [link.pathname(), link.search()].concat();
    if shell.navigates_locally() && resolve(&target, &shell.state).is_local() {
        event.prevent_default();
        navigate(shell, &[target, link.hash()].concat());
    }
}

/// Whether a link opens in this tab, on this origin, and is more than a jump within the page.
fn stays_here(link: &web_sys::HtmlAnchorElement) -> bool {
    let location = window().location();
    let here = (location.origin().ok(), location.pathname().ok(), location.search().ok());
    let is_jump = !link.hash().is_empty() && here.1 == Some(link.pathname()) && here.2 == Some(link.search());
    let opens_here = matches!(link.target().as_str(), "" | "_self");
    let has_own_meaning =
        link.has_attribute("download") || link.rel().split(' ').any(|rel| rel == "external");
    here.0 == Some(link.origin()) && opens_here && !has_own_meaning && !is_jump
}

/// The browser's back and forward buttons.
fn restore(shell: &Shell) {
    let location = window().location();
    let (Ok(path), Ok(query)) = (location.pathname(), location.search()) else { return };
    let target = [path, query].concat();
    let page = resolve(&target, &shell.state);
    if !shell.navigates_locally() || !page.is_local() {
        // As above: a refused navigation changes nothing.
        let _ = location.reload();
        return;
    }
    let is_other_page = shell.page.get_untracked() != page;
    shell.show(target, page);
    if is_other_page {
        arrive(shell);
    }
}

/// The URL of a path, if it is one of this origin: `//host`, `/\host` and other schemes are not.
fn same_origin(path: &str) -> Option<web_sys::Url> {
    let origin = window().location().origin().ok()?;
    let url = web_sys::Url::new_with_base(path, &origin).ok()?;
    (path.starts_with('/') && url.origin() == origin).then_some(url)
}
