use js_sys::Set;
use wasm_bindgen::JsValue;

/// How many events are remembered: what the stream may repeat for another tab, twice over.
pub(super) const REMEMBERED: u32 = 4_096;

/// Drops repeats. Publishing is at least once, so the same (`source`, `id`) may arrive twice.
#[derive(Default)]
pub(super) struct Seen {
    /// A JavaScript set keeps the order of insertion, so the first is the oldest.
    known: Set,
}

impl Seen {
    /// Whether this event arrives for the first time.
    pub(super) fn first(&self, source: &str, id: &str) -> bool {
        // Neither a remote's name nor a URI contains a space (CloudEvents 1.0, `source` is a URI-reference).
        let key = JsValue::from([source, " ", id].concat());
        if self.known.has(&key) {
            return false;
        }
        self.known.add(&key);
        if self.known.size() > REMEMBERED
            && let Ok(oldest) = self.known.keys().next()
        {
            self.known.delete(&oldest.value());
        }
        true
    }
}
