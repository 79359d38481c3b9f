use std::cell::RefCell;
use std::rc::Rc;

use portico_app::bridge::Connection;

use super::sharing::Frame;
use super::stream::{EventStream, OpenStream, Signal};
use crate::limits::Limits;
use crate::portal::{Portal, Subscription};
use crate::session_watch::{SessionWatch, Standing};
use crate::{task, time};

/// The control event that says that events were missed, and the one type every remote may listen to.
pub(crate) const RESET: &str = "reset";
/// Control events have names without a dot; `lagged` comes before a close, after which the stream resumes by itself.
const CONTROL: [&str; 4] = ["ping", RESET, "lagged", "bye"];
/// The reason in `bye` after which the session goes on under another id.
const REPLACED: &str = "replaced";
/// Reasons in `bye` after which the session still stands, and is asked for only after a pause. An instance that goes down
/// sends everyone away at once; they should not all come back at once. A session that was replaced goes on under an id
/// that this browser may not have yet: whoever asks at once is told that there is none.
const CONTINUED: [&str; 3] = ["shutdown", REPLACED, "changed"];
/// What the portal answers for an event id that it did not issue (400), or not to this session (403).
const POSITION_REFUSED: [u16; 2] = [400, 403];

/// One event stream of the portal, opened again and again after the last event until it is closed.
pub(super) struct Line {
    ports: LinePorts,
    on_news: Box<dyn Fn(News)>,
    state: RefCell<State>,
}

/// What a line needs from the page.
pub(super) struct LinePorts {
    pub(super) portal: Rc<dyn Portal>,
    pub(super) streams: Rc<dyn OpenStream>,
    pub(super) watch: Rc<SessionWatch>,
    pub(super) limits: Limits,
}

/// What a line has to tell.
pub(super) enum News {
    /// An event, or `reset`.
    Event(Frame),
    /// It has come this far; the id is empty where the portal said none.
    Ping(String),
    /// It fares like this.
    Connection(Connection),
    /// It goes on without a position: the portal refused it, or told none before the stream broke off.
    PositionLost,
    /// The session may have ended or changed; this tab asks for itself.
    Doubt,
    /// The session has ended.
    Ended,
}

#[derive(Default)]
struct State {
    /// Whether it is to be open.
    is_wanted: bool,
    /// Counts streams: signals of an earlier one are ignored.
    turn: u32,
    /// What the portal said of the stream; asked anew after a refusal.
    subscription: Option<Subscription>,
    stream: Option<Box<dyn EventStream>>,
    types: Vec<String>,
    last_event_id: String,
    /// Refusals and losses since it was last open.
    failures: u32,
    heard_at: Option<time::Moment>,
}

impl Line {
    /// A line without a stream. `on_news` hears everything.
    pub(super) fn new(ports: LinePorts, on_news: Box<dyn Fn(News)>) -> Rc<Self> {
        Rc::new(Self { ports, on_news, state: RefCell::default() })
    }

    /// Opens the stream with these types after this id, in place of one that may be open.
    pub(super) fn open(self: &Rc<Self>, types: Vec<String>, last_event_id: String) {
        {
            let mut state = self.state.borrow_mut();
            state.is_wanted = true;
            state.types = types;
            state.last_event_id = last_event_id;
        }
        self.reopen();
    }

    /// Closes the stream.
    pub(super) fn close(&self) {
        self.hang_up();
        self.state.borrow_mut().is_wanted = false;
    }

    /// The network is back: no need to wait for the next attempt.
    pub(super) fn network_is_back(self: &Rc<Self>) {
        if self.state.borrow().is_wanted {
            self.reopen();
        }
    }

    /// Opens the stream anew if the portal has not been heard of for long: a connection that died without a word looks
    /// open.
    pub(super) fn check(self: &Rc<Self>) {
        let limit = f64::from(self.ports.limits.silence);
        let is_silent = {
            let state = self.state.borrow();
            state.stream.is_some() && state.heard_at.is_some_and(|at| at.elapsed() > limit)
        };
        if is_silent {
            self.reopen();
        }
    }

