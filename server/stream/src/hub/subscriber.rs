use std::{
    mem,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Waker},
};

use bytes::Bytes;
use parking_lot::Mutex;
use portico_telemetry::Counter;

use super::{CloseReason, Outlet, Written, history::History, outlet::Run};
use crate::{EventType, StreamLimits};

/// How many bytes of ready frames are handed out at once, to be joined into one write.
const PORTION: usize = 64 * 1024;

/// One open stream, as the hub knows it.
pub(crate) struct Subscriber {
    /// Unique on this instance.
    pub(crate) number: u64,
    pub(crate) session: Box<str>,
    pub(crate) org: Box<str>,
    pub(crate) user: Box<str>,
    /// Shared by all streams that want the same.
    pub(crate) types: Arc<[EventType]>,
    /// Records of the log that a stream which resumes has yet to read.
    behind: AtomicU64,
    inbox: Mutex<Inbox>,
    outlet: OnceLock<Box<dyn Outlet>>,
    /// Bytes that went through the outlet.
    written: AtomicU64,
}

/// What waits for a stream. However much it is, the stream itself holds a place in the hub's history and two numbers.
#[derive(Default)]
struct Inbox {
    unread: Unread,
    /// Frames for this stream alone, each with its place among the events. Nearly always none.
    notices: Vec<(u64, Bytes)>,
    end: Option<End>,
    waker: Option<Waker>,
    writer: Writer,
    /// What the outlet did not take of a frame, or a ping. It goes out before anything else.
    rest: Bytes,
}

/// Who writes to the client. There is one at any time, so that frames keep their order.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Writer {
    /// The stream's task, which has something to write or may have.
    #[default]
    Task,
    /// The hub, as soon as there is something: the task sleeps and has written everything.
    Hub,
    /// The hub, at this moment.
    Delivery,
}

#[derive(Default)]
enum Unread {
    #[default]
    Nothing,
    /// One frame, the usual case, is kept here: taking it needs no look into history.
    One { sequence: u64, frame: Bytes, personal: bool },
    /// Everything that the stream may have from `first` on. `personal` tells whether any of it is for this person alone.
    Many { first: u64, frames: usize, bytes: usize, personal: bool },
}

/// How a stream is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Lagged,
    Closed(CloseReason),
}

/// What a stream finds.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Frames in order, at least one.
    Frames(Frames),
    /// Nothing yet; the stream is woken when there is.
    Nothing,
    /// The reader was too slow; what it misses it gets by resuming.
    Lagged,
    /// The stream was closed.
    Closed(CloseReason),
}

/// Frames that are ready for one stream.
#[derive(Debug)]
pub(crate) enum Frames {
    One(Bytes),
    Many(Vec<Bytes>),
}

/// What a stream's task finds when it looks.
pub(super) enum Look {
    Found(Taken),
    /// It has to be looked up in history.
    InHistory,
    /// The hub is writing: whatever there is, it sees to it.
    Elsewhere,
}

/// What the hub has to write to a stream that sleeps.
pub(super) enum Held {
    /// Nothing more, or nothing that is the hub's to write.
    Nothing,
    Frame(Bytes),
    /// It is in history.
    Run(Run),
}

/// What became of a frame.
pub(super) enum Push {
    Queued(Option<Waker>),
    /// The task sleeps: the hub may write it itself, and has to say that it did.
    Held,
    Lagged(Option<Waker>),
    Ended,
}

impl Subscriber {
    pub(super) fn new(number: u64, session: &str, org: &str, user: &str, types: Arc<[EventType]>) -> Self {
        Self {
            number,
            session: session.into(),
            org: org.into(),
            user: user.into(),
            types,
            behind: AtomicU64::new(0),
            inbox: Mutex::default(),
            outlet: OnceLock::new(),
            written: AtomicU64::new(0),
        }
    }

