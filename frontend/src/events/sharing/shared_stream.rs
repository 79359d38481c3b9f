use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use portico_app::bridge::Connection;

use super::member::{Member, Patience, Step};
use super::message::{Frame, Message};
use super::ports::{Channel, Lock, LockSignal, Tabs};
use crate::events::line::{Line, LinePorts, News};
use crate::events::stream::OpenStream;
use crate::limits::Limits;
use crate::portal::Portal;
use crate::session_watch::{SessionWatch, Status};
use crate::{task, time, trace};

/// What the page's events need from it.
pub(crate) struct StreamPorts {
    pub(crate) portal: Rc<dyn Portal>,
    pub(crate) streams: Rc<dyn OpenStream>,
    /// What tabs share; without it, each has a stream of its own.
    pub(crate) tabs: Option<Rc<dyn Tabs>>,
    /// Names the lock and the channel: tabs that may share a stream have the same.
    pub(crate) name: String,
    pub(crate) status: Rc<Status>,
    pub(crate) watch: Rc<SessionWatch>,
    pub(crate) limits: Limits,
}

/// Hands an event to the page's remotes.
type OnFrame = Box<dyn Fn(&Frame)>;

/// The stream as one tab has it: its own, or another tab's. Opened when it is first needed, and kept from then on.
pub(in crate::events) struct SharedStream {
    tabs: Option<Rc<dyn Tabs>>,
    name: String,
    status: Rc<Status>,
    watch: Rc<SessionWatch>,
    limits: Limits,
    on_frame: OnFrame,
    line: Rc<Line>,
    member: RefCell<Member>,
    has_begun: Cell<bool>,
    channel: RefCell<Option<Box<dyn Channel>>>,
    lock: RefCell<Option<Box<dyn Lock>>>,
    this: Weak<Self>,
}

impl SharedStream {
    /// A stream that nobody needs yet.
    pub(in crate::events) fn new(ports: StreamPorts, on_frame: OnFrame) -> Rc<Self> {
        let StreamPorts { portal, streams, tabs, name, status, watch, limits } = ports;
        let patience =
            Patience { silence: limits.leader_silence.into(), answer: limits.leader_answer.into() };
        Rc::new_cyclic(|this: &Weak<Self>| {
            let line_ports = LinePorts { portal, streams, watch: Rc::clone(&watch), limits: limits.clone() };
            let told = Weak::clone(this);
            let on_news = move |news| {
                if let Some(stream) = told.upgrade() {
                    stream.told(news);
                }
            };
            Self {
                tabs,
                name,
                status,
                watch,
                limits,
                on_frame,
                line: Line::new(line_ports, Box::new(on_news)),
                member: RefCell::new(Member::new(trace::random, patience, time::now())),
                has_begun: Cell::new(false),
                channel: RefCell::default(),
                lock: RefCell::default(),
                this: Weak::clone(this),
            }
        })
    }

    /// The page's remotes need these types.
    pub(in crate::events) fn need(&self, types: Vec<String>) {
        let is_first = !self.has_begun.replace(true);
        if is_first {
            self.status.set(Connection::Connecting);
            self.join();
        }
        let steps = self.member.borrow_mut().need(types, time::now());
        self.run(steps);
        if is_first {
            self.begin();
        }
    }

    /// The network went away, or came back: no need to wait for the next attempt then.
    pub(in crate::events) fn network_changed(&self, online: bool) {
        let leads = self.member.borrow().leads();
        match online {
            true if leads => self.line.network_is_back(),
            true => self.look_up(),
            false if leads => self.told(News::Connection(Connection::Offline)),
            false => self.status.set(Connection::Offline),
        }
    }

    /// The browser freezes the page. Its timers and its stream stand still then, but it may go on to hear other tabs, and would tell them that
    /// it leads. So it leaves: whoever waits for the lock has it at once.
    pub(in crate::events) fn freeze(&self) {
        if self.tabs.is_none() || !self.has_begun.get() || self.has_ended() {
            return;
        }
        self.member.borrow_mut().retire();
        self.leave();
        self.status.set(Connection::Connecting);
    }

