//! What browsers, networks and portals do to tabs that share a stream, in an order that a seed decides, with events
//! published at every moment: whatever a tab's handlers did not get, they were told of.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};

use portico_app::bridge::Connection;
use wasm_bindgen_test::wasm_bindgen_test;

use super::member::{Member, Patience, Step};
use super::message::{Frame, Message};
use crate::events::line::RESET;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

pub(super) const KINDS: [&str; 3] = ["a.one", "a.two", "a.three"];
pub(super) const PATIENCE: Patience = Patience { silence: 400.0, answer: 100.0 };

/// Tabs, the browser between them, and the portal.
struct World {
    dice: Dice,
    now: f64,
    tabs: Vec<Tab>,
    /// The kind of each event that was published; an event is its number.
    log: Vec<usize>,
    /// Older events have expired.
    kept_from: usize,
    streams: Vec<Stream>,
    /// Who holds the lock, then who waits for it: the tab, and which of its requests.
    lock: VecDeque<(usize, u32)>,
    /// What is on its way from one tab to another.
    mail: Vec<(usize, usize, Message)>,
    /// Whether things go wrong.
    is_rough: bool,
    /// Whether the channel loses messages.
    is_lossy: bool,
}

struct Tab {
    member: Member,
    is_open: bool,
    is_frozen: bool,
    /// Told that it would be frozen, it left lock and channel.
    is_away: bool,
    request: u32,
    lock_signals: VecDeque<(u32, bool)>,
    /// Its stream, which is another one each time that it is opened.
    stream: Option<usize>,
    types: Vec<String>,
    id: String,
    /// What its remotes listen to.
    needs: [Option<Listening>; KINDS.len()],
    is_answered: bool,
    shown: Connection,
    seen: BTreeSet<usize>,
    resets: usize,
}

/// One kind's handlers.
#[derive(Default)]
struct Listening {
    /// How many events there were when the tab was first shown that the stream is open.
    since: Option<usize>,
    heard: Vec<usize>,
    /// What it heard before that was before a `reset`.
    since_reset: usize,
    /// How many there were when it last fetched everything anew.
    fetched: usize,
}

/// A stream on its way to a tab.
struct Stream {
    types: Vec<String>,
    id: String,
    /// The next event that it looks at; none before the portal answers.
    at: Option<usize>,
    is_open: bool,
    signals: VecDeque<Signal>,
}

enum Signal {
    Opened,
    /// The connection broke off, or was refused.
    Gone,
    Event(Frame),
}

/// Xorshift: the same schedule for the same seed.
struct Dice(u32);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % sides
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

pub(super) fn name() -> String {
    thread_local!(static NAMES: Cell<u32> = const { Cell::new(0) });
    NAMES.set(NAMES.get() + 1);
    format!("name {}", NAMES.get())
}

pub(super) fn frame(kind: &str, at: usize, data: &str) -> Frame {
    Frame { kind: kind.into(), id: format!("at {at}"), data: data.into() }
}

impl World {
    fn new(seed: u32) -> Self {
        Self {
            dice: Dice(seed.wrapping_mul(0x9e37_79b9) | 1),
            now: 0.0,
            tabs: Vec::new(),
            log: Vec::new(),
            kept_from: 0,
            streams: Vec::new(),
            lock: VecDeque::new(),
            mail: Vec::new(),
            is_rough: true,
            is_lossy: seed.is_multiple_of(2),
        }
    }

    fn any_tab(&mut self) -> Option<usize> {
        let open: Vec<usize> = (0..self.tabs.len()).filter(|tab| self.tabs[*tab].is_open).collect();
        if open.is_empty() { None } else { Some(open[self.dice.roll(open.len())]) }
    }

