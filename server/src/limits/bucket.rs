use std::time::Duration;

/// How much, in which time. All of it may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How much; at least one.
    pub amount: u32,
    /// In which time.
    pub window: Duration,
}

impl Quota {
    /// So much in a minute; never nothing, which would be an outage by configuration.
    pub fn per_minute(amount: u32) -> Self {
        Self { amount: amount.max(1), window: Duration::from_secs(60) }
    }

    /// What each of `instances` may admit by itself, so that all together stay within it.
    #[must_use]
    pub fn among(self, instances: u32) -> Self {
        Self { amount: (self.amount / instances.max(1)).max(1), ..self }
    }

    /// How long one token takes to come back, in nanoseconds.
    fn interval(self) -> u64 {
        (nanos(self.window) / u64::from(self.amount.max(1))).max(1)
    }
}

/// A token bucket, kept as the one instant that says everything: when it will be full again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// In nanoseconds since an epoch of its owner's choosing.
    full_at: u64,
}

/// What a bucket held after it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// How many tokens were taken.
    pub taken: u32,
    /// How many are left.
    pub left: u32,
    /// How long until it is full.
    pub full_in: Duration,
    /// How long until there is one; zero where there is.
    pub next_in: Duration,
}

impl Bucket {
    /// Takes up to `want` tokens.
    pub fn draw(&mut self, quota: Quota, want: u32, now: Duration) -> Drawn {
        let (interval, window, now) = (quota.interval(), nanos(quota.window), nanos(now));
        let full_at = self.full_at.max(now);
        let room = window.saturating_sub(full_at - now);
        let held = u32::try_from(room / interval).unwrap_or(u32::MAX);
        let taken = want.min(held);
        self.full_at = full_at.saturating_add(interval.saturating_mul(taken.into()));
        let next_in = self.full_at.saturating_add(interval).saturating_sub(now.saturating_add(window));
        Drawn {
            taken,
            left: held - taken,
            full_in: Duration::from_nanos(self.full_at - now),
            next_in: Duration::from_nanos(next_in),
        }
    }

    /// Whether it is full, so that it need not be remembered.
    pub fn is_full(&self, now: Duration) -> bool {
        self.full_at <= nanos(now)
    }
}

/// A time in nanoseconds; five centuries and more are one.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn all_may_come_at_once_and_then_one_by_one() {
        let (quota, mut bucket) = (Quota::per_minute(60), Bucket::default());
        let begun = SECOND * 100;
        let all = bucket.draw(quota, 100, begun);
        assert_eq!((all.taken, all.left, all.full_in, all.next_in), (60, 0, SECOND * 60, SECOND));
        assert_eq!(bucket.draw(quota, 1, begun).taken, 0);
        assert_eq!(bucket.draw(quota, 5, begun + SECOND * 2).taken, 2);
        assert_eq!(bucket.draw(quota, 100, begun + SECOND * 300).taken, 60, "never more than it holds");
    }

    #[test]
    fn what_is_left_says_when_it_is_full_again() {
        let (quota, mut bucket) = (Quota::per_minute(60), Bucket::default());
        let drawn = bucket.draw(quota, 15, SECOND);
        assert_eq!((drawn.left, drawn.full_in, drawn.next_in), (45, SECOND * 15, Duration::ZERO));
        assert!(!bucket.is_full(SECOND * 10) && bucket.is_full(SECOND * 16));
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_twice_the_quota_and_no_hour_more_than_its_share(
            amount in 1_u32..500,
            steps in proptest::collection::vec((0_u64..3_000, 1_u32..40), 1..200),
        ) {
            let (quota, mut bucket) = (Quota::per_minute(amount), Bucket::default());
            let (mut now, mut taken) = (Duration::ZERO, 0_u64);
            for (pause, want) in steps {
                now += Duration::from_millis(pause);
                taken += u64::from(bucket.draw(quota, want, now).taken);
            }
            let refilled = nanos(now) / quota.interval();
            prop_assert!(taken <= u64::from(amount) + refilled + 1);
        }
    }
}