    fn reopen(self: &Rc<Self>) {
        let turn = self.hang_up();
        self.tell(Connection::Connecting);
        let line = Rc::clone(self);
        task::spawn(async move {
            let Some(url) = line.url().await else {
                return line.try_later(turn, false).await;
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
                line.state.borrow_mut().heard_at = Some(time::Moment::now());
                line.heard(signal);
            }
        });
        let Ok(stream) = self.ports.streams.open(url, on_signal) else { return };
        let mut state = self.state.borrow_mut();
        CONTROL.into_iter().for_each(|kind| stream.listen(kind));
        state.types.iter().for_each(|kind| stream.listen(kind));
        state.heard_at = Some(time::Moment::now());
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
                self.tell(Connection::Live);
            }
            Signal::Lost => {
                let failures = self.count_failure();
                self.tell(if failures > 1 { Connection::Offline } else { Connection::Connecting });
            }
            Signal::Refused => self.hang_up_and_try_later(|line, turn| line.try_later(turn, false)),
            Signal::Event { kind, last_event_id: id, data } => {
                if !id.is_empty() {
                    self.state.borrow_mut().last_event_id.clone_from(&id);
                }
                match kind.as_str() {
                    "lagged" => {}
                    "ping" => (self.on_news)(News::Ping(id)),
                    "bye" => self.dismissed(&data),
                    _ => (self.on_news)(News::Event(Frame { kind, id, data })),
                }
            }
        }
    }

    /// The portal ended the stream, and said why.
    fn dismissed(self: &Rc<Self>, why: &str) {
        let is_replaced = why.contains(REPLACED);
        if CONTINUED.iter().any(|reason| why.contains(reason)) {
            self.hang_up_and_try_later(move |line, turn| line.try_later(turn, is_replaced));
            return;
        }
        // The portal meant the session: there is no time to lose.
        (self.on_news)(News::Doubt);
        self.hang_up_and_try_later(|line, turn| async move {
            if line.session_stands().await {
                line.try_later(turn, false).await;
            }
        });
    }

    fn hang_up_and_try_later<F: Future<Output = ()> + 'static>(
        self: &Rc<Self>,
        later: impl FnOnce(Rc<Self>, u32) -> F,
    ) {
        let turn = self.hang_up();
        self.state.borrow_mut().subscription = None;
        self.tell(Connection::Connecting);
        task::spawn(later(Rc::clone(self), turn));
    }

    /// Opens the stream again after a pause, if the session still stands. `is_doubtful`: other tabs should ask as well.
    async fn try_later(self: Rc<Self>, turn: u32, is_doubtful: bool) {
        let failures = self.count_failure();
        if failures > 1 {
            self.tell(Connection::Offline);
        }
        time::sleep(self.pause(failures)).await;
        if !self.is_current(turn) {
            return;
        }
        if is_doubtful {
            (self.on_news)(News::Doubt);
        }
        if self.session_stands().await && self.is_current(turn) {
            // An `EventSource` does not say why it was refused.
            if failures > 1 && self.position_is_refused().await && self.is_current(turn) {
                self.state.borrow_mut().last_event_id = String::new();
                (self.on_news)(News::PositionLost);
            }
            if self.is_current(turn) {
                self.reopen();
            }
        }
    }

    async fn session_stands(&self) -> bool {
        let stands = self.ports.watch.ask().await == Standing::Good;
        if !stands {
            (self.on_news)(News::Ended);
        }
        stands
    }

    async fn position_is_refused(&self) -> bool {
        if self.state.borrow().last_event_id.is_empty() {
            return false;
        }
        let Some(url) = self.url().await else { return false };
        POSITION_REFUSED.contains(&self.ports.portal.stream_status(url).await)
    }

    /// The stream's URL, for the types that the session may have, continuing after the last event. (Within one
    /// `EventSource` the browser does that by itself, with a header.)
    async fn url(&self) -> Option<String> {
        let known = {
            let State { subscription, types, .. } = &*self.state.borrow();
            subscription.clone().filter(|known| types.iter().all(|kind| known.types.contains(kind)))
        };
        let subscription = match known {
            Some(known) => known,
            None => self.ports.portal.subscription().await.ok()?,
        };
        let mut state = self.state.borrow_mut();
        let allowed = state.types.iter().filter(|kind| subscription.types.contains(kind));
        let types = allowed.cloned().collect::<Vec<_>>().join(",");
        let mut url = subscription.url.clone();
        for (name, value) in [("types", &types), ("last_event_id", &state.last_event_id)] {
            if !value.is_empty() {
                url.push(if url.contains('?') { '&' } else { '?' });
                url = [&url, name, "=", &String::from(js_sys::encode_uri_component(value))].concat();
            }
        }
        state.subscription = Some(subscription);
        Some(url)
    }

    fn count_failure(&self) -> u32 {
        let (failures, has_position) = {
            let mut state = self.state.borrow_mut();
            state.failures += 1;
            (state.failures, !state.last_event_id.is_empty())
        };
        if !has_position {
            (self.on_news)(News::PositionLost);
        }
        failures
    }

    fn is_current(&self, turn: u32) -> bool {
        self.state.borrow().turn == turn
    }

    /// In milliseconds.
    fn pause(&self, failures: u32) -> u32 {
        time::jittered(self.ports.limits.backoff << (failures - 1).min(5))
    }

    async fn listen_for_silence(self: Rc<Self>, turn: u32) {
        while self.is_current(turn) {
            time::sleep(self.ports.limits.silence / 4).await;
            if self.is_current(turn) {
                self.check();
            }
        }
    }

    fn tell(&self, connection: Connection) {
        (self.on_news)(News::Connection(connection));
    }
}
