use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use portico_telemetry::Counter;
use tokio::time::Instant;

use super::limits::{CallerKey, QUOTAS, Quota, QuotaExceeded};

/// What one remote uses now. It outlives the compiled back end: a new version of the remote goes on counting here.
#[derive(Debug, Default)]
pub struct Usage {
    calls: AtomicU32,
    /// Calls under way by caller.
    callers: Callers,
    bytes: Mutex<Option<Debt>>,
    /// How often each quota was reached, as in [`QUOTAS`].
    exceeded: [Counter; QUOTAS.len()],
}

/// What a remote uses of its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaUse {
    /// What it may use.
    pub quota: Quota,
    /// Calls under way.
    pub calls: u32,
    /// Bytes of the last minute; nothing where they are not limited, and so not counted.
    pub bytes: u64,
    /// How often each quota was reached, by its name.
    pub exceeded: [(&'static str, u64); QUOTAS.len()],
}

/// Bytes that were used and are not forgotten yet.
#[derive(Debug)]
struct Debt {
    bytes: u64,
    at: Instant,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Usage {
    /// Calls under way.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// A quota was reached.
    fn count(&self, exceeded: QuotaExceeded) {
        if let Some(at) = QUOTAS.iter().position(|name| *name == exceeded.slug()) {
            self.exceeded[at].increment();
        }
    }

    /// Adds bytes of a body. What a minute allows is forgotten in a minute.
    fn charge(&self, bytes: usize, per_minute: u64, now: Instant) {
        let mut debt = self.bytes.lock();
        let owed = debt.as_ref().map_or(0, |debt| debt.at(per_minute, now));
        *debt = Some(Debt { bytes: owed.saturating_add(bytes as u64), at: now });
    }

    /// How long until there is room for another call; none where there is.
    fn full_for(&self, per_minute: u64, now: Instant) -> Option<Duration> {
        let owed = self.bytes.lock().as_ref().map_or(0, |debt| debt.at(per_minute, now));
        let beyond = owed.checked_sub(per_minute)?;
        Some(MINUTE.mul_f64((beyond + 1) as f64 / per_minute.max(1) as f64))
    }
}

impl Debt {
    fn at(&self, per_minute: u64, now: Instant) -> u64 {
        let forgotten = now.duration_since(self.at).as_secs_f64() / MINUTE.as_secs_f64() * per_minute as f64;
        self.bytes.saturating_sub(forgotten as u64)
    }
}

/// A remote's quota with what is used of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RemoteQuota {
    pub(crate) quota: Quota,
    pub(crate) usage: Arc<Usage>,
}

impl RemoteQuota {
    /// Where bytes are charged, if they are counted.
    pub(crate) fn charge(&self) -> Option<Charge> {
        let per_minute = self.quota.bytes_per_minute?;
        Some(Charge { usage: Arc::clone(&self.usage), per_minute })
    }

    /// What is used.
    pub(crate) fn used(&self) -> QuotaUse {
        let Usage { bytes, exceeded, .. } = &*self.usage;
        let owed = |per_minute| bytes.lock().as_ref().map_or(0, |debt| debt.at(per_minute, Instant::now()));
        QuotaUse {
            quota: self.quota,
            calls: self.usage.calls(),
            bytes: self.quota.bytes_per_minute.map_or(0, owed),
            exceeded: std::array::from_fn(|at| (QUOTAS[at], exceeded[at].get())),
        }
    }

    /// Counts a quota that was reached.
    pub(crate) fn exceeded(&self, exceeded: QuotaExceeded) -> QuotaExceeded {
        self.usage.count(exceeded);
        exceeded
    }

    /// Admits a call, which counts until the ticket is dropped.
    pub(crate) fn admit(&self, caller: CallerKey) -> Result<Ticket, QuotaExceeded> {
        self.room(caller).map_err(|exceeded| self.exceeded(exceeded))
    }

    fn room(&self, caller: CallerKey) -> Result<Ticket, QuotaExceeded> {
        if let Some(most) = self.quota.bytes_per_minute
            && let Some(until) = self.usage.full_for(most, Instant::now())
        {
            return Err(QuotaExceeded::BytesPerMinute(most, until));
        }
        let before = self.usage.calls.fetch_add(1, Ordering::Relaxed);
        let mut ticket = Ticket { usage: Arc::clone(&self.usage), caller: None };
        if let Some(most) = self.quota.concurrent.filter(|most| before >= *most) {
            return Err(QuotaExceeded::Concurrent(most));
        }
        if let Some(most) = self.quota.concurrent_per_session {
            if !self.usage.callers.admit(caller, most) {
                return Err(QuotaExceeded::ConcurrentPerSession(most));
            }
            ticket.caller = Some(caller);
        }
        Ok(ticket)
    }
}

/// Where the bytes of a body are charged.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    usage: Arc<Usage>,
    per_minute: u64,
}

