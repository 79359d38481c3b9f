use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;

use super::boot::Browser;
use super::dom;
use crate::bridge::Connection;

/// An interruption that is over before that is not worth anyone's attention.
const BRIEF: Duration = Duration::from_secs(2);

/// Follows the browser's network state and the bridge's stream.
pub(super) fn start(browser: &Rc<Browser>) {
    window_event_listener(ev::online, |_| dom::show("offline", false));
    window_event_listener(ev::offline, |_| warn("offline"));
    if !window().navigator().on_line() {
        warn("offline");
    }
    if let Some(bridge) = browser.shell.bridge() {
        let browser = Rc::clone(browser);
        let light = Light::default();
        bridge.on_connection(Rc::new(move |state| {
            light.follow(state);
            if state == Connection::Ended && !browser.ended.replace(true) {
                warn("ended");
            }
        }));
    }
}

/// Shows a banner of the frame, and has the live region read it.
fn warn(id: &str) {
    dom::show(id, true);
    if let Some(words) = dom::by_id(id).and_then(|banner| banner.text_content()) {
        dom::announce(&words);
    }
}

/// The connection's place in the top bar. What is well shows at once; an interruption once it has lasted for a while, and
/// then it is read as well, as is its end.
#[derive(Clone, Default)]
struct Light {
    current: Rc<Cell<Option<Connection>>>,
    /// The interruption that is shown.
    warning: Rc<Cell<Option<Connection>>>,
    /// Whether one is about to be.
    waits: Rc<Cell<bool>>,
    /// How many have ended: two brief ones after each other are not one that lasts.
    ended: Rc<Cell<u32>>,
}

impl Light {
    fn follow(&self, state: Connection) {
        self.current.set(Some(state));
        match (is_interrupted(state), self.warning.get()) {
            (false, warning) => {
                self.warning.set(None);
                self.waits.set(false);
                self.ended.set(self.ended.get() + 1);
                let words = show(state);
                if state == Connection::Live && warning.is_some() {
                    dom::announce(&words);
                }
            }
            // Attempts come and go; what is shown stays until one succeeds.
            (true, Some(Connection::Offline)) => {}
            (true, Some(_)) => self.warn(),
            (true, None) if self.waits.replace(true) => {}
            (true, None) => {
                let (light, ended) = (self.clone(), self.ended.get());
                set_timeout(
                    move || {
                        if light.ended.get() == ended {
                            light.waits.set(false);
                            light.warn();
                        }
                    },
                    BRIEF,
                );
            }
        }
    }

    /// Shows an interruption, if there still is one.
    fn warn(&self) {
        let state = self.current.get().filter(|state| is_interrupted(*state));
        if let Some(state) = state
            && self.warning.replace(Some(state)) != Some(state)
        {
            dom::announce(&show(state));
        }
    }
}

fn is_interrupted(state: Connection) -> bool {
    matches!(state, Connection::Connecting | Connection::Offline)
}

/// The frame carries the words for each state; returns them.
fn show(state: Connection) -> String {
    let Some(light) = dom::by_id("connection") else { return String::new() };
    let words = light.get_attribute(&["data-", state.code()].concat());
    dom::set(&light, "data-state", Some(state.code()));
    dom::set(&light, "aria-label", words.as_deref());
    dom::set(&light, "title", words.as_deref());
    words.unwrap_or_default()
}
