use std::time::Duration;

use tokio::sync::oneshot;

use super::bucket::Bucket;
use super::{Lease, Quota};

/// The part of a shared bucket that this instance holds.
#[derive(Debug, Default)]
pub(super) struct Share {
    /// Tokens that were leased and not used.
    held: u32,
    /// What was left for everyone, when last heard.
    left: u32,
    full_at: Duration,
    /// Until then the shared bucket is known to be empty, and is not asked.
    empty_until: Duration,
    /// While the store is asked: who waits for the answer.
    asked: Option<Vec<oneshot::Sender<()>>>,
    /// Counts alone, while the store does not answer.
    alone: Bucket,
    used_at: Duration,
}

/// Whether the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Up,
    Down,
    /// It was down, and this request shall find out whether it still is. It does not wait for that.
    Probe,
}

/// What a request is told.
pub(super) enum Answer {
    Taken { left: u32, full_in: Duration },
    Exceeded { next_in: Duration },
    Wait(oneshot::Receiver<()>),
}

impl Share {
    /// Takes one token. The flag says that the store is to be asked for more.
    pub(super) fn take(&mut self, quota: Quota, link: Link, instances: u32, now: Duration) -> (Answer, bool) {
        self.used_at = now;
        if self.held > 0 {
            self.held -= 1;
            // In good time, so that nobody has to wait.
            let ask = self.held <= batch(quota) / 2 && link != Link::Down && now >= self.empty_until;
            let left = self.left.saturating_add(self.held);
            let taken = Answer::Taken { left, full_in: self.full_at.saturating_sub(now) };
            return (taken, ask && self.begin());
        }
        match link {
            Link::Up if now < self.empty_until => {
                (Answer::Exceeded { next_in: self.empty_until - now }, false)
            }
            Link::Up => {
                let ask = self.begin();
                let (tell, told) = oneshot::channel();
                self.asked.get_or_insert_default().push(tell);
                (Answer::Wait(told), ask)
            }
            Link::Down => (self.take_alone(quota.among(instances), now), false),
            Link::Probe => (self.take_alone(quota.among(instances), now), self.begin()),
        }
    }

    /// Puts a lease in. Whoever waited looks again.
    pub(super) fn answered(&mut self, lease: Option<Lease>, now: Duration) {
        if let Some(lease) = lease {
            self.held += lease.granted;
            self.left = lease.left;
            self.full_at = now + lease.full_in;
            self.empty_until = if lease.granted == 0 { now + lease.next_in.max(SHORTEST_PAUSE) } else { now };
        }
        for waiting in self.asked.take().into_iter().flatten() {
            // One that went away meanwhile needs nothing.
            let _ = waiting.send(());
        }
    }

    /// Whether it may be forgotten: unused for so long that the shared bucket has filled up meanwhile.
    pub(super) fn is_idle(&self, quota: Quota, now: Duration) -> bool {
        self.asked.is_none() && now >= self.used_at + quota.window
    }

    /// Whether nobody has asked yet.
    fn begin(&mut self) -> bool {
        let first = self.asked.is_none();
        self.asked.get_or_insert_default();
        first
    }

    fn take_alone(&mut self, quota: Quota, now: Duration) -> Answer {
        let drawn = self.alone.draw(quota, 1, now);
        match drawn.taken {
            0 => Answer::Exceeded { next_in: drawn.next_in },
            _ => Answer::Taken { left: drawn.left, full_in: drawn.full_in },
        }
    }
}

/// An empty bucket is asked this often at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);

/// How many tokens one lease is for: a twentieth of the quota, which is also what an instance that stops using them keeps
/// from the others.
pub(super) fn batch(quota: Quota) -> u32 {
    (quota.amount / 20).max(1)
}
