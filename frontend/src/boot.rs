use std::panic::PanicHookInfo;
use std::rc::Rc;

use js_sys::Function;
use portico_app::bridge::Scheme;
use portico_app::{ShellState, Theme};
use thiserror::Error;
use wasm_bindgen::prelude::*;

use crate::bridge::RemoteBridge;
use crate::events::{BrowserTabs, EventSourceStreams, Tabs};
use crate::limits::Limits;
use crate::page::Ports;
use crate::portal::Portal;
use crate::server::Server;
use crate::state::{StateError, read};
use crate::{dom, js, unhandled};

/// Why the page could not be taken over. It stays the plain HTML page that the server rendered.
#[derive(Debug, Error)]
enum BootError {
    #[error("the page carries no #portico-state")]
    NoState,
    #[error("#portico-state cannot be read: {0}")]
    BadState(#[from] StateError),
}

/// Takes over the page that the server rendered. Called once, by the boot module, with the CSP nonce that it took from
/// the import map's script, and `(url) => import(url)`.
///
/// # Errors
/// The page does not carry the state it was rendered from.
#[wasm_bindgen]
pub fn hydrate(nonce: String, import: Function) -> Result<(), JsValue> {
    let state = state().map_err(|error| js::error("BootError", &error.to_string()))?;
    std::panic::set_hook(Box::new(report_panic));
    let org_id = state.session.as_ref().map(|session| session.org_id.clone());
    let ports = Ports {
        nonce,
        import,
        portal: Rc::new(Server::new(org_id)),
        streams: Rc::new(EventSourceStreams),
        tabs: BrowserTabs::find().map(|tabs| Rc::new(tabs) as Rc<dyn Tabs>),
        limits: Limits::default(),
    };
    let bridge = Rc::new(RemoteBridge::new(&state, scheme(state.preferences.theme), ports));
    follow_page(&bridge);
    unhandled::follow(&bridge);
    bridge.follow_tabs();
    portico_app::hydrate(state, bridge);
    Ok(())
}

fn state() -> Result<ShellState, BootError> {
    let script = dom::document().get_element_by_id("portico-state");
    let text = script.and_then(|script| script.text_content()).ok_or(BootError::NoState)?;
    Ok(read(&text)?)
}

/// The colour scheme in effect as the page begins; the shell tells the bridge of every change.
fn scheme(theme: Theme) -> Scheme {
    match theme {
        Theme::Light => Scheme::Light,
        Theme::Dark => Scheme::Dark,
        Theme::System => match dom::window().match_media("(prefers-color-scheme: dark)") {
            Ok(Some(query)) if query.matches() => Scheme::Dark,
            _ => Scheme::Light,
        },
    }
}

/// Network, tab and history changes that concern the bridge.
fn follow_page(bridge: &Rc<RemoteBridge>) {
    let window = dom::window();
    for online in [true, false] {
        let bridge = Rc::clone(bridge);
        let kind = if online { "online" } else { "offline" };
        dom::listen(&window, kind, move |_| bridge.network_changed(online));
    }
    let sending = Rc::clone(bridge);
    dom::listen(&dom::document(), "submit", move |event| {
        if js::get(&event, "defaultPrevented").is_falsy() {
            sending.leaving();
        }
    });
    let front = Rc::clone(bridge);
    dom::listen(&dom::document(), "visibilitychange", move |_| {
        if !dom::document().hidden() {
            front.came_to_front();
        }
    });
    // The browser freezes the page (Page Lifecycle), and goes on with it.
    let frozen = Rc::clone(bridge);
    dom::listen(&dom::document(), "freeze", move |_| frozen.freezes());
    let thawed = Rc::clone(bridge);
    dom::listen(&dom::document(), "resume", move |_| thawed.woke_up());
    let leaving = Rc::clone(bridge);
    dom::listen(&window, "pagehide", move |_| leaving.flush_reports());
    // A page brought back from the back/forward cache has lost its stream, and may be older than a sign-out or a switch.
    let returning = Rc::clone(bridge);
    dom::listen(&window, "pageshow", move |event| {
        if js::get(&event, "persisted").is_truthy() {
            returning.doubt_session();
            returning.network_changed(true);
        }
    });
}

/// A panic is a defect of the shell: it goes to the console and to the reports. Nothing runs in this program after it.
fn report_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.to_string();
    web_sys::console::error_1(&message.as_str().into());
    let measurement = crate::report::Measurement::shell_error(message);
    Server::new(None).report(crate::report::to_json(&[measurement]));
}
