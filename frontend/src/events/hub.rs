use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, JSON};
use portico_app::bridge::Connection;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::seen::Seen;
use super::stream::{EventStream, OpenStream, Signal};
use crate::lifecycle::scope::Scope;
use crate::limits::Limits;
use crate::portal::Portal;
use crate::session_watch::{SessionWatch, Standing, Status};
use crate::table::Table;
use crate::{js, time};

/// The control event that says that events were missed, and the one type every remote may listen to.
pub(crate) const RESET: &str = "reset";
/// Control events have names without a dot; `lagged` comes before a close, after which the stream resumes by itself.
const CONTROL: [&str; 4] = ["ping", RESET, "lagged", "bye"];

/// A stream that is refused so often in a row may be refused for the position it should resume from; an `EventSource`
/// does not say why. A server that is only being restarted is back before that.
const REFUSALS: u32 = 4;

/// The page's one event stream, opened at the first subscription and shared by all remotes.
pub(crate) struct Hub {
    portal: Rc<dyn Portal>,
    streams: Rc<dyn OpenStream>,
    status: Rc<Status>,
    watch: Rc<SessionWatch>,
    limits: Limits,
    subscribers: RefCell<Table<Vec<Subscriber>>>,
    next: Cell<u32>,
    seen: Seen,
    line: RefCell<Line>,
}

/// The state of the stream.
#[derive(Default)]
struct Line {
    /// Counts streams: signals of an earlier one are ignored.
    turn: u32,
    wanted: bool,
    url: Option<String>,
    stream: Option<Box<dyn EventStream>>,
    listening: Vec<String>,
    last_event_id: String,
    /// Refusals and losses since it was last open.
    failures: u32,
    heard_at: f64,
}

#[derive(Clone)]
struct Subscriber {
    number: u32,
    scope: Rc<Scope>,
    handler: Function,
}

impl Hub {
    /// A hub without a stream.
    pub(crate) fn new(
        portal: Rc<dyn Portal>,
        streams: Rc<dyn OpenStream>,
        status: Rc<Status>,
        watch: Rc<SessionWatch>,
        limits: Limits,
    ) -> Self {
        Self {
            portal,
            streams,
            status,
            watch,
            limits,
            subscribers: RefCell::default(),
            next: Cell::new(0),
            seen: Seen::default(),
            line: RefCell::default(),
        }
    }

    /// Adds a handler for a type; returns its number. Opens the stream at the first.
    pub(crate) fn subscribe(self: &Rc<Self>, kind: &str, scope: &Rc<Scope>, handler: Function) -> u32 {
        let number = self.next.get();
        self.next.set(number + 1);
        let subscriber = Subscriber { number, scope: Rc::clone(scope), handler };
        self.subscribers.borrow_mut().or_insert_with(kind, Vec::new).push(subscriber);
        self.listen(kind);
        if !std::mem::replace(&mut self.line.borrow_mut().wanted, true) {
            self.open();
        }
        number
    }

    /// Removes a handler. The stream stays open: the next page will need it, and it tells when the session ends.
    pub(crate) fn unsubscribe(&self, kind: &str, number: u32) {
        if let Some(subscribers) = self.subscribers.borrow_mut().get_mut(kind) {
            subscribers.retain(|subscriber| subscriber.number != number);
        }
    }

    /// The network went away, or came back: no need to wait for the next attempt then.
    pub(crate) fn network_changed(self: &Rc<Self>, online: bool) {
        if self.status.get() == Connection::Ended {
            return;
        }
        if !online {
            self.status.set(Connection::Offline);
        } else if self.line.borrow().wanted {
            self.open();
        } else {
            self.status.set(Connection::Idle);
        }
    }

    /// Opens the stream, in place of one that may still be open.
    fn open(self: &Rc<Self>) {
        let turn = self.hang_up();
        self.status.set(Connection::Connecting);
        let hub = Rc::clone(self);
        spawn_local(async move {
            let Some(url) = hub.url().await else {
                return hub.try_later(turn).await;
            };
            if hub.line.borrow().turn == turn {
                hub.connect(turn, &url);
                hub.listen_for_silence(turn).await;
            }
        });
    }

    fn connect(self: &Rc<Self>, turn: u32, url: &str) {
        let hub = Rc::clone(self);
        let on_signal = Rc::new(move |signal| {
            if hub.line.borrow().turn == turn {
                hub.line.borrow_mut().heard_at = time::now();
                hub.heard(signal);
            }
        });
        let Ok(stream) = self.streams.open(&self.resuming(url), on_signal) else { return };
        {
            let mut line = self.line.borrow_mut();
            line.heard_at = time::now();
            line.stream = Some(stream);
        }
        CONTROL.iter().for_each(|kind| self.listen(kind));
        let kinds: Vec<String> = self.subscribers.borrow().names().cloned().collect();
        kinds.iter().for_each(|kind| self.listen(kind));
    }

    /// Closes the stream; returns the number of the next.
    fn hang_up(&self) -> u32 {
        let mut line = self.line.borrow_mut();
        line.stream = None;
        line.listening.clear();
        line.turn += 1;
        line.turn
    }

