use std::cell::RefCell;
use std::rc::Rc;

use portico_app::bridge::Connection;

use super::stream::{EventStream, OpenStream, Signal};
use crate::limits::Limits;
use crate::portal::Portal;
use crate::session_watch::{SessionWatch, Standing, Status};
use crate::{task, time};

/// The control event that says that events were missed, and the one type every remote may listen to.
pub(crate) const RESET: &str = "reset";
/// Control events have names without a dot; `lagged` comes before a close, after which the stream resumes by itself.
const CONTROL: [&str; 4] = ["ping", RESET, "lagged", "bye"];
/// Reasons in `bye` after which the session still stands, and is asked for only after a pause. An instance that goes down
/// sends everyone away at once; they should not all come back at once. A session that was replaced goes on under an id
/// that this browser may not have yet: whoever asks at once is told that there is none.
const CONTINUED: [&str; 3] = ["shutdown", "replaced", "changed"];
/// A stream that is refused so often in a row may be refused for the position it should resume from; an `EventSource`
/// does not say why. A server that is only being restarted is back before that.
const REFUSALS: u32 = 4;

type OnEvent = Box<dyn Fn(&str, &str)>;

/// The page's one event stream: opened when it is first needed, and kept open from then on.
pub(super) struct Line {
    ports: LinePorts,
    on_event: OnEvent,
    state: RefCell<State>,
}

/// What a line needs from the page.
pub(crate) struct LinePorts {
    pub(crate) portal: Rc<dyn Portal>,
    pub(crate) streams: Rc<dyn OpenStream>,
    pub(crate) status: Rc<Status>,
    pub(crate) watch: Rc<SessionWatch>,
    pub(crate) limits: Limits,
}

#[derive(Default)]
struct State {
    /// Counts streams: signals of an earlier one are ignored.
    turn: u32,
    url: Option<String>,
    stream: Option<Box<dyn EventStream>>,
    /// The types to let through, in every stream. While there are none, no stream is needed.
    kinds: Vec<String>,
    last_event_id: String,
    /// Refusals and losses since it was last open.
    failures: u32,
    heard_at: f64,
}

impl Line {
    /// A line without a stream. `on_event` hears every event and `reset`, with its data.
    pub(super) fn new(ports: LinePorts, on_event: OnEvent) -> Rc<Self> {
        Rc::new(Self { ports, on_event, state: RefCell::default() })
    }

    /// Lets a type through. Opens the stream at the first.
    pub(super) fn listen(self: &Rc<Self>, kind: &str) {
        let is_first = {
            let mut state = self.state.borrow_mut();
            if state.kinds.iter().any(|known| known == kind) {
                return;
            }
            state.kinds.push(kind.to_owned());
            if let Some(stream) = &state.stream
                && !CONTROL.contains(&kind)
            {
                stream.listen(kind);
            }
            state.kinds.len() == 1
        };
        if is_first {
            self.open();
        }
    }

    /// The network went away, or came back: no need to wait for the next attempt then.
    pub(super) fn network_changed(self: &Rc<Self>, online: bool) {
        let status = &self.ports.status;
        let is_needed = !self.state.borrow().kinds.is_empty();
        match (status.get(), online) {
            (Connection::Ended, _) => {}
            (_, false) => status.set(Connection::Offline),
            (_, true) if is_needed => self.open(),
            (_, true) => status.set(Connection::Idle),
        }
    }

    /// Opens the stream, in place of one that may still be open.
    fn open(self: &Rc<Self>) {
        let turn = self.hang_up();
        self.ports.status.set(Connection::Connecting);
        let line = Rc::clone(self);
        task::spawn(async move {
            let Some(url) = line.url().await else {
                return line.try_later(turn).await;
            };
            if line.is_current(turn) {
                line.connect(turn, &url);
                line.listen_for_silence(turn).await;
            }
        });
    }

    fn connect(self: &Rc<Self>, turn: u32, url: &str) {
        let line = Rc::clone(self);
        let on_signal = Rc::new(move |signal| {
            if line.is_current(turn) {
                line.state.borrow_mut().heard_at = time::now();
                line.heard(signal);
            }
        });
        let Ok(stream) = self.ports.streams.open(&self.resuming(url), on_signal) else { return };
        let mut state = self.state.borrow_mut();
        let events = state.kinds.iter().map(String::as_str).filter(|kind| !CONTROL.contains(kind));
        CONTROL.into_iter().chain(events).for_each(|kind| stream.listen(kind));
        state.heard_at = time::now();
        state.stream = Some(stream);
    }

