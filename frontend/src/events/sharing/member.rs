use portico_app::bridge::Connection;

use super::message::{Carried, Frame, Message, Welcome};
use super::recent::Recent;
use super::trail::{Place, Trail};
use crate::events::line::RESET;
use crate::events::seen::REMEMBERED;
use crate::table::Table;

/// For a tab that lacks more frames than the leader has at hand, the stream is opened anew where that tab stands, if it
/// is so many at most. The others get them again, too, and have to know each of them.
const REPLAY: u32 = REMEMBERED / 2;

/// One tab's part in sharing a stream: leads or follows, and knows how far it has come. It decides, and does nothing by
/// itself; times are milliseconds of a clock that never goes back.
pub(super) struct Member {
    /// Tells this tab from the others.
    tab: String,
    leads: bool,
    /// Counts leaders, as far as this tab heard of them: what an earlier one said may arrive after what a later one did.
    term: u32,
    trail: Trail,
    recent: Recent,
    /// The furthest that any leader is known to have come.
    furthest: u32,
    /// Frames up to this number are none of its remotes' business: they are from before its time.
    ignored: u32,
    /// The types that this tab's remotes need, sorted.
    needs: Vec<String>,
    /// The types that other tabs' remotes need.
    others: Table<Vec<String>>,
    /// The types that the leader's stream carries.
    carried: Vec<Carried>,
    /// A stream that is opened at a place before this frame may not carry the same frames again.
    repeats_from: u32,
    /// Events were missed, which is told as soon as there is a place to go on from: who fetches anew before that misses
    /// what is published in between.
    has_gap: bool,
    connection: Connection,
    question: u32,
    asked_at: Option<f64>,
    heard_at: f64,
    patience: Patience,
    /// Names epochs.
    name: fn() -> String,
}

/// How long a follower waits, in milliseconds.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// For a sign of life, before it asks for one.
    pub(super) silence: f64,
    /// For the answer, before it takes the lead.
    pub(super) answer: f64,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Say it to the other tabs.
    Post(Message),
    /// Hand it to this tab's remotes.
    Deliver(Frame),
    /// Open the stream, in place of one that may be open, with these types, after this id.
    Open { types: Vec<String>, id: String },
    /// Close the stream, and wait for the lock like anyone else.
    Follow,
    /// Take the lock from whoever holds it.
    Steal,
    /// Tell the shell.
    Show(Connection),
    /// Ask the portal whether the session stands.
    Doubt,
}

impl Member {
    /// A tab that has heard of nobody. `name` makes names that nobody else has.
    pub(super) fn new(name: fn() -> String, patience: Patience, now: f64) -> Self {
        Self {
            tab: name(),
            leads: false,
            term: 0,
            trail: Trail::default(),
            recent: Recent::default(),
            furthest: 0,
            ignored: 0,
            needs: Vec::new(),
            others: Table::default(),
            carried: Vec::new(),
            repeats_from: 0,
            has_gap: false,
            connection: Connection::Connecting,
            question: 0,
            asked_at: None,
            heard_at: now,
            patience,
            name,
        }
    }

    /// Whether this tab leads.
    pub(super) fn leads(&self) -> bool {
        self.leads
    }

    /// This tab's remotes need these types.
    pub(super) fn need(&mut self, types: Vec<String>, now: f64) -> Vec<Step> {
        self.needs = types;
        if self.leads { self.open_if_lacking() } else { self.ask(now) }
    }

    /// This tab got the lock.
    pub(super) fn lead(&mut self) -> Vec<Step> {
        self.leads = true;
        self.asked_at = None;
        self.term += 1;
        self.connection = Connection::Connecting;
        // The leader before may have had a place that it did not live to tell.
        self.has_gap |= self.trail.last().is_some() && self.place().id.is_empty();
        self.drop_unneeded();
        self.carry_more();
        let mut steps = vec![Step::Show(Connection::Connecting)];
        steps.extend(self.lose_count());
        steps.extend(self.begin_epoch());
        steps
    }

    /// Another tab took the lock.
    pub(super) fn deposed(&mut self, now: f64) -> Vec<Step> {
        if !self.leads {
            return Vec::new();
        }
        self.retire();
        let mut steps = vec![Step::Follow, Step::Show(Connection::Connecting)];
        steps.extend(self.ask(now));
        steps
    }

    /// This tab leads no more: another does, or it is about to be frozen.
    pub(super) fn retire(&mut self) {
        self.leads = false;
        self.asked_at = None;
        self.others = Table::default();
    }

    /// The leader's stream carried an event.
    pub(super) fn received(&mut self, frame: Frame) -> Vec<Step> {
        let mut steps = self.tell_gap();
        steps.extend(self.pass_on(frame));
        steps
    }