    /// One thing happens.
    fn step(&mut self) {
        self.now += self.dice.roll(4) as f64;
        let Some(tab) = self.any_tab() else { return self.open_tab() };
        match self.dice.roll(100) {
            0 if self.tabs.iter().filter(|tab| tab.is_open).count() < 5 => self.open_tab(),
            1 if self.dice.one_in(2) => self.close_tab(tab),
            2 if self.dice.one_in(2) => self.freeze(tab),
            3 | 4 => self.thaw(tab),
            5 if self.dice.one_in(2) => self.change_needs(tab),
            6 if self.dice.one_in(3) => self.steal(tab),
            7 => self.cut(),
            8 if self.dice.one_in(20) => self.kept_from = self.log.len(),
            9..15 => {
                let kind = self.dice.roll(KINDS.len());
                self.log.push(kind);
            }
            15..30 => self.watch(tab),
            30..45 => self.serve(true),
            45..65 => self.signal(tab),
            65..70 => self.lock_signal(tab),
            _ => self.deliver_mail(),
        }
    }

    /// Nothing goes wrong any more, and everything gets where it is to go.
    fn settle(&mut self) {
        (self.is_rough, self.is_lossy) = (false, false);
        for round in 0..40 {
            self.now += 30.0;
            for tab in 0..self.tabs.len() {
                self.thaw(tab);
                self.watch(tab);
            }
            if round > 25 {
                self.log.extend(0..KINDS.len());
            }
            // At least a ping for everyone.
            (0..8).for_each(|_| self.serve(true));
            let mut patience = 20_000;
            while self.is_busy() {
                if patience == 0 {
                    return;
                }
                patience -= 1;
                self.serve(false);
                self.deliver_mail();
                for tab in 0..self.tabs.len() {
                    self.lock_signal(tab);
                    self.signal(tab);
                }
            }
        }
    }

    /// Whether something is still to arrive.
    fn is_busy(&self) -> bool {
        let is_due = |stream: &Stream| {
            !stream.signals.is_empty() || (stream.is_open && stream.at.is_none_or(|at| at < self.log.len()))
        };
        self.mail.iter().any(|mail| self.tabs[mail.1].is_open)
            || self.tabs.iter().filter(|tab| tab.is_open).any(|tab| {
                !tab.lock_signals.is_empty() || tab.stream.is_some_and(|stream| is_due(&self.streams[stream]))
            })
    }

    fn open_tab(&mut self) {
        let tab = self.tabs.len();
        self.tabs.push(Tab {
            member: Member::new(name, PATIENCE, self.now),
            is_open: true,
            is_frozen: false,
            is_away: false,
            request: 0,
            lock_signals: VecDeque::new(),
            stream: None,
            types: Vec::new(),
            id: String::new(),
            needs: Default::default(),
            is_answered: false,
            shown: Connection::Connecting,
            seen: BTreeSet::new(),
            resets: 0,
        });
        self.change_needs(tab);
        self.ask_for_lock(tab, false);
    }

    fn close_tab(&mut self, tab: usize) {
        // What it said last may get lost with it.
        let mut said = 0;
        let lost = self.dice.roll(8);
        for at in (0..self.mail.len()).rev() {
            if self.mail[at].0 == tab && said < lost {
                self.mail.remove(at);
                said += 1;
            }
        }
        self.tabs[tab].is_open = false;
        self.close_stream(tab);
        self.give_up_lock(tab);
    }

    /// The browser says so before, or the whole machine sleeps and nobody says anything.
    fn freeze(&mut self, tab: usize) {
        let is_told = self.dice.one_in(2);
        if std::mem::replace(&mut self.tabs[tab].is_frozen, true) || !is_told {
            return;
        }
        self.tabs[tab].is_away = true;
        self.tabs[tab].member.retire();
        self.close_stream(tab);
        self.give_up_lock(tab);
        self.mail.retain(|(_, to, _)| *to != tab);
        self.show(tab, Connection::Connecting);
    }