    pub(super) fn connect(&self, outlet: Box<dyn Outlet>) {
        // There is one connection, and it stays.
        let _ = self.outlet.set(outlet);
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(crate) fn wants(&self, topic: &str, kind: &str) -> bool {
        self.types.iter().any(|wanted| *wanted.kind == *kind && *wanted.topic == *topic)
    }

    /// How many records lie between a stream that resumes and the present.
    pub(crate) fn set_behind(&self, records: u64) {
        self.behind.store(records, Ordering::Relaxed);
    }

    pub(super) fn behind(&self) -> u64 {
        self.behind.load(Ordering::Relaxed)
    }

    /// Frames and bytes that wait.
    pub(super) fn unread(&self) -> (usize, usize) {
        self.inbox.lock().unread.size()
    }

    /// Notes that the event at `sequence` is for this stream; whom to wake. One beyond the limits ends the stream: nothing
    /// is lost by it, since the client resumes from the last frame that it got.
    pub(super) fn push(&self, sequence: u64, frame: &Bytes, personal: bool, limits: &StreamLimits) -> Push {
        let mut inbox = self.inbox.lock();
        if inbox.end.is_some() {
            return Push::Ended;
        }
        let (frames, bytes) = inbox.unread.size();
        if frames > 0 && (frames >= limits.queue_frames || bytes + frame.len() > limits.queue_bytes) {
            inbox.end(End::Lagged);
            return Push::Lagged(inbox.waker.take());
        }
        inbox.unread = match mem::take(&mut inbox.unread) {
            Unread::Nothing => Unread::One { sequence, frame: frame.clone(), personal },
            Unread::One { sequence: first, frame: before, personal: one } => {
                let bytes = before.len() + frame.len();
                Unread::Many { first, frames: 2, bytes, personal: one || personal }
            }
            Unread::Many { first, frames, bytes, personal: one } => {
                let bytes = bytes + frame.len();
                Unread::Many { first, frames: frames + 1, bytes, personal: one || personal }
            }
        };
        inbox.call_writer()
    }

    /// The same for a sign of life that tells how far the hub has come. A stream for which something waits gets none: that says as
    /// much, and the id of a place beyond it would be wrong.
    pub(super) fn ping(&self, frame: impl FnOnce() -> Bytes) -> Push {
        let mut inbox = self.inbox.lock();
        if inbox.end.is_some() {
            return Push::Ended;
        }
        if !inbox.is_idle() {
            return Push::Queued(None);
        }
        inbox.rest = frame();
        inbox.call_writer()
    }

    /// The same for a frame of this stream's own, which is not in history.
    pub(super) fn notify(&self, sequence: u64, frame: &Bytes, limits: &StreamLimits) -> Push {
        self.inbox.lock().notices.push((sequence, frame.clone()));
        self.push(sequence, frame, true, limits)
    }

    /// Ends the stream; what waited is dropped, because who is signed out gets nothing more.
    pub(super) fn close(&self, reason: CloseReason) -> Option<Waker> {
        let mut inbox = self.inbox.lock();
        inbox.end(End::Closed(reason));
        inbox.waker.take()
    }

    /// Takes what waits, for the task to write. With a context, it is left to the hub where nothing waits, or the context is
    /// woken when something does.
    pub(super) fn take(&self, cx: Option<&Context<'_>>) -> Look {
        let mut inbox = self.inbox.lock();
        if let Some(cx) = cx {
            inbox.wake(cx);
        }
        if inbox.writer == Writer::Delivery {
            return Look::Elsewhere;
        }
        inbox.writer = Writer::Task;
        if !inbox.rest.is_empty() {
            return Look::Found(Taken::Frames(Frames::One(mem::take(&mut inbox.rest))));
        }
        if let Some(end) = inbox.end {
            return Look::Found(end.into());
        }
        match mem::take(&mut inbox.unread) {
            Unread::Nothing => {
                if cx.is_some() && self.outlet.get().is_some() {
                    inbox.writer = Writer::Hub;
                }
                Look::Found(Taken::Nothing)
            }
            Unread::One { frame, .. } => {
                inbox.notices.clear();
                Look::Found(Taken::Frames(Frames::One(frame)))
            }
            many @ Unread::Many { .. } => {
                inbox.unread = many;
                Look::InHistory
            }
        }
    }

    /// What the hub is to write next. With nothing, the delivery is over.
    pub(super) fn hold(&self) -> Held {
        let mut inbox = self.inbox.lock();
        if inbox.end.is_some() {
            inbox.leave_to_task();
            return Held::Nothing;
        }
        if !inbox.rest.is_empty() {
            return Held::Frame(mem::take(&mut inbox.rest));
        }
        match mem::take(&mut inbox.unread) {
            Unread::Nothing => {
                inbox.writer = Writer::Hub;
                Held::Nothing
            }
            Unread::One { frame, .. } => {
                inbox.notices.clear();
                Held::Frame(frame)
            }
            Unread::Many { first, frames, bytes, personal } => {
                inbox.unread = Unread::Many { first, frames, bytes, personal };
                Held::Run(Run { first, frames, personal })
            }
        }
    }

    /// Passes over what waits, if it is still this.
    pub(super) fn skip(&self, run: Run) -> bool {
        let mut inbox = self.inbox.lock();
        let same = matches!(inbox.unread, Unread::Many { first, frames, personal, .. }
            if Run { first, frames, personal } == run);
        if same {
            inbox.unread = Unread::Nothing;
        }
        same
    }

    /// Writes to the client in a delivery; whether that goes on. What was not taken is left to the task.
    pub(super) fn write(&self, mut bytes: Bytes) -> bool {
        let written = self.outlet.get().map_or(Written::Part(0), |outlet| outlet.write(&bytes));
        let taken = match written {
            Written::All => bytes.len(),
            Written::Part(taken) => taken.min(bytes.len()),
        };
        self.written.fetch_add(taken as u64, Ordering::Relaxed);
        if written == Written::All {
            return true;
        }
        let mut inbox = self.inbox.lock();
        inbox.rest = bytes.split_off(taken);
        inbox.leave_to_task();
        false
    }

    /// Takes a portion of what waits in history, and whether that is all of it. A stream whose next frame is no longer there
    /// is cut.
    pub(super) fn take_from(&self, history: &History, cut: &Counter) -> (Taken, bool) {
        let mut inbox = self.inbox.lock();
        if let Some(end) = inbox.end {
            return (end.into(), false);
        }
        let Unread::Many { first, frames, bytes, personal } = inbox.unread else {
            return (Taken::Nothing, true);
        };
        if first <= history.evicted() {
            inbox.end(End::Lagged);
            cut.increment();
            return (Taken::Lagged, false);
        }
        let (mut taken, mut size) = (Vec::with_capacity(frames.min(64)), 0);
        let mut notices = mem::take(&mut inbox.notices).into_iter().peekable();
        for entry in history.since(&self.org, &self.user, first) {
            if !self.wants(&entry.topic, &entry.kind) {
                continue;
            }
            while let Some((_, notice)) = notices.next_if(|(sequence, _)| *sequence < entry.sequence) {
                taken.push(notice);
            }
            let frame = entry.frame.bytes();
            if size > 0 && size + frame.len() > PORTION {
                inbox.notices = notices.collect();
                let (frames, bytes) = (frames.saturating_sub(taken.len()).max(1), bytes.saturating_sub(size));
                inbox.unread = Unread::Many { first: entry.sequence, frames, bytes, personal };
                return (Taken::Frames(Frames::Many(taken)), false);
            }
            size += frame.len();
            taken.push(frame.clone());
        }
        taken.extend(notices.map(|(_, notice)| notice));
        inbox.unread = Unread::Nothing;
        match taken.is_empty() {
            // It was of a topic that is no longer what it was.
            true => (Taken::Nothing, true),
            false => (Taken::Frames(Frames::Many(taken)), true),
        }
    }

    /// Whether and how the stream was told to end; leaves word whom to wake.
    pub(crate) fn closed(&self, cx: &Context<'_>) -> Option<CloseReason> {
        let mut inbox = self.inbox.lock();
        inbox.wake(cx);
        match inbox.end {
            Some(End::Closed(reason)) => Some(reason),
            _ => None,
        }
    }
}

impl Frames {
    /// How many.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(frames) => frames.len(),
        }
    }

    /// In one piece.
    pub(crate) fn joined(self) -> Bytes {
        match self {
            Self::One(frame) => frame,
            Self::Many(frames) => Bytes::from(frames.concat()),
        }
    }
}