    fn pass_on(&mut self, frame: Frame) -> Vec<Step> {
        let seq = self.place().seq + 1;
        let mut steps = Vec::new();
        if self.others.values().next().is_some() {
            let (epoch, frame) = (self.place().epoch, frame.clone());
            steps.push(Step::Post(Message::Frame { epoch, seq, frame }));
        }
        steps.extend(self.take(seq, frame));
        steps
    }

    /// The leader's stream told its position.
    pub(super) fn pinged(&mut self, id: String) -> Vec<Step> {
        self.set_id(id);
        let mut steps = self.tell_gap();
        steps.push(self.beat());
        steps
    }

    /// Events were missed before the place that the stream has now.
    fn tell_gap(&mut self) -> Vec<Step> {
        if std::mem::take(&mut self.has_gap) { self.pass_on(missed(self.place().id)) } else { Vec::new() }
    }

    /// The leader's stream has no position to go on from: none was told yet, or it was refused.
    pub(super) fn lost_position(&mut self) {
        self.has_gap = true;
        self.trail.set_id(String::new());
    }

    /// The leader's stream was opened or lost.
    pub(super) fn fares(&mut self, connection: Connection) -> Vec<Step> {
        self.connection = connection;
        vec![Step::Show(connection), self.beat()]
    }

    /// Another tab said something.
    pub(super) fn heard(&mut self, message: Message, now: f64) -> Vec<Step> {
        match message {
            Message::Hello { tab, question, types, held, trail } => {
                *self.others.or_insert_with(&tab, Vec::new) = types;
                if self.leads { self.welcome(tab, question, &held, &trail) } else { Vec::new() }
            }
            Message::Doubt => vec![Step::Doubt],
            Message::Lead { term } => {
                let is_news = term > self.term;
                self.term = self.term.max(term);
                match self.leads {
                    // Two cannot lead: whoever came last has the lock.
                    true if is_news => self.deposed(now),
                    true => Vec::new(),
                    false => {
                        self.others = Table::default();
                        self.ask(now)
                    }
                }
            }
            _ if self.leads => Vec::new(),
            Message::Welcome(welcome) => {
                let is_answer = welcome.tab == self.tab && welcome.question == self.question;
                if is_answer && self.asked_at.take().is_some() {
                    self.heard_at = now;
                    self.join(welcome)
                } else {
                    Vec::new()
                }
            }
            Message::Frame { epoch, seq, frame } => match self.lead_of(&epoch, seq, now) {
                Some(1) => self.take(seq, frame).into_iter().collect(),
                Some(more) if more > 1 => self.ask_once(now),
                _ => Vec::new(),
            },
            Message::Beat { at, connection, carried } => match self.lead_of(&at.epoch, at.seq, now) {
                Some(0) => {
                    self.set_id(at.id);
                    self.carried = carried;
                    let lost = self.lose_count();
                    lost.into_iter().chain([Step::Show(connection)]).collect()
                }
                Some(more) if more > 0 => self.ask_once(now),
                _ => Vec::new(),
            },
        }
    }

    /// Asks the leader where everyone is, and whether there is one.
    pub(super) fn ask(&mut self, now: f64) -> Vec<Step> {
        self.question += 1;
        self.asked_at = Some(now);
        let held = self.needs.iter().filter(|kind| self.carries(kind)).cloned().collect();
        vec![Step::Post(Message::Hello {
            tab: self.tab.clone(),
            question: self.question,
            types: self.needs.clone(),
            held,
            trail: self.trail.clone(),
        })]
    }

    /// To be called every now and then, so that a follower notices a leader that has fallen silent.
    pub(super) fn watch(&mut self, now: f64) -> Vec<Step> {
        match self.asked_at {
            _ if self.leads => Vec::new(),
            Some(at) if now - at > self.patience.answer => {
                self.asked_at = Some(now);
                // It has waited, and nobody knows for what.
                self.has_gap |= self.place().id.is_empty();
                vec![Step::Steal]
            }
            None if now - self.heard_at > self.patience.silence => self.ask(now),
            _ => Vec::new(),
        }
    }

    fn ask_once(&mut self, now: f64) -> Vec<Step> {
        if self.asked_at.is_some() { Vec::new() } else { self.ask(now) }
    }

    /// Where this tab is.
    fn place(&self) -> Place {
        self.trail.last().cloned().unwrap_or_default()
    }

    fn set_id(&mut self, id: String) {
        if !id.is_empty() {
            self.trail.set_id(id);
        }
    }