    fn thaw(&mut self, tab: usize) {
        if !self.tabs[tab].is_open || !std::mem::take(&mut self.tabs[tab].is_frozen) {
            return;
        }
        if std::mem::take(&mut self.tabs[tab].is_away) {
            self.ask_for_lock(tab, false);
        }
        if !self.tabs[tab].member.leads() {
            let steps = self.tabs[tab].member.ask(self.now);
            self.run(tab, steps);
        }
    }

    fn change_needs(&mut self, tab: usize) {
        if self.is_still(tab) {
            return;
        }
        let kind = self.dice.roll(KINDS.len());
        let need = &mut self.tabs[tab].needs[kind];
        *need = if need.is_none() { Some(Listening::default()) } else { None };
        self.tabs[tab].is_answered = false;
        let types = (0..KINDS.len()).filter(|kind| self.tabs[tab].needs[*kind].is_some());
        let mut types: Vec<String> = types.map(|kind| KINDS[kind].into()).collect();
        types.sort_unstable();
        let steps = self.tabs[tab].member.need(types, self.now);
        self.run(tab, steps);
        self.show(tab, self.tabs[tab].shown);
    }

    fn is_still(&self, tab: usize) -> bool {
        !self.tabs[tab].is_open || self.tabs[tab].is_frozen
    }

    fn watch(&mut self, tab: usize) {
        if !self.is_still(tab) {
            let steps = self.tabs[tab].member.watch(self.now);
            self.run(tab, steps);
        }
    }

    fn steal(&mut self, tab: usize) {
        if !self.is_still(tab) && !self.tabs[tab].member.leads() {
            self.ask_for_lock(tab, true);
        }
    }

    fn ask_for_lock(&mut self, tab: usize, steal: bool) {
        self.give_up_lock(tab);
        self.tabs[tab].request += 1;
        let request = (tab, self.tabs[tab].request);
        if steal {
            if let Some((from, number)) = self.lock.pop_front() {
                self.tabs[from].lock_signals.push_back((number, false));
            }
            self.lock.push_front(request);
        } else {
            self.lock.push_back(request);
        }
        if self.lock.front() == Some(&request) {
            self.tabs[tab].lock_signals.push_back((request.1, true));
        }
    }

    fn give_up_lock(&mut self, tab: usize) {
        let held = self.lock.front().is_some_and(|(holder, _)| *holder == tab);
        self.lock.retain(|(other, _)| *other != tab);
        self.tabs[tab].request += 1;
        if held && let Some((next, number)) = self.lock.front().copied() {
            self.tabs[next].lock_signals.push_back((number, true));
        }
    }

    fn lock_signal(&mut self, tab: usize) {
        if self.is_still(tab) {
            return;
        }
        let request = self.tabs[tab].request;
        if let Some((number, is_granted)) = self.tabs[tab].lock_signals.pop_front()
            && number == request
        {
            let member = &mut self.tabs[tab].member;
            let steps = if is_granted { member.lead() } else { member.deposed(self.now) };
            self.run(tab, steps);
        }
    }

    fn post(&mut self, from: usize, message: &Message) {
        for to in (0..self.tabs.len()).filter(|to| *to != from) {
            let hears = self.tabs[to].is_open && !self.tabs[to].is_away;
            if hears && !(self.is_lossy && self.dice.one_in(12)) {
                self.mail.push((from, to, message.clone()));
            }
        }
    }

    /// Each tab hears what was posted in the order in which it was posted, now or later.
    fn deliver_mail(&mut self) {
        let tabs = &self.tabs;
        self.mail.retain(|(_, to, _)| tabs[*to].is_open);
        let due: BTreeSet<usize> =
            self.mail.iter().map(|mail| mail.1).filter(|to| !tabs[*to].is_frozen).collect();
        let Some(to) = due.iter().nth(self.dice.roll(due.len().max(1))).copied() else { return };
        let Some(at) = self.mail.iter().position(|mail| mail.1 == to) else { return };
        let (_, _, message) = self.mail.remove(at);
        let is_welcome = matches!(message, Message::Welcome(_));
        let steps = self.tabs[to].member.heard(message, self.now);
        self.tabs[to].is_answered |= is_welcome && !steps.is_empty();
        self.run(to, steps);
    }

