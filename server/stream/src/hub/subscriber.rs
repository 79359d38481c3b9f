use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Waker},
};

use bytes::Bytes;
use parking_lot::Mutex;

use super::CloseReason;
use crate::StreamLimits;

/// One open stream, as the hub knows it.
pub(crate) struct Subscriber {
    /// Unique on this instance.
    pub(crate) number: u64,
    pub(crate) session: Box<str>,
    pub(crate) org: Box<str>,
    pub(crate) user: Box<str>,
    pub(crate) types: Box<[Arc<str>]>,
    queue: Mutex<Queue>,
}

/// Frames between the hub and a stream: references to shared bytes, allocated when the first one comes.
#[derive(Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    end: Option<End>,
    waker: Option<Waker>,
}

/// How a stream is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Lagged,
    Closed(CloseReason),
}

/// What a stream finds in its queue.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Frames in order, at least one.
    Frames(VecDeque<Bytes>),
    /// Nothing yet; the stream is woken when there is.
    Nothing,
    /// The reader was too slow; what it misses it gets by resuming.
    Lagged,
    /// The stream was closed.
    Closed(CloseReason),
}

impl Subscriber {
    pub(crate) fn new(number: u64, session: &str, org: &str, user: &str, types: Box<[Arc<str>]>) -> Self {
        Self {
            number,
            session: session.into(),
            org: org.into(),
            user: user.into(),
            types,
            queue: Mutex::default(),
        }
    }

    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.types.iter().any(|wanted| **wanted == *kind)
    }

    /// Queues a frame; gives back whom to wake. A frame beyond the limits ends the stream and frees what waited:
    /// nothing is lost by it, since the client resumes from the last frame that it got.
    pub(super) fn push(&self, frame: &Bytes, limits: &StreamLimits) -> Push {
        let mut queue = self.queue.lock();
        if queue.end.is_some() {
            return Push::Ended;
        }
        let full =
            queue.frames.len() >= limits.queue_frames || queue.bytes + frame.len() > limits.queue_bytes;
        if full && !queue.frames.is_empty() {
            queue.end(End::Lagged);
            return Push::Lagged(queue.waker.take());
        }
        queue.bytes += frame.len();
        queue.frames.push_back(frame.clone());
        Push::Queued(queue.waker.take())
    }

    /// Ends the stream; what waited is dropped, because who is signed out gets nothing more.
    pub(super) fn close(&self, reason: CloseReason) -> Option<Waker> {
        let mut queue = self.queue.lock();
        queue.end(End::Closed(reason));
        queue.waker.take()
    }

    /// Takes all that waits, or leaves word whom to wake.
    pub(crate) fn take(&self, cx: Option<&Context<'_>>) -> Taken {
        let mut queue = self.queue.lock();
        match queue.end {
            Some(End::Closed(reason)) => return Taken::Closed(reason),
            Some(End::Lagged) => return Taken::Lagged,
            None => {}
        }
        if let Some(cx) = cx {
            match &mut queue.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                None => queue.waker = Some(cx.waker().clone()),
            }
        }
        if queue.frames.is_empty() {
            return Taken::Nothing;
        }
        queue.bytes = 0;
        Taken::Frames(std::mem::take(&mut queue.frames))
    }

    /// Whether and how the stream was told to end; leaves word whom to wake.
    pub(crate) fn closed(&self, cx: &Context<'_>) -> Option<CloseReason> {
        let mut queue = self.queue.lock();
        queue.waker = Some(cx.waker().clone());
        match queue.end {
            Some(End::Closed(reason)) => Some(reason),
            _ => None,
        }
    }
}

/// What became of a frame.
pub(super) enum Push {
    Queued(Option<Waker>),
    Lagged(Option<Waker>),
    Ended,
}

impl Queue {
    fn end(&mut self, end: End) {
        self.end = Some(end);
        self.frames = VecDeque::new();
        self.bytes = 0;
    }
}
