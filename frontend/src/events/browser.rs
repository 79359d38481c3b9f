use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventSource, MessageEvent};

use super::stream::{EventStream, OpenStream, Signal};
use crate::js;

/// Streams through the browser's `EventSource`.
pub struct EventSourceStreams;

struct Source {
    source: EventSource,
    handler: Function,
}

impl OpenStream for EventSourceStreams {
    fn open(&self, url: &str, on_signal: Rc<dyn Fn(Signal)>) -> Result<Box<dyn EventStream>, JsValue> {
        let source = EventSource::new(url)?;
        let of = source.clone();
        let handler = js::function(move |event, _| {
            on_signal(signal(&of, event));
            Ok(JsValue::UNDEFINED)
        });
        for kind in ["open", "error"] {
            source.add_event_listener_with_callback(kind, &handler)?;
        }
        Ok(Box::new(Source { source, handler }))
    }
}

impl EventStream for Source {
    fn listen(&self, kind: &str) {
        let _ = self.source.add_event_listener_with_callback(kind, &self.handler);
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// An event type named `open` or `error` cannot be mistaken: types of events contain a dot, and control events have
/// other names.
fn signal(source: &EventSource, event: JsValue) -> Signal {
    match event.dyn_into::<MessageEvent>() {
        Ok(message) => Signal::Event {
            kind: message.type_(),
            last_event_id: message.last_event_id(),
            data: message.data().as_string().unwrap_or_default(),
        },
        Err(event) if event.unchecked_ref::<Event>().type_() == "open" => Signal::Opened,
        Err(_) if source.ready_state() == EventSource::CLOSED => Signal::Refused,
        Err(_) => Signal::Lost,
    }
}