    fn run(&mut self, tab: usize, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Post(message) => self.post(tab, &message),
                Step::Deliver(frame) => self.deliver(tab, &frame),
                Step::Open { types, id } => {
                    self.tabs[tab].types = types;
                    self.tabs[tab].id = id;
                    self.open_stream(tab);
                }
                Step::Follow => {
                    self.close_stream(tab);
                    self.ask_for_lock(tab, false);
                }
                Step::Steal => self.ask_for_lock(tab, true),
                Step::Show(connection) => self.show(tab, connection),
                Step::Doubt => {}
            }
        }
    }

    fn show(&mut self, tab: usize, connection: Connection) {
        let Tab { member, is_answered, needs, shown, .. } = &mut self.tabs[tab];
        *shown = connection;
        if connection == Connection::Live && (*is_answered || member.leads()) {
            needs.iter_mut().flatten().for_each(|need| _ = need.since.get_or_insert(self.log.len()));
        }
    }

    fn deliver(&mut self, tab: usize, frame: &Frame) {
        if frame.kind == RESET {
            return self.fetch(tab);
        }
        let number: usize = frame.data.parse().expect("a number");
        if self.tabs[tab].seen.insert(number)
            && let Some(need) = &mut self.tabs[tab].needs[self.log[number]]
        {
            need.heard.push(number);
        }
    }

    fn fetch(&mut self, tab: usize) {
        self.tabs[tab].resets += 1;
        for need in self.tabs[tab].needs.iter_mut().flatten() {
            (need.fetched, need.since_reset) = (self.log.len(), need.heard.len());
        }
    }

    fn open_stream(&mut self, tab: usize) {
        self.close_stream(tab);
        let Tab { types, id, .. } = &self.tabs[tab];
        let (types, id) = (types.clone(), id.clone());
        self.tabs[tab].stream = Some(self.streams.len());
        self.streams.push(Stream { types, id, at: None, is_open: true, signals: VecDeque::new() });
        let steps = self.tabs[tab].member.fares(Connection::Connecting);
        self.run(tab, steps);
    }

    fn close_stream(&mut self, tab: usize) {
        if let Some(stream) = self.tabs[tab].stream.take() {
            self.streams[stream].is_open = false;
        }
    }

    /// The portal does something for one stream.
    fn serve(&mut self, may_ping: bool) {
        let open: Vec<usize> =
            self.tabs.iter().filter_map(|tab| tab.stream).filter(|one| self.streams[*one].is_open).collect();
        if open.is_empty() {
            return;
        }
        let (number, present) = (open[self.dice.roll(open.len())], self.log.len());
        let is_refused = self.is_rough && self.dice.one_in(6);
        let stream = &mut self.streams[number];
        match stream.at {
            None if is_refused => {
                stream.is_open = false;
                stream.signals.push_back(Signal::Gone);
            }
            None => {
                let left_off = stream.id.strip_prefix("at ").and_then(|at| at.parse().ok());
                let has_expired = left_off.is_some_and(|at: usize| at < self.kept_from);
                let at = left_off.filter(|_| !has_expired).unwrap_or(present);
                stream.at = Some(at);
                stream.signals.push_back(Signal::Opened);
                let first = if has_expired { RESET } else { "ping" };
                stream.signals.push_back(Signal::Event(frame(first, at, "{}")));
            }
            Some(at) if at == present && !may_ping => {}
            Some(at) if at == present => stream.signals.push_back(Signal::Event(frame("ping", at, "{}"))),
            Some(at) => {
                let kind = KINDS[self.log[at]];
                if stream.types.iter().any(|one| one == kind) {
                    stream.signals.push_back(Signal::Event(frame(kind, at + 1, &at.to_string())));
                }
                stream.at = Some(at + 1);
            }
        }
    }

    /// A stream breaks off; what was last on its way may be lost.
    fn cut(&mut self) {
        let lost = self.dice.roll(4);
        let Some(number) = self.tabs.iter().find_map(|tab| tab.stream) else { return };
        let stream = &mut self.streams[number];
        if stream.is_open {
            stream.is_open = false;
            stream.signals.truncate(stream.signals.len().saturating_sub(lost));
            stream.signals.push_back(Signal::Gone);
        }
    }

    /// The tab hears of its stream.
    fn signal(&mut self, tab: usize) {
        if self.is_still(tab) {
            return;
        }
        let Some(stream) = self.tabs[tab].stream else { return };
        let Some(signal) = self.streams[stream].signals.pop_front() else { return };
        let steps = match signal {
            Signal::Opened => self.tabs[tab].member.fares(Connection::Live),
            Signal::Gone => {
                if self.tabs[tab].id.is_empty() {
                    self.tabs[tab].member.lost_position();
                }
                return self.open_stream(tab);
            }
            Signal::Event(frame) => {
                self.tabs[tab].id.clone_from(&frame.id);
                let member = &mut self.tabs[tab].member;
                if frame.kind == "ping" { member.pinged(frame.id) } else { member.received(frame) }
            }
        };
        self.run(tab, steps);
    }

    /// What is wrong, if anything is.
    fn verdict(&self) -> Result<(), String> {
        if self.is_busy() {
            return Err("it never comes to rest".into());
        }
        let open = self.tabs.iter().enumerate().filter(|(_, tab)| tab.is_open);
        if self.tabs.iter().any(|tab| tab.is_open) {
            let leaders = self.tabs.iter().filter(|tab| tab.is_open && tab.member.leads()).count();
            if leaders != 1 {
                return Err(format!("{leaders} tabs lead"));
            }
        }
        for (tab, kind, need) in open.flat_map(|(number, tab)| {
            tab.needs.iter().enumerate().filter_map(move |(kind, need)| Some((number, kind, need.as_ref()?)))
        }) {
            let Listening { since, heard, since_reset, fetched } = need;
            if !heard[*since_reset..].is_sorted() {
                return Err(format!("tab {tab} heard {} in this order: {heard:?}", KINDS[kind]));
            }
            let Some(since) = *since else { return Err(format!("tab {tab} never had a stream")) };
            let published = (since..self.log.len()).filter(|event| self.log[*event] == kind);
            let lost: Vec<usize> =
                published.filter(|event| event >= fetched && !heard.contains(event)).collect();
            if !lost.is_empty() {
                return Err(format!(
                    "tab {tab} lost {lost:?} of {}; since {since}, fetched {fetched}",
                    KINDS[kind]
                ));
            }
        }
        Ok(())
    }
}

/// A schedule. How many tabs were told nothing, and how many were told that they missed something.
pub(super) fn run(seed: u32) -> Result<(usize, usize), String> {
    let mut world = World::new(seed);
    (0..1_500).for_each(|_| world.step());
    world.settle();
    world.verdict()?;
    let open = || world.tabs.iter().filter(|tab| tab.is_open);
    let complete = open().filter(|tab| tab.resets == 0).count();
    Ok((complete, open().count() - complete))
}

#[wasm_bindgen_test]
fn whatever_happens_when_handlers_get_each_event_once_in_order_or_are_told() {
    let (mut complete, mut told) = (0, 0);
    for seed in 1..=400 {
        let (tabs, others) = run(seed).unwrap_or_else(|why| panic!("schedule {seed}: {why}"));
        (complete, told) = (complete + tabs, told + others);
    }
    assert!(complete > 400 && told > 400, "{complete} complete, {told} told");
}
