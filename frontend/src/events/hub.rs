use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, Function, JSON};
use wasm_bindgen::{JsCast, JsValue};

use super::line::RESET;
use super::seen::Seen;
use super::sharing::{Frame, SharedStream, StreamPorts};
use crate::js;
use crate::lifecycle::scope::Scope;
use crate::table::Table;

/// Shares the page's one event stream among all its remotes.
pub(crate) struct Hub {
    stream: Rc<SharedStream>,
    /// The types that the stream was last asked for.
    needs: RefCell<Vec<String>>,
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
    pub(crate) fn new(ports: StreamPorts) -> Rc<Self> {
        Rc::new_cyclic(|hub: &Weak<Self>| {
            let hub = Weak::clone(hub);
            let on_frame = move |frame: &Frame| {
                if let Some(hub) = hub.upgrade() {
                    hub.take(frame);
                }
            };
            Self {
                stream: SharedStream::new(ports, Box::new(on_frame)),
                needs: RefCell::default(),
                subscribers: RefCell::default(),
                next: Cell::new(0),
                seen: Seen::default(),
            }
        })
    }

    /// Adds a handler for a type; returns its number. The stream is to carry what the remote's manifest declares, so that
    /// it need not be opened anew for each of its types.
    pub(crate) fn subscribe(&self, kind: &str, scope: &Rc<Scope>, handler: Function) -> u32 {
        let number = self.number();
        let subscriber = Subscriber { number, scope: Rc::clone(scope), handler };
        self.subscribers.borrow_mut().or_insert_with(kind, Vec::new).push(subscriber);
        self.need();
        number
    }

    /// Removes a handler. The stream stays open: the next page will need it, and it tells when the session ends.
    pub(crate) fn unsubscribe(&self, kind: &str, number: u32) {
        if let Some(subscribers) = self.subscribers.borrow_mut().get_mut(kind) {
            subscribers.retain(|subscriber| subscriber.number != number);
        }
        self.need();
    }

    /// The network went away, or came back.
    pub(crate) fn network_changed(&self, online: bool) {
        self.stream.network_changed(online);
    }

    /// The browser freezes the page.
    pub(crate) fn freezes(&self) {
        self.stream.freeze();
    }

    /// The page stood still for a while.
    pub(crate) fn woke_up(&self) {
        self.stream.look_up();
    }

    /// Asks for what the remotes that listen declare, once that has changed. The first asks for the stream itself; it
    /// also tells when the session ends, so it is kept when the last has gone.
    fn need(&self) {
        let mut types = Vec::new();
        for subscriber in self.subscribers.borrow().values().flatten() {
            types.extend(subscriber.scope.application.subscribes.iter().map(|event| event.kind.clone()));
        }
        types.sort_unstable();
        types.dedup();
        if types != self.needs.replace(types.clone()) {
            self.stream.need(types);
        }
    }

    fn take(&self, frame: &Frame) {
        if frame.kind == RESET {
            self.tell_reset(&frame.data)
        } else {
            self.deliver(&frame.kind, &frame.data)
        }
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

    /// Events were missed: remotes that listen for it fetch anew what they built from events. Those that subscribe to
    /// other types than the ones that are named have missed nothing.
    fn tell_reset(&self, data: &str) {
        let number = self.number();
        let types = JSON::parse(data).map_or(JsValue::UNDEFINED, |data| js::get(&data, "types"));
        for subscriber in self.subscribers_of(RESET) {
            if !self.concerns(&subscriber.scope, &types) {
                continue;
            }
            let event = js::frozen([
                ("specversion", "1.0".into()),
                ("type", RESET.into()),
                ("source", "portico".into()),
                ("id", number.to_string().into()),
                ("data", JSON::parse(data).unwrap_or_default()),
            ]);
            subscriber.call(&event);
        }
    }

    /// Whether a mount subscribes to one of these types. Whoever listens for `reset` alone is told of all.
    fn concerns(&self, scope: &Rc<Scope>, types: &JsValue) -> bool {
        let Some(types) = types.dyn_ref::<Array>() else { return true };
        let subscribers = self.subscribers.borrow();
        let is_its_own = |of: &Vec<Subscriber>| of.iter().any(|one| Rc::ptr_eq(&one.scope, scope));
        let mut own = subscribers.iter().filter(|(kind, of)| kind != RESET && is_its_own(of)).peekable();
        own.peek().is_none() || own.any(|(kind, _)| types.includes(&kind.as_str().into(), 0))
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
