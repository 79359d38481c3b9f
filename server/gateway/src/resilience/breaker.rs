use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{BreakerSettings, BreakerState};

/// A circuit breaker: calls to an upstream that keeps failing are refused at once, but for one now and then that finds
/// out whether it is back.
pub(crate) struct Breaker {
    settings: BreakerSettings,
    /// Whether calls pass without a look at `state`.
    closed: AtomicBool,
    /// Calls that brought an answer, ever.
    answered: AtomicU64,
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    window: Window,
    /// Failures since the last answer.
    consecutive: u32,
    /// How many calls had been answered at the last failure.
    answered: u64,
    /// How many probes were let through; the number of the last.
    probes: u64,
    /// How often it opened.
    opened: u64,
}

enum Phase {
    Closed,
    Open {
        until: Instant,
    },
    /// A probe is under way.
    HalfOpen {
        since: Instant,
    },
}

struct Window {
    begin: Instant,
    /// How many calls had been answered at its begin.
    answered: u64,
    failures: u32,
}

/// A call that may go out. Whoever holds one says what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Usual,
    /// The one that finds out, by its number.
    Probe(u64),
}

/// The breaker is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// When a call may be let through.
    pub(crate) retry_after: Duration,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Self {
        Self::new_at(settings, Instant::now())
    }

    fn new_at(settings: BreakerSettings, now: Instant) -> Self {
        let state = State {
            phase: Phase::Closed,
            window: Window { begin: now, answered: 0, failures: 0 },
            consecutive: 0,
            answered: 0,
            probes: 0,
            opened: 0,
        };
        Self {
            settings,
            closed: AtomicBool::new(true),
            answered: AtomicU64::new(0),
            state: Mutex::new(state),
        }
    }

    /// Whether a call may go out.
    pub(crate) fn admit(&self) -> Result<Pass, Open> {
        if self.closed.load(Ordering::Relaxed) { Ok(Pass::Usual) } else { self.admit_at(Instant::now()) }
    }

    fn admit_at(&self, now: Instant) -> Result<Pass, Open> {
        let mut state = self.state.lock();
        let until = match state.phase {
            Phase::Closed => return Ok(Pass::Usual),
            Phase::Open { until } => until,
            // A probe that hangs is no reason to look no more: recovery is noticed one interval after it.
            Phase::HalfOpen { since } => since + self.settings.probe_interval,
        };
        if now < until {
            return Err(Open { retry_after: until - now });
        }
        state.phase = Phase::HalfOpen { since: now };
        state.probes += 1;
        Ok(Pass::Probe(state.probes))
    }

    /// The upstream answered, whatever it answered.
    pub(crate) fn answered(&self, pass: Pass) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        if matches!(pass, Pass::Probe(_)) {
            let mut state = self.state.lock();
            state.phase = Phase::Closed;
            state.consecutive = 0;
            state.window.failures = 0;
            state.window.answered = self.count();
            self.closed.store(true, Ordering::Relaxed);
        }
    }

    /// The upstream failed.
    pub(crate) fn failed(&self, pass: Pass) {
        self.failed_at(pass, Instant::now());
    }

    fn failed_at(&self, pass: Pass, now: Instant) {
        let answered = self.count();
        let mut state = self.state.lock();
        let opens = match (pass, &state.phase) {
            (Pass::Usual, Phase::Closed) => state.counts(answered, now, &self.settings),
            // What began before it opened says nothing new.
            (Pass::Usual, _) => false,
            (Pass::Probe(number), Phase::HalfOpen { .. }) => number == state.probes,
            (Pass::Probe(_), _) => false,
        };
        if opens {
            state.opened += u64::from(matches!(state.phase, Phase::Closed));
            state.phase = Phase::Open { until: now + self.settings.probe_interval };
            self.closed.store(false, Ordering::Relaxed);
        }
    }

    /// Nothing was learned: the caller went away, or the call never left.
    pub(crate) fn abandoned(&self, pass: Pass) {
        let Pass::Probe(number) = pass else { return };
        let mut state = self.state.lock();
        if number == state.probes && matches!(state.phase, Phase::HalfOpen { .. }) {
            state.phase = Phase::Open { until: Instant::now() };
        }
    }

    /// Someone has reason to believe that the upstream is back: the next call may find out.
    pub(crate) fn look_now(&self) {
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.state.lock();
        if let Phase::Open { until } = &mut state.phase {
            *until = Instant::now();
        }
    }

    /// Calls that brought an answer, ever.
    pub(crate) fn count(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// What it is doing, and how often it opened.
    pub(crate) fn state(&self) -> (BreakerState, u64) {
        let state = self.state.lock();
        let shown = match state.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { until } => {
                BreakerState::Open { retry_after: until.saturating_duration_since(Instant::now()) }
            }
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        };
        (shown, state.opened)
    }
}

impl State {
    /// Counts a failure; whether it is one too many.
    fn counts(&mut self, answered: u64, now: Instant, settings: &BreakerSettings) -> bool {
        self.consecutive = if answered == self.answered { self.consecutive + 1 } else { 1 };
        self.answered = answered;
        let window = &mut self.window;
        if window.failures == 0 || now.saturating_duration_since(window.begin) > settings.window {
            *window = Window { begin: now, answered, failures: 0 };
        }
        window.failures += 1;
        let failures = u64::from(window.failures);
        let calls = failures + (answered - window.answered);
        let row = settings.consecutive > 0 && self.consecutive >= settings.consecutive;
        let share = settings.percent > 0
            && calls >= settings.volume.into()
            && failures * 100 >= calls * u64::from(settings.percent);
        row || share
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("state", &self.state().0).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
