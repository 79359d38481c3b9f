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
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::{Resume, resume::Step};
use crate::{
    frame,
    hub::{CloseReason, Hub, OutletSlot, Subscriber, Taken},
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
}

enum Phase {
    /// Still in the past; the id is where the client is once `pending` is sent. The hub pings those that are live.
    Resuming {
        step: BoxFuture<'static, Step>,
        id: String,
        ping: Interval,
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
        let mut ping = interval_at(Instant::now() + hub.config.ping_interval, hub.config.ping_interval);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self::opened(hub, subscriber, id, Phase::Resuming { step, id: id.into(), ping })
    }

    /// Where to tell the hub of the connection that the stream is written to.
    pub fn outlet(&self) -> OutletSlot {
        OutletSlot::of(&self.subscriber)
    }

    fn opened(hub: Arc<Hub>, subscriber: Arc<Subscriber>, id: &str, phase: Phase) -> Self {
        let retry = spread(hub.config.retry, hub.config.retry, subscriber.number);
        Self { pending: VecDeque::from([frame::opening(id, retry)]), hub, subscriber, phase }
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

    /// What the hub has.
    fn poll_live(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match self.hub.take(&self.subscriber, Some(cx)) {
            Taken::Closed(reason) => self.say_bye(reason),
            Taken::Lagged => self.end_with(frame::lagged()),
            Taken::Frames(frames) => Poll::Ready(Some(frames.joined())),
            Taken::Nothing => Poll::Pending,
        }
    }

    fn poll_resume(&mut self, cx: &mut Context<'_>) {
        while let Phase::Resuming { step, id, ping } = &mut self.phase {
            if !self.pending.is_empty() {
                return;
            }
            let Poll::Ready(Step { frames, rest }) = step.poll_unpin(cx) else {
                // Until it waits: only then does the timer wake this task.
                while ping.poll_tick(cx).is_ready() {
                    self.pending.push_back(frame::ping(id));
                }
                return;
            };
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