    /// Closes the stream; returns the number of the next.
    fn hang_up(&self) -> u32 {
        let mut state = self.state.borrow_mut();
        state.stream = None;
        state.turn += 1;
        state.turn
    }

    fn heard(self: &Rc<Self>, signal: Signal) {
        match signal {
            Signal::Opened => {
                self.state.borrow_mut().failures = 0;
                self.ports.status.set(Connection::Live);
            }
            Signal::Lost => {
                let failures = self.count_failure();
                let lost = if failures > 1 { Connection::Offline } else { Connection::Connecting };
                self.ports.status.set(lost);
            }
            Signal::Refused => self.hang_up_and_try_later(false),
            Signal::Event { kind, last_event_id, data } => {
                if !last_event_id.is_empty() {
                    self.state.borrow_mut().last_event_id = last_event_id;
                }
                match kind.as_str() {
                    "ping" | "lagged" => {}
                    "bye" => {
                        let goes_on = CONTINUED.iter().any(|why| data.contains(why));
                        self.hang_up_and_try_later(!goes_on);
                    }
                    _ => (self.on_event)(&kind, &data),
                }
            }
        }
    }

    async fn url(&self) -> Option<String> {
        let known = self.state.borrow().url.clone();
        if known.is_some() {
            return known;
        }
        let url = self.ports.portal.stream_url().await.ok()?;
        self.state.borrow_mut().url = Some(url.clone());
        Some(url)
    }

    /// The stream's URL, continuing after the last event this page has seen. (Within one `EventSource` the browser
    /// does that by itself, with a header.)
    fn resuming(&self, url: &str) -> String {
        let state = self.state.borrow();
        if state.last_event_id.is_empty() {
            return url.to_owned();
        }
        let separator = if url.contains('?') { "&" } else { "?" };
        let id = String::from(js_sys::encode_uri_component(&state.last_event_id));
        [url, separator, "last_event_id=", &id].concat()
    }

    fn count_failure(&self) -> u32 {
        let mut state = self.state.borrow_mut();
        state.failures += 1;
        state.failures
    }

    fn is_current(&self, turn: u32) -> bool {
        self.state.borrow().turn == turn
    }

    /// `session_ended`: whether the server meant the session, so that there is no time to lose.
    fn hang_up_and_try_later(self: &Rc<Self>, session_ended: bool) {
        let turn = self.hang_up();
        self.ports.status.set(Connection::Connecting);
        let line = Rc::clone(self);
        task::spawn(async move {
            if !session_ended || line.ports.watch.ask().await == Standing::Good {
                line.try_later(turn).await;
            }
        });
    }

    /// Opens the stream again after a pause, if the session still stands.
    async fn try_later(self: Rc<Self>, turn: u32) {
        let failures = self.count_failure();
        if failures > 1 {
            self.ports.status.set(Connection::Offline);
        }
        if failures > REFUSALS {
            self.give_up_position();
        }
        time::sleep(self.pause(failures)).await;
        if self.is_current(turn) && self.ports.watch.ask().await == Standing::Good && self.is_current(turn) {
            self.open();
        }
    }

    /// Opens the next stream without a position, and says that events may have been missed.
    fn give_up_position(&self) {
        let position = std::mem::take(&mut self.state.borrow_mut().last_event_id);
        if !position.is_empty() {
            (self.on_event)(RESET, "");
        }
    }

    /// Half of the pause is random, in milliseconds.
    fn pause(&self, failures: u32) -> u32 {
        let longest = f64::from(self.ports.limits.backoff << (failures - 1).min(5));
        (longest * (0.5 + js_sys::Math::random() / 2.0)) as u32
    }

    /// Opens the stream again when the server has not been heard of: a connection that died without a word looks open.
    async fn listen_for_silence(self: Rc<Self>, turn: u32) {
        let limit = self.ports.limits.silence;
        loop {
            time::sleep(limit / 4).await;
            let state = self.state.borrow();
            if state.turn != turn {
                return;
            }
            if time::now() - state.heard_at > f64::from(limit) {
                break;
            }
        }
        self.open();
    }
}
