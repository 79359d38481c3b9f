use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::{FutureExt as _, Stream, future::BoxFuture};
use tokio::time::{Instant, Sleep, sleep};

use super::{Resume, resume::Step};
use crate::{
    frame,
    hub::{CloseReason, Frames, Hub, OutletSlot, Subscriber, Taken},
};

/// How many bytes of ready frames are joined into one write.
const WRITE: usize = 64 * 1024;

/// The body of one `text/event-stream` answer.
///
/// Ends after `lagged` or `bye`; dropping it closes the stream.
pub struct EventStream {
    hub: Arc<Hub>,
    subscriber: Arc<Subscriber>,
    /// Frames taken from the hub or the past, next to be sent.
    pending: VecDeque<Bytes>,
    phase: Phase,
    ping: Pin<Box<Sleep>>,
}

enum Phase {
    /// Still in the past; the id is where the client is once `pending` is sent.
    Resuming {
        step: BoxFuture<'static, Step>,
        id: String,
    },
    Live,
    Ended,
}

impl EventStream {
    /// A stream that begins at the present.
    pub(crate) fn live(hub: Arc<Hub>, subscriber: Arc<Subscriber>) -> Self {
        let id = hub.attach_now(&subscriber);
        Self::opened(hub, subscriber, &id, Phase::Live)
    }

    /// A stream that begins where its client left off.
    pub(crate) fn resuming(hub: Arc<Hub>, subscriber: Arc<Subscriber>, resume: Resume, id: &str) -> Self {
        let step = Box::new(resume).step().boxed();
        Self::opened(hub, subscriber, id, Phase::Resuming { step, id: id.into() })
    }

    /// Where to tell the hub of the connection that the stream is written to.
    pub fn outlet(&self) -> OutletSlot {
        OutletSlot::of(&self.subscriber)
    }

    fn opened(hub: Arc<Hub>, subscriber: Arc<Subscriber>, id: &str, phase: Phase) -> Self {
        let retry = spread(hub.config.retry, hub.config.retry, subscriber.number);
        let ping = Box::pin(sleep(first_ping(hub.config.ping_interval, subscriber.number)));
        Self { pending: VecDeque::from([frame::opening(id, retry)]), hub, subscriber, phase, ping }
    }

    /// Sends `last` and nothing more.
    fn end_with(&mut self, last: Bytes) -> Poll<Option<Bytes>> {
        self.pending.clear();
        self.phase = Phase::Ended;
        self.hub.release(&self.subscriber);
        Poll::Ready(Some(last))
    }

    /// Says why the stream ends, and when to open another: at once for one whose session goes on, later and one after the
    /// other for all those that an instance loses as it goes down.
    fn say_bye(&mut self, reason: CloseReason) -> Poll<Option<Bytes>> {
        let config = &self.hub.config;
        let over = if reason == CloseReason::Shutdown { config.shutdown_spread } else { config.retry };
        let retry = spread(config.retry, over, self.subscriber.number);
        self.end_with(frame::bye(reason.as_str(), retry))
    }

    /// What the hub has, or else a sign of life.
    fn poll_live(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match self.hub.take(&self.subscriber, Some(cx)) {
            Taken::Closed(reason) => return self.say_bye(reason),
            Taken::Lagged => return self.end_with(frame::lagged()),
            Taken::Frames(frames) => return Poll::Ready(Some(frames.joined())),
            Taken::Nothing => self.poll_ping(cx),
        }
        self.write().map_or(Poll::Pending, |bytes| Poll::Ready(Some(bytes)))
    }

    fn poll_resume(&mut self, cx: &mut Context<'_>) {
        while let Phase::Resuming { step, id } = &mut self.phase {
            if !self.pending.is_empty() {
                return;
            }
            let Poll::Ready(Step { frames, rest }) = step.poll_unpin(cx) else { return };
            self.pending = frames;
            match rest {
                Some((rest, reached)) => {
                    *id = reached;
                    *step = rest.step().boxed();
                }
                None => self.phase = Phase::Live,
            }
        }
    }

    /// Adds a ping when it is time for one.
    fn poll_ping(&mut self, cx: &mut Context<'_>) {
        if self.ping.as_mut().poll_unpin(cx).is_pending() {
            return;
        }
        let next = Instant::now() + self.hub.config.ping_interval;
        self.ping.as_mut().reset(next);
        // Polled again, so that the timer wakes this task next time.
        let _ = self.ping.as_mut().poll_unpin(cx);
        match &self.phase {
            Phase::Resuming { id, .. } => {
                let ping = frame::ping(id);
                self.pending.push_back(ping);
            }
            Phase::Live => {
                let (taken, id) = self.hub.take_with_id(&self.subscriber);
                match taken {
                    Taken::Frames(Frames::One(frame)) => self.pending.push_back(frame),
                    Taken::Frames(Frames::Many(frames)) => self.pending.extend(frames),
                    Taken::Nothing => {}
                    // How it ends is found at the next look.
                    Taken::Lagged | Taken::Closed(_) => return,
                }
                self.pending.extend(id.map(|id| frame::ping(&id)));
            }
            Phase::Ended => {}
        }
    }

    /// Joins what is ready into one write.
    fn write(&mut self) -> Option<Bytes> {
        let first = self.pending.pop_front()?;
        if self.pending.is_empty() {
            return Some(first);
        }
        let mut joined = BytesMut::with_capacity(first.len() * 2);
        joined.extend_from_slice(&first);
        while let Some(next) = self.pending.front()
            && joined.len() + next.len() <= WRITE
        {
            joined.extend_from_slice(next);
            self.pending.pop_front();
        }
        Some(joined.freeze())
    }
}

/// `base` and a part of `over`, in milliseconds, different for each stream: clients that lost their streams at once come
/// back one after the other.
fn spread(base: Duration, over: Duration, number: u64) -> u64 {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2);
    millis(base) + number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % millis(over).max(1)
}

/// Streams that were opened at once do not ping at once for ever after.
fn first_ping(interval: Duration, number: u64) -> Duration {
    Duration::from_millis(spread(interval / 2, interval / 2, number))
}

impl Stream for EventStream {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = &mut *self;
        match this.phase {
            Phase::Ended => return Poll::Ready(None),
            Phase::Live if this.pending.is_empty() => return this.poll_live(cx),
            Phase::Live | Phase::Resuming { .. } => {}
        }
        if let Some(reason) = this.subscriber.closed(cx) {
            return this.say_bye(reason);
        }
        this.poll_resume(cx);
        this.poll_ping(cx);
        match (this.write(), &this.phase) {
            (Some(bytes), _) => Poll::Ready(Some(bytes)),
            (None, Phase::Live) => this.poll_live(cx),
            (None, _) => Poll::Pending,
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.hub.release(&self.subscriber);
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EventStream").field("number", &self.subscriber.number).finish_non_exhaustive()
    }
}