    /// Comes back to the other tabs, if it left them.
    fn return_from_freeze(&self) {
        if self.tabs.is_some() && self.channel.borrow().is_none() && !self.has_ended() {
            self.join();
            self.ask_for_lock(false);
        }
    }

    /// The page was asleep, or in the background: is the stream still there, and its leader?
    pub(in crate::events) fn look_up(&self) {
        if !self.has_begun.get() {
            return self.status.set(Connection::Idle);
        }
        self.return_from_freeze();
        if self.member.borrow().leads() {
            self.line.check();
        } else {
            let steps = self.member.borrow_mut().ask(time::now());
            self.run(steps);
        }
    }

    fn join(&self) {
        let Some(tabs) = &self.tabs else { return };
        let this = Weak::clone(&self.this);
        let on_message = Rc::new(move |value| {
            if let Some(stream) = this.upgrade()
                && let Some(message) = Message::decode(&value)
            {
                let steps = stream.member.borrow_mut().heard(message, time::now());
                stream.run(steps);
            }
        });
        self.channel.replace(Some(tabs.join(&self.name, on_message)));
    }

    /// Waits for the lock, or leads alone.
    fn begin(&self) {
        if self.tabs.is_none() {
            return self.lead();
        }
        self.ask_for_lock(false);
        let this = Weak::clone(&self.this);
        let pause = self.limits.leader_answer / 2;
        task::spawn(async move {
            loop {
                time::sleep(pause).await;
                // What came while this page stood still is heard first.
                time::sleep(1).await;
                let Some(stream) = this.upgrade() else { return };
                if stream.has_ended() {
                    return;
                }
                let steps = stream.member.borrow_mut().watch(time::now());
                stream.run(steps);
            }
        });
    }

    fn ask_for_lock(&self, steal: bool) {
        let Some(tabs) = &self.tabs else { return };
        // The one before must not be granted meanwhile.
        drop(self.lock.take());
        let this = Weak::clone(&self.this);
        let on_signal = Rc::new(move |signal| {
            if let Some(stream) = this.upgrade() {
                match signal {
                    LockSignal::Granted => stream.lead(),
                    LockSignal::Stolen => {
                        let steps = stream.member.borrow_mut().deposed(time::now());
                        stream.run(steps);
                    }
                }
            }
        });
        self.lock.replace(Some(tabs.lock(&self.name, steal, on_signal)));
    }

    fn lead(&self) {
        let steps = self.member.borrow_mut().lead();
        self.run(steps);
    }

    fn run(&self, steps: Vec<Step>) {
        for step in steps {
            if self.has_ended() {
                return;
            }
            match step {
                Step::Post(message) => self.post(&message),
                Step::Deliver(frame) => (self.on_frame)(&frame),
                Step::Open { types, id } => self.line.open(types, id),
                Step::Follow => {
                    self.line.close();
                    self.ask_for_lock(false);
                }
                Step::Steal => self.ask_for_lock(true),
                Step::Show(connection) => self.status.set(connection),
                Step::Doubt => self.watch.doubt(),
            }
        }
    }

    /// What the leader's own stream tells.
    fn told(&self, news: News) {
        match news {
            News::Event(frame) => {
                let steps = self.member.borrow_mut().received(frame);
                self.run(steps);
            }
            News::Ping(id) => {
                let steps = self.member.borrow_mut().pinged(id);
                self.run(steps);
            }
            News::Connection(connection) => {
                let steps = self.member.borrow_mut().fares(connection);
                self.run(steps);
            }
            News::PositionLost => self.member.borrow_mut().lost_position(),
            News::Doubt => self.post(&Message::Doubt),
            News::Ended => {
                self.has_ended();
            }
        }
    }

    fn post(&self, message: &Message) {
        if let Some(channel) = &*self.channel.borrow() {
            channel.post(&message.encode());
        }
    }

    /// Whether the session has ended; then this tab neither leads nor waits any more.
    fn has_ended(&self) -> bool {
        let has_ended = self.status.get() == Connection::Ended;
        if has_ended {
            self.leave();
        }
        has_ended
    }

    /// Has neither a stream nor anything to do with other tabs any more.
    fn leave(&self) {
        self.line.close();
        self.lock.take();
        self.channel.take();
    }
}