impl Charge {
    /// Adds bytes that have passed.
    pub(crate) fn add(&self, bytes: usize) {
        self.usage.charge(bytes, self.per_minute, Instant::now());
    }
}

/// One call under way.
#[derive(Debug)]
pub(crate) struct Ticket {
    usage: Arc<Usage>,
    /// Where the caller's calls are counted.
    caller: Option<CallerKey>,
}

impl Ticket {
    /// Counts a quota that was reached.
    pub(super) fn exceeded(&self, exceeded: QuotaExceeded) {
        self.usage.count(exceeded);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.usage.calls.fetch_sub(1, Ordering::Relaxed);
        if let Some(caller) = self.caller {
            self.usage.callers.release(caller);
        }
    }
}

/// Calls under way by caller, in parts, so that two callers seldom wait for each other.
#[derive(Debug, Default)]
struct Callers([Mutex<HashMap<CallerKey, u32>>; 16]);

impl Callers {
    fn part(&self, caller: CallerKey) -> &Mutex<HashMap<CallerKey, u32>> {
        &self.0[caller.part(self.0.len())]
    }

    /// Counts one more call, unless the caller has `most` already.
    fn admit(&self, caller: CallerKey, most: u32) -> bool {
        let mut callers = self.part(caller).lock();
        if let Some(calls) = callers.get_mut(&caller) {
            let admitted = *calls < most;
            *calls += u32::from(admitted);
            return admitted;
        }
        // Who has no call is forgotten only when room is needed: most callers come back.
        if callers.len() == callers.capacity() {
            callers.retain(|_, calls| *calls > 0);
        }
        callers.insert(caller, 1);
        true
    }

    fn release(&self, caller: CallerKey) {
        if let Some(calls) = self.part(caller).lock().get_mut(&caller) {
            *calls -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callers() -> [CallerKey; 2] {
        [CallerKey::session([1; 16]), CallerKey::session([2; 16])]
    }

    fn quota(quota: Quota) -> RemoteQuota {
        RemoteQuota { quota, usage: Arc::default() }
    }

    #[test]
    fn a_call_counts_until_its_ticket_is_dropped() {
        let remote = quota(Quota { concurrent: Some(2), ..Quota::default() });
        let [alice, bob] = callers();
        let tickets = [alice, bob].map(|caller| remote.admit(caller).expect("there is room"));
        assert_eq!(remote.admit(bob).err(), Some(QuotaExceeded::Concurrent(2)));
        assert_eq!(remote.usage.calls(), 2, "a refusal does not count");
        drop(tickets);
        assert!(remote.admit(bob).is_ok());
        assert_eq!(remote.usage.calls(), 0);
    }

    #[test]
    fn one_caller_cannot_use_up_what_others_need() {
        let remote = quota(Quota { concurrent_per_session: Some(1), ..Quota::default() });
        let [alice, bob] = callers();
        let ticket = remote.admit(alice).expect("there is room");
        assert_eq!(remote.admit(alice).err(), Some(QuotaExceeded::ConcurrentPerSession(1)));
        assert!(remote.admit(bob).is_ok());
        drop(ticket);
        assert!(remote.admit(alice).is_ok());
        for n in 0..100_000_u32 {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&n.to_le_bytes());
            assert!(remote.admit(CallerKey::session(id)).is_ok());
        }
        let kept: usize = remote.usage.callers.0.iter().map(|part| part.lock().len()).sum();
        assert!(kept < 1_000, "whoever has no call is forgotten in the end: {kept}");
    }

    #[test]
    fn bytes_are_forgotten_within_a_minute() {
        let (usage, begun) = (Usage::default(), Instant::now());
        usage.charge(600, 600, begun);
        assert!(usage.full_for(601, begun).is_none(), "there is room for more");
        let until = usage.full_for(600, begun).expect("it is used up");
        assert!(until > Duration::ZERO && until <= Duration::from_millis(101), "{until:?}");
        usage.charge(600, 600, begun);
        let until = usage.full_for(600, begun).expect("it is used up");
        assert!(until > Duration::from_secs(60) && until < Duration::from_secs(61), "{until:?}");
        assert!(usage.full_for(600, begun + until).is_none());
        usage.charge(1, 600, begun + Duration::from_secs(3_600));
        assert!(usage.full_for(2, begun + Duration::from_secs(3_600)).is_none(), "and no credit is kept");
    }
}