impl Unread {
    /// Frames and bytes.
    fn size(&self) -> (usize, usize) {
        match self {
            Self::Nothing => (0, 0),
            Self::One { frame, .. } => (1, frame.len()),
            Self::Many { frames, bytes, .. } => (*frames, *bytes),
        }
    }
}

impl Inbox {
    fn end(&mut self, end: End) {
        self.end = Some(end);
        self.unread = Unread::Nothing;
        self.notices = Vec::new();
    }

    /// Whether nothing waits, and nobody is writing what did.
    fn is_idle(&self) -> bool {
        self.rest.is_empty() && matches!(self.unread, Unread::Nothing) && self.writer != Writer::Delivery
    }

    /// Something was queued: who is to write it?
    fn call_writer(&mut self) -> Push {
        match self.writer {
            Writer::Task => Push::Queued(self.waker.take()),
            Writer::Delivery => Push::Queued(None),
            Writer::Hub => {
                self.writer = Writer::Delivery;
                Push::Held
            }
        }
    }

    fn leave_to_task(&mut self) {
        self.writer = Writer::Task;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn wake(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waker = Some(cx.waker().clone()),
        }
    }
}

impl From<End> for Taken {
    fn from(end: End) -> Self {
        match end {
            End::Lagged => Self::Lagged,
            End::Closed(reason) => Self::Closed(reason),
        }
    }
}
