use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use portico_frontend::{EventStream, OpenStream, Signal};
use wasm_bindgen::JsValue;

use super::{sleep, until};

/// An event log and its streams, as the portal has them: a stream carries the types that it was asked for, from the
/// position that its id says. One for each tab (`tab`), all over the same events.
#[derive(Clone)]
pub(crate) struct FakeLog {
    events: Rc<RefCell<Vec<(String, String)>>>,
    streams: Rc<RefCell<Vec<Rc<Open>>>>,
    stalled: Rc<RefCell<BTreeSet<u32>>>,
    closed: Rc<RefCell<BTreeSet<u32>>>,
    /// Whether streams are refused.
    pub(crate) is_down: Rc<Cell<bool>>,
    tab: u32,
}

struct Open {
    tab: u32,
    types: Vec<String>,
    at: Cell<usize>,
    is_open: Cell<bool>,
    on_signal: Rc<dyn Fn(Signal)>,
}

struct Handle(Rc<Open>);

impl FakeLog {
    pub(crate) fn new() -> Self {
        Self {
            events: Rc::default(),
            streams: Rc::default(),
            stalled: Rc::default(),
            closed: Rc::default(),
            is_down: Rc::default(),
            tab: 0,
        }
    }

    /// What a tab opens its streams with.
    pub(crate) fn of_tab(&self, tab: u32) -> Rc<dyn OpenStream> {
        Rc::new(Self { tab, ..self.clone() })
    }

    /// Appends an event of a type, whose data is its number in the log.
    pub(crate) fn append(&self, kind: &str) {
        let number = self.events.borrow().len();
        let event = format!(
            r#"{{"specversion":"1.0","id":"{number}","source":"test","type":"{kind}","data":{number}}}"#
        );
        self.events.borrow_mut().push((kind.into(), event));
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.events.borrow().len()
    }

    /// How many streams are open in tabs that were not closed.
    pub(crate) fn open_now(&self) -> usize {
        self.streams.borrow().iter().filter(|stream| stream.is_open.get()).count()
    }

    /// How many streams were opened.
    pub(crate) fn opened(&self) -> usize {
        self.streams.borrow().len()
    }

    /// A tab was closed, and its streams with it.
    pub(crate) fn close(&self, tab: u32) {
        self.closed.borrow_mut().insert(tab);
        self.streams
            .borrow()
            .iter()
            .filter(|stream| stream.tab == tab)
            .for_each(|stream| stream.is_open.set(false));
    }

    /// Holds back what a tab's streams carry: the tab stands still.
    pub(crate) fn stall(&self, tab: u32, is_stalled: bool) {
        let mut stalled = self.stalled.borrow_mut();
        if is_stalled {
            stalled.insert(tab)
        } else {
            stalled.remove(&tab)
        };
    }

    /// Ends all streams as an instance does that is going down.
    pub(crate) fn cut(&self) {
        self.dismiss("shutdown");
    }

    /// Ends all streams, and says why.
    pub(crate) fn dismiss(&self, reason: &str) {
        let open: Vec<_> =
            self.streams.borrow().iter().filter(|stream| stream.is_open.get()).cloned().collect();
        for stream in open {
            let bye = Signal::Event {
                kind: "bye".into(),
                last_event_id: String::new(),
                data: format!(r#"{{"reason":"{reason}"}}"#),
            };
            // A tab that stands still is told nothing; its connection is gone all the same.
            if !self.stalled.borrow().contains(&stream.tab) {
                stream.signal(bye);
            }
        }
    }

    /// Waits until every open stream has carried everything.
    pub(crate) async fn caught_up(&self) {
        let is_behind = |stream: &Rc<Open>| stream.is_open.get() && stream.at.get() < self.len();
        until("streams have caught up", || !self.streams.borrow().iter().any(is_behind)).await;
    }

    /// The types of the streams that are open.
    pub(crate) fn types(&self) -> Vec<String> {
        let streams = self.streams.borrow();
        streams.iter().filter(|stream| stream.is_open.get()).flat_map(|stream| stream.types.clone()).collect()
    }

    async fn run(self, stream: Rc<Open>) {
        // Two answers of a server take longer than a message to another tab.
        sleep(20).await;
        if self.is_down.get() {
            stream.is_open.set(false);
            return (stream.on_signal)(Signal::Refused);
        }
        stream.signal(Signal::Opened);
        stream.signal(event("ping", stream.at.get(), "{}"));
        let mut turns = 0_u32;
        while stream.is_open.get() {
            if self.stalled.borrow().contains(&stream.tab) {
                sleep(2).await;
                continue;
            }
            let next = self.events.borrow().get(stream.at.get()).cloned();
            let Some((kind, data)) = next else {
                turns += 1;
                if turns.is_multiple_of(16) {
                    stream.signal(event("ping", stream.at.get(), "{}"));
                }
                sleep(2).await;
                continue;
            };
            stream.at.set(stream.at.get() + 1);
            if stream.types.contains(&kind) {
                stream.signal(event(&kind, stream.at.get(), &data));
            }
            // As frames that arrive together; every so often the page gets to do something else.
            if stream.at.get().is_multiple_of(8) {
                sleep(0).await;
            }
        }
    }
}

impl Open {
    fn signal(&self, signal: Signal) {
        if self.is_open.get() {
            (self.on_signal)(signal);
        }
    }
}

fn event(kind: &str, at: usize, data: &str) -> Signal {
    Signal::Event { kind: kind.into(), last_event_id: format!("at {at}"), data: data.into() }
}

impl OpenStream for FakeLog {
    fn open(&self, url: &str, on_signal: Rc<dyn Fn(Signal)>) -> Result<Box<dyn EventStream>, JsValue> {
        let parameter = |name: &str| {
            let encoded = url.split(['?', '&']).find_map(|one| one.strip_prefix(name)?.strip_prefix('='))?;
            String::from(js_sys::decode_uri_component(encoded).ok()?).into()
        };
        let id: Option<String> = parameter("last_event_id");
        let at = id.and_then(|id| id.strip_prefix("at ")?.parse().ok()).unwrap_or_else(|| self.len());
        let types = parameter("types").unwrap_or_default();
        let stream = Rc::new(Open {
            tab: self.tab,
            types: types.split(',').map(Into::into).collect(),
            at: Cell::new(at),
            is_open: Cell::new(!self.closed.borrow().contains(&self.tab)),
            on_signal,
        });
        self.streams.borrow_mut().push(Rc::clone(&stream));
        wasm_bindgen_futures::spawn_local(self.clone().run(Rc::clone(&stream)));
        Ok(Box::new(Handle(stream)))
    }
}

impl EventStream for Handle {
    fn listen(&self, _kind: &str) {}
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.is_open.set(false);
    }
}