    fn listen(&self, kind: &str) {
        let mut line = self.line.borrow_mut();
        let Line { stream: Some(stream), listening, .. } = &mut *line else { return };
        if !listening.iter().any(|known| known == kind) {
            listening.push(kind.to_owned());
            stream.listen(kind);
        }
    }

    fn heard(self: &Rc<Self>, signal: Signal) {
        match signal {
            Signal::Opened => {
                self.line.borrow_mut().failures = 0;
                self.status.set(Connection::Live);
            }
            Signal::Lost => {
                let failures = self.count_failure();
                self.status.set(if failures > 1 { Connection::Offline } else { Connection::Connecting });
            }
            Signal::Refused => self.hang_up_and_try_later(false),
            Signal::Event { kind, last_event_id, data } => {
                if !last_event_id.is_empty() {
                    self.line.borrow_mut().last_event_id = last_event_id;
                }
                self.event(&kind, &data);
            }
        }
    }

    fn event(self: &Rc<Self>, kind: &str, data: &str) {
        match kind {
            "ping" | "lagged" => {}
            RESET => self.tell_reset(),
            // An instance that goes down sends everyone away at once, and they should not come back at once.
            "bye" => self.hang_up_and_try_later(!data.contains("shutdown")),
            _ => self.deliver(kind, data),
        }
    }

    /// Gives an event to its subscribers, each its own copy: what one does to it, no other sees.
    fn deliver(&self, kind: &str, data: &str) {
        let Ok(event) = JSON::parse(data) else { return };
        let source = js::text(&event, "source").unwrap_or_default();
        let id = js::text(&event, "id").unwrap_or_default();
        if !self.seen.first(&source, &id) {
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
        for subscriber in self.subscribers_of(RESET) {
            let event = js::frozen([
                ("specversion", "1.0".into()),
                ("type", RESET.into()),
                ("source", "portico".into()),
                ("id", JsValue::from_f64(time::now())),
            ]);
            subscriber.call(&event);
        }
    }

    fn subscribers_of(&self, kind: &str) -> Vec<Subscriber> {
        self.subscribers.borrow().get(kind).cloned().unwrap_or_default()
    }

    async fn url(&self) -> Option<String> {
        let known = self.line.borrow().url.clone();
        if known.is_some() {
            return known;
        }
        let url = self.portal.stream_url().await.ok()?;
        self.line.borrow_mut().url = Some(url.clone());
        Some(url)
    }

    /// The stream's URL, continuing after the last event this page has seen. (Within one `EventSource` the browser
    /// does that by itself, with a header.)
    fn resuming(&self, url: &str) -> String {
        let line = self.line.borrow();
        if line.last_event_id.is_empty() {
            return url.to_owned();
        }
        let separator = if url.contains('?') { "&" } else { "?" };
        let id = String::from(js_sys::encode_uri_component(&line.last_event_id));
        [url, separator, "last_event_id=", &id].concat()
    }

    fn count_failure(&self) -> u32 {
        let mut line = self.line.borrow_mut();
        line.failures += 1;
        line.failures
    }

    /// `session_ended`: whether the server meant the session, so that there is no time to lose.
    fn hang_up_and_try_later(self: &Rc<Self>, session_ended: bool) {
        let turn = self.hang_up();
        self.status.set(Connection::Connecting);
        let hub = Rc::clone(self);
        spawn_local(async move {
            if !session_ended || hub.watch.ask().await == Standing::Good {
                hub.try_later(turn).await;
            }
        });
    }

    /// Opens the stream again after a pause, if the session still stands.
    async fn try_later(self: Rc<Self>, turn: u32) {
        let failures = self.count_failure();
        if failures > 1 {
            self.status.set(Connection::Offline);
        }
        if failures > REFUSALS {
            self.give_up_position();
        }
        time::sleep(self.pause(failures)).await;
        let is_current = || self.line.borrow().turn == turn;
        if is_current() && self.watch.ask().await == Standing::Good && is_current() {
            self.open();
        }
    }

    /// Opens the next stream without a position, and tells remotes that they may have missed events.
    fn give_up_position(&self) {
        let position = std::mem::take(&mut self.line.borrow_mut().last_event_id);
        if !position.is_empty() {
            self.tell_reset();
        }
    }

    fn pause(&self, failures: u32) -> u32 {
        let longest = f64::from(self.limits.backoff << (failures - 1).min(5));
        (longest * (0.5 + js_sys::Math::random() / 2.0)) as u32
    }

    /// Opens the stream again when the server has not been heard of: a connection that died without a word looks open.
    async fn listen_for_silence(self: Rc<Self>, turn: u32) {
        let limit = f64::from(self.limits.silence);
        loop {
            time::sleep(self.limits.silence / 4).await;
            let line = self.line.borrow();
            if line.turn != turn {
                return;
            }
            if time::now() - line.heard_at > limit {
                break;
            }
        }
        self.open();
    }
}

impl Subscriber {
    fn call(&self, event: &JsValue) {
        if !self.scope.ended() {
            self.scope.call(&self.handler, event);
        }
    }
}
