use std::rc::Rc;

use wasm_bindgen::JsValue;

/// What tabs of one browser share: locks (Web Locks API) and channels (`BroadcastChannel`), both by a name within the
/// origin.
pub trait Tabs {
    /// Joins a channel. `on_message` hears what other tabs post, in the order that each of them posted it.
    fn join(&self, name: &str, on_message: Rc<dyn Fn(JsValue)>) -> Box<dyn Channel>;
    /// Asks for an exclusive lock: waits for its turn or, with `steal`, takes it from whoever holds it.
    fn lock(&self, name: &str, steal: bool, on_signal: Rc<dyn Fn(LockSignal)>) -> Box<dyn Lock>;
}

/// A channel that this tab has joined; dropping it leaves.
pub trait Channel {
    /// Posts to all others.
    fn post(&self, message: &JsValue);
}

/// A lock, held or waited for; dropping it gives it up.
pub trait Lock {}

/// What happens to a lock that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockSignal {
    /// This tab holds it.
    Granted,
    /// Another tab took it.
    Stolen,
}
