use std::rc::Rc;

use wasm_bindgen::JsValue;

/// Opens event streams: the browser's `EventSource`, or a test's own.
pub trait OpenStream {
    /// Opens the stream at `url`; `on_signal` hears of everything that happens to it.
    ///
    /// # Errors
    /// The URL is not one.
    fn open(&self, url: &str, on_signal: Rc<dyn Fn(Signal)>) -> Result<Box<dyn EventStream>, JsValue>;
}

/// An open stream; dropping it closes it.
pub trait EventStream {
    /// Lets events of this type through. Called once for each type.
    fn listen(&self, kind: &str);
}

/// What happens to a stream (HTML, section 9.2).
#[derive(Clone, Debug)]
pub enum Signal {
    /// It is open.
    Opened,
    /// It was lost, and the browser is connecting again by itself.
    Lost,
    /// It was refused with an HTTP error; the browser has given up.
    Refused,
    /// An event arrived.
    Event {
        /// `event:`
        kind: String,
        /// The last `id:` seen on the stream.
        last_event_id: String,
        /// `data:`
        data: String,
    },
}
