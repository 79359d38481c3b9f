use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::resilience::{EjectionSettings, EndpointState};

/// No endpoint is left out for longer than this.
const LONGEST: Duration = Duration::from_secs(300);
/// Failed health checks in a row after which an endpoint is unhealthy: one may be an accident.
const FAILED_CHECKS: u32 = 2;

/// Whether an endpoint is in service: what calls met there, and what health checks say.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Failures since the last answer.
    consecutive: AtomicU32,
    failed: AtomicU64,
    /// Whether a look at `ejection` is needed.
    is_ejected: AtomicBool,
    is_unhealthy: AtomicBool,
    failed_checks: AtomicU32,
    ejection: Mutex<Ejection>,
}

#[derive(Debug, Default)]
struct Ejection {
    /// The last one's end, and how long it was.
    last: Option<(Instant, Duration)>,
    /// How many followed closely on one another.
    row: u32,
    total: u64,
}

impl Standing {
    /// An attempt brought an answer.
    pub(super) fn succeeded(&self) {
        if self.consecutive.load(Ordering::Relaxed) != 0 {
            self.consecutive.store(0, Ordering::Relaxed);
        }
    }

    /// An attempt failed; whether there were too many in a row.
    pub(super) fn failed(&self, settings: &EjectionSettings) -> bool {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let consecutive = self.consecutive.fetch_add(1, Ordering::Relaxed) + 1;
        settings.consecutive > 0 && consecutive >= settings.consecutive
    }

    /// Takes it out of service for a while.
    pub(super) fn eject(&self, settings: &EjectionSettings, now: Instant) {
        let mut ejection = self.ejection.lock();
        let soon = |(end, length): (Instant, Duration)| now.saturating_duration_since(end) <= length;
        ejection.row = if ejection.last.is_some_and(soon) { (ejection.row + 1).min(16) } else { 0 };
        let length = (settings.base * (1 << ejection.row)).min(LONGEST.max(settings.base));
        ejection.last = Some((now + length, length));
        ejection.total += 1;
        // Back in service, one more failure is enough.
        self.consecutive.store(settings.consecutive.saturating_sub(1), Ordering::Relaxed);
        self.is_ejected.store(true, Ordering::Relaxed);
    }

    /// A health check succeeded.
    pub(super) fn checked(&self) {
        self.failed_checks.store(0, Ordering::Relaxed);
        self.is_unhealthy.store(false, Ordering::Relaxed);
        self.is_ejected.store(false, Ordering::Relaxed);
    }

    /// A health check failed.
    pub(super) fn check_failed(&self) {
        if self.failed_checks.fetch_add(1, Ordering::Relaxed) + 1 >= FAILED_CHECKS {
            self.is_unhealthy.store(true, Ordering::Relaxed);
        }
    }

    /// Whether nothing failed since the last answer.
    pub(super) fn is_spotless(&self) -> bool {
        self.consecutive.load(Ordering::Relaxed) == 0
    }

    pub(super) fn state(&self) -> EndpointState {
        if self.is_unhealthy.load(Ordering::Relaxed) {
            return EndpointState::Unhealthy;
        }
        match self.is_ejected.load(Ordering::Relaxed) && self.is_ejected_at(Instant::now()) {
            true => EndpointState::Ejected,
            false => EndpointState::InService,
        }
    }

    fn is_ejected_at(&self, now: Instant) -> bool {
        let ejected = self.ejection.lock().last.is_some_and(|(end, _)| now < end);
        if !ejected {
            self.is_ejected.store(false, Ordering::Relaxed);
        }
        ejected
    }

    /// How many attempts failed and how often it was ejected.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.failed.load(Ordering::Relaxed), self.ejection.lock().total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_ejection_that_follows_soon_is_twice_as_long_and_one_that_does_not_begins_anew() {
        let (settings, standing, begin) = (EjectionSettings::default(), Standing::default(), Instant::now());
        let length = |at: Instant| {
            standing.eject(&settings, at);
            let seconds = (0..1000).take_while(|&second| standing.is_ejected_at(at + SECOND * second));
            u32::try_from(seconds.count()).expect("few")
        };
        assert_eq!(length(begin), 5);
        assert_eq!(length(begin + SECOND * 6), 10);
        assert_eq!(length(begin + SECOND * 17), 20);
        let later = begin + SECOND * 600;
        assert_eq!(length(later), 5);
        let mut now = later + SECOND * 6;
        let longest = (0..10).map(|_| {
            let length = length(now);
            now += SECOND * (length + 1);
            length
        });
        assert_eq!(longest.max(), Some(300));
    }

    #[test]
    fn back_in_service_one_failure_is_enough_and_an_answer_forgives_all() {
        let (settings, standing) = (EjectionSettings::default(), Standing::default());
        assert_eq!((0..5).map(|_| standing.failed(&settings)).filter(|&too_many| too_many).count(), 1);
        standing.eject(&settings, Instant::now());
        assert!(standing.failed(&settings));
        standing.succeeded();
        assert!(!standing.failed(&settings));
    }

    #[test]
    fn two_failed_checks_make_it_unhealthy_and_one_good_one_brings_it_back() {
        let standing = Standing::default();
        standing.check_failed();
        assert_eq!(standing.state(), EndpointState::InService);
        standing.check_failed();
        assert_eq!(standing.state(), EndpointState::Unhealthy);
        standing.eject(&EjectionSettings::default(), Instant::now());
        standing.checked();
        assert_eq!(standing.state(), EndpointState::InService);
    }
}
