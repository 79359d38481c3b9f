//! Two tabs, two organizations: every page says which session it was rendered for, and the others compare.

use std::rc::Rc;

use portico_contracts::Session;
use wasm_bindgen::JsValue;
use web_sys::BroadcastChannel;

use crate::bridge::RemoteBridge;
use crate::{dom, js};

/// The name of the channel between tabs.
const CHANNEL: &str = "portico";

/// Tells the other tabs this page's session, and listens for theirs. What another tab says is only a hint: the portal
/// itself is asked, which then ends this page's session or reloads the page.
pub(crate) fn follow(bridge: &Rc<RemoteBridge>, session: Option<&Session>) {
    let Ok(channel) = BroadcastChannel::new(CHANNEL) else { return };
    let own = mark(session);
    let _ = channel.post_message(&own.as_str().into());
    if session.is_none() {
        return;
    }
    let bridge = Rc::clone(bridge);
    dom::listen(&channel, "message", move |event| {
        if js::get(&event, "data") != JsValue::from_str(&own) {
            bridge.doubt_session();
        }
    });
    // The listener keeps the channel only as long as something refers to it.
    std::mem::forget(channel);
}

/// Names person and organization, or nobody.
pub(crate) fn mark(session: Option<&Session>) -> String {
    session.map_or_else(String::new, |session| [&session.sub, " ", &session.org_id].concat())
}
