use std::cell::RefCell;
use std::rc::Rc;

use portico_frontend::{EventStream, OpenStream, Signal};
use wasm_bindgen::JsValue;

use super::until;

/// Streams that carry what the test sends.
#[derive(Default)]
pub(crate) struct FakeStreams {
    opened: RefCell<Vec<Opened>>,
}

struct Opened {
    url: String,
    on_signal: Rc<dyn Fn(Signal)>,
    kinds: Rc<RefCell<Vec<String>>>,
    closed: Rc<RefCell<bool>>,
}

struct FakeStream {
    kinds: Rc<RefCell<Vec<String>>>,
    closed: Rc<RefCell<bool>>,
}

impl OpenStream for FakeStreams {
    fn open(&self, url: &str, on_signal: Rc<dyn Fn(Signal)>) -> Result<Box<dyn EventStream>, JsValue> {
        let stream = FakeStream { kinds: Rc::default(), closed: Rc::default() };
        self.opened.borrow_mut().push(Opened {
            url: url.into(),
            on_signal,
            kinds: Rc::clone(&stream.kinds),
            closed: Rc::clone(&stream.closed),
        });
        Ok(Box::new(stream))
    }
}

impl EventStream for FakeStream {
    fn listen(&self, kind: &str) {
        self.kinds.borrow_mut().push(kind.into());
    }
}

impl Drop for FakeStream {
    fn drop(&mut self) {
        *self.closed.borrow_mut() = true;
    }
}

impl FakeStreams {
    /// The URLs of all streams so far.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.opened.borrow().iter().map(|opened| opened.url.clone()).collect()
    }

    /// How many streams are open now.
    pub(crate) fn open_now(&self) -> usize {
        self.opened.borrow().iter().filter(|opened| !*opened.closed.borrow()).count()
    }

    /// The types that the newest stream lets through.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.opened.borrow().last().map(|opened| opened.kinds.borrow().clone()).unwrap_or_default()
    }

    /// Waits for the `count`th stream.
    pub(crate) async fn opened(&self, count: usize) {
        until("the stream is opened", || self.opened.borrow().len() >= count).await;
    }

    /// Sends on the newest stream.
    pub(crate) fn send(&self, signal: Signal) {
        let on_signal = self.opened.borrow().last().map(|opened| Rc::clone(&opened.on_signal));
        on_signal.expect("a stream is open")(signal);
    }

    /// Sends an event, if its type is let through.
    pub(crate) fn event(&self, kind: &str, last_event_id: &str, data: &str) {
        if self.kinds().iter().any(|known| known == kind) {
            self.send(Signal::Event {
                kind: kind.into(),
                last_event_id: last_event_id.into(),
                data: data.into(),
            });
        }
    }
}