    /// How many frames a leader is ahead of this tab; none if it is not the one that this tab follows.
    fn lead_of(&mut self, epoch: &str, seq: u32, now: f64) -> Option<i64> {
        let place = self.place();
        if place.epoch != epoch {
            return None;
        }
        self.heard_at = now;
        Some(i64::from(seq) - i64::from(place.seq))
    }

    /// Leads on from where this tab is, under a new name.
    fn begin_epoch(&mut self) -> Vec<Step> {
        self.trail.begin((self.name)());
        vec![Step::Post(Message::Lead { term: self.term }), self.open()]
    }

    /// Leads on from another place, which all that came by it can go on from. What they have beyond that comes again.
    fn go_back(&mut self, to: Place) -> Vec<Step> {
        if !self.trail.has_begun_at(&to) {
            // Whoever did may have gone on with other types.
            self.repeats_from = to.seq + 1;
        }
        self.recent.cut(to.seq);
        self.trail.go_back(to);
        self.has_gap = false;
        self.begin_epoch()
    }

    /// Leads on from where a stranger stands.
    fn begin_at(&mut self, place: Place) -> Vec<Step> {
        // What this tab waited for, or was to have, may have been before that.
        let has_missed = self.has_gap || self.connection == Connection::Live;
        self.recent = Recent::default();
        self.ignored = place.seq;
        self.carried.iter_mut().for_each(|one| one.since = place.seq);
        let mut steps = self.go_back(place);
        steps.extend(has_missed.then(|| Step::Deliver(missed(String::new()))));
        steps
    }

    /// What the leader answers. Where it begins an epoch instead, everyone asks again.
    fn welcome(&mut self, tab: String, question: u32, held: &[String], trail: &Trail) -> Vec<Step> {
        let mut steps = self.open_if_lacking();
        let at = self.place();
        let from = self.trail.last_in_common(trail);
        let mut frames = Vec::new();
        let mut is_lost = false;
        match (&from, trail.last()) {
            (Some(from), _)
                if self.has_all_since(from, held) && self.recent.reaches_back_to(from.seq, at.seq) =>
            {
                frames = self.recent.after(from.seq);
            }
            (Some(from), _) if self.can_repeat_from(from) => return self.go_back(from.clone()),
            // This tab has no place to go on from: it may as well begin where the other stands.
            (None, Some(theirs)) if at.id.is_empty() && !theirs.id.is_empty() => {
                return self.begin_at(theirs.clone());
            }
            (None, None) => {}
            // By whatever way it came there, it lacks nothing.
            (None, Some(theirs)) if theirs.id == at.id && !at.id.is_empty() => {}
            _ => is_lost = true,
        }
        // Without a place to go on from, it is told later, and to everyone.
        let has_missed = is_lost && !at.id.is_empty();
        self.has_gap |= is_lost && !has_missed;
        steps.push(Step::Post(Message::Welcome(Welcome {
            tab,
            question,
            term: self.term,
            from: from.filter(|_| !is_lost).map(|from| from.seq),
            trail: self.trail.clone(),
            carried: self.carried.clone(),
            repeats_from: self.repeats_from,
            connection: self.connection,
            has_missed,
            frames,
        })));
        steps
    }

    /// Whether what this tab had after a place is all that came after it of these types. A leader that did not know of a
    /// type left its events out.
    fn has_all_since(&self, from: &Place, types: &[String]) -> bool {
        *from == self.place()
            || ((from.id.is_empty() || self.trail.has_begun_at(from))
                && types.iter().all(|kind| self.carries_since(kind, from.seq)))
    }

    /// Whether a stream that is opened at this place carries the same frames again, and not too many.
    fn can_repeat_from(&self, from: &Place) -> bool {
        !from.id.is_empty()
            && self.furthest.saturating_sub(from.seq) <= REPLAY
            && self.carries_same_after(from.seq)
    }

    /// Whether streams after this frame carry the same frames, whoever opens them.
    fn carries_same_after(&self, seq: u32) -> bool {
        self.repeats_from <= seq && self.carried.iter().all(|one| one.since <= seq)
    }

    /// Where the streams change while a tab waits for its time to come again, numbers no longer say when that is.
    fn lose_count(&mut self) -> Option<Step> {
        let at = self.place().seq;
        let has_lost = at < self.ignored && !self.carries_same_after(at);
        if has_lost {
            self.ignored = at;
        }
        has_lost.then(|| Step::Deliver(missed(String::new())))
    }

