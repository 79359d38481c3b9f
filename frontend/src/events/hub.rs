use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Function, JSON};
use wasm_bindgen::JsValue;

use super::line::{Line, LinePorts, RESET};
use super::seen::Seen;
use crate::js;
use crate::lifecycle::scope::Scope;
use crate::table::Table;

/// Shares the page's one event stream among all its remotes.
pub(crate) struct Hub {
    line: Rc<Line>,
    subscribers: RefCell<Table<Vec<Subscriber>>>,
    next: Cell<u32>,
    seen: Seen,
}

#[derive(Clone)]
struct Subscriber {
    number: u32,
    scope: Rc<Scope>,
    handler: Function,
}

impl Hub {
    /// A hub without a stream.
    pub(crate) fn new(ports: LinePorts) -> Rc<Self> {
        Rc::new_cyclic(|hub: &Weak<Self>| {
            let hub = Weak::clone(hub);
            let on_event = move |kind: &str, data: &str| {
                if let Some(hub) = hub.upgrade() {
                    hub.event(kind, data);
                }
            };
            Self {
                line: Line::new(ports, Box::new(on_event)),
                subscribers: RefCell::default(),
                next: Cell::new(0),
                seen: Seen::default(),
            }
        })
    }

    /// Adds a handler for a type; returns its number. Opens the stream at the first.
    pub(crate) fn subscribe(&self, kind: &str, scope: &Rc<Scope>, handler: Function) -> u32 {
        let number = self.number();
        let subscriber = Subscriber { number, scope: Rc::clone(scope), handler };
        self.subscribers.borrow_mut().or_insert_with(kind, Vec::new).push(subscriber);
        self.line.listen(kind);
        number
    }

    /// Removes a handler. The stream stays open: the next page will need it, and it tells when the session ends.
    pub(crate) fn unsubscribe(&self, kind: &str, number: u32) {
        if let Some(subscribers) = self.subscribers.borrow_mut().get_mut(kind) {
            subscribers.retain(|subscriber| subscriber.number != number);
        }
    }

    /// The network went away, or came back.
    pub(crate) fn network_changed(&self, online: bool) {
        self.line.network_changed(online);
    }

    fn event(&self, kind: &str, data: &str) {
        if kind == RESET { self.tell_reset() } else { self.deliver(kind, data) }
    }

    /// Gives an event to its subscribers, each its own copy: what one does to it, no other sees.
    fn deliver(&self, kind: &str, data: &str) {
        let Ok(event) = JSON::parse(data) else { return };
        let source = js::text(&event, "source").unwrap_or_default();
        let id = js::text(&event, "id").unwrap_or_default();
        if !event.is_object() || !self.seen.first(&source, &id) {
            return;
        }
        let mut copy = Some(event);
        for subscriber in self.subscribers_of(kind) {
            if let Some(event) = copy.take().or_else(|| JSON::parse(data).ok()) {
                subscriber.call(&event);
            }
        }
    }

    /// Events were missed: remotes that listen for it fetch anew what they built from events.
    fn tell_reset(&self) {
        let number = self.number();
        for subscriber in self.subscribers_of(RESET) {
            let event = js::frozen([
                ("specversion", "1.0".into()),
                ("type", RESET.into()),
                ("source", "portico".into()),
                ("id", number.to_string().into()),
            ]);
            subscriber.call(&event);
        }
    }

    fn number(&self) -> u32 {
        let number = self.next.get();
        self.next.set(number + 1);
        number
    }

    fn subscribers_of(&self, kind: &str) -> Vec<Subscriber> {
        self.subscribers.borrow().get(kind).cloned().unwrap_or_default()
    }
}

impl Subscriber {
    fn call(&self, event: &JsValue) {
        if !self.scope.ended() {
            self.scope.call(&self.handler, event);
        }
    }
}