    /// What a follower makes of the answer.
    fn join(&mut self, welcome: Welcome) -> Vec<Step> {
        let Welcome { term, from, trail, carried, repeats_from, connection, mut has_missed, frames, .. } =
            welcome;
        let Some(at) = trail.last().cloned() else { return Vec::new() };
        let before = self.place();
        self.term = self.term.max(term);
        self.has_gap = false;
        // What comes again is told from what is new by having come, unless that was left out then.
        let can_tell = from.is_none_or(|from| {
            from >= before.seq || self.needs.iter().all(|kind| self.carries_since(kind, from))
        });
        // Or by its number, where neither the streams before changed after that nor the leader's.
        let was_same = from.is_none_or(|from| self.carries_same_after(from));
        self.carried = carried;
        self.repeats_from = repeats_from;
        match from {
            // What came meanwhile is not to be gone back on.
            Some(_) if before.epoch == at.epoch => has_missed |= self.lose_count().is_some(),
            Some(from) => {
                let is_same = was_same && self.carries_same_after(from);
                // More comes again than it remembers, or it is not known how much of that is from before its time.
                let is_too_much = before.seq.saturating_sub(from) > REPLAY;
                if is_too_much || !can_tell || (from < self.ignored && !is_same) {
                    self.ignored = if is_same && can_tell { before.seq } else { at.seq };
                    has_missed = true;
                }
                self.recent.cut(from);
                self.trail = trail;
                self.trail.set_seq(from);
            }
            None => {
                // Its time was to come again.
                has_missed |= before.seq < self.ignored;
                self.recent = Recent::default();
                self.ignored = at.seq;
                self.trail = trail;
            }
        }
        let mut steps = Vec::new();
        for (seq, frame) in frames {
            if seq == self.place().seq + 1 {
                steps.extend(self.take(seq, frame));
            }
        }
        if self.place().seq == at.seq {
            self.set_id(at.id);
        }
        if has_missed {
            steps.push(Step::Deliver(missed(String::new())));
        }
        steps.push(Step::Show(connection));
        steps
    }

    /// Takes the next frame.
    fn take(&mut self, seq: u32, frame: Frame) -> Option<Step> {
        self.trail.set_seq(seq);
        self.set_id(frame.id.clone());
        self.furthest = self.furthest.max(seq);
        self.recent.push(seq, frame.clone());
        if frame.kind == RESET {
            // Whoever stands before it may lack anything, and finds what was missed then.
            self.carried.iter_mut().for_each(|one| one.since = seq);
            self.ignored = self.ignored.min(seq - 1);
        }
        (seq > self.ignored).then_some(Step::Deliver(frame))
    }

    fn beat(&self) -> Step {
        let carried = self.carried.clone();
        Step::Post(Message::Beat { at: self.place(), connection: self.connection, carried })
    }

    /// What all tabs need together, sorted.
    fn union(&self) -> Vec<String> {
        let mut types = self.needs.clone();
        types.extend(self.others.values().flatten().cloned());
        types.sort_unstable();
        types.dedup();
        types
    }

    fn carries(&self, kind: &str) -> bool {
        self.carries_since(kind, u32::MAX)
    }

    /// Whether whoever has this frame and those after it has everything of a type from then on.
    fn carries_since(&self, kind: &str, seq: u32) -> bool {
        self.carried.iter().any(|one| one.kind == kind && one.since <= seq)
    }

    fn open_if_lacking(&mut self) -> Vec<Step> {
        if !self.carry_more() {
            return Vec::new();
        }
        // Nobody was told where the stream that is open began.
        self.has_gap |= self.connection == Connection::Live && self.place().id.is_empty();
        let opened = self.open();
        self.lose_count().into_iter().chain([opened]).collect()
    }

    /// Adds what the stream lacks. What was needed before may be needed again: people go back and forth.
    fn carry_more(&mut self) -> bool {
        let Place { seq, id, .. } = self.place();
        // Whoever stands at the last frame may stand at an earlier id than the one from which these are carried.
        let since = if id.is_empty() { seq } else { seq + 1 };
        let before = self.carried.len();
        for kind in self.union() {
            if !self.carries(&kind) {
                self.carried.push(Carried { kind, since });
            }
        }
        self.carried.len() > before
    }

    /// Leaves out what nobody needs. Without types a stream carries all: then it stays as it is.
    fn drop_unneeded(&mut self) {
        let (union, before) = (self.union(), self.carried.len());
        if !union.is_empty() {
            self.carried.retain(|one| union.contains(&one.kind));
        }
        if self.carried.len() < before {
            self.repeats_from = self.place().seq + 1;
        }
    }

    fn open(&self) -> Step {
        let mut types: Vec<String> = self.carried.iter().map(|one| one.kind.clone()).collect();
        types.sort_unstable();
        Step::Open { types, id: self.place().id }
    }
}

/// Events of any type may have been missed.
fn missed(id: String) -> Frame {
    Frame { kind: RESET.into(), id, data: r#"{"reason":"missed"}"#.into() }
}
