use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::BudgetSettings;

/// What a budget may save up, at least: one attempt's worth is a thousand.
const SAVINGS: u64 = 100_000;

/// How many further attempts may be made: a token bucket that answered calls fill, and time a little. Where most calls
/// fail nothing fills it, so that retries never multiply the load of an upstream that goes under.
#[derive(Debug)]
pub(crate) struct Budget {
    settings: BudgetSettings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Thousandths of an attempt.
    tokens: u64,
    answered: u64,
    filled: Instant,
}

impl Budget {
    pub(crate) fn new(settings: BudgetSettings) -> Self {
        Self::new_at(settings, Instant::now())
    }

    fn new_at(settings: BudgetSettings, now: Instant) -> Self {
        let tokens = u64::from(settings.per_second) * 1000;
        Self { settings, state: Mutex::new(State { tokens, answered: 0, filled: now }) }
    }

    /// Takes one attempt from the budget, if there is one; `answered` is how many calls were answered ever.
    pub(crate) fn withdraw(&self, answered: u64) -> bool {
        self.withdraw_at(answered, Instant::now())
    }

    fn withdraw_at(&self, answered: u64, now: Instant) -> bool {
        let mut state = self.state.lock();
        let passed = now.saturating_duration_since(state.filled).min(Duration::from_secs(60));
        let by_time =
            u64::try_from(passed.as_millis()).unwrap_or_default() * u64::from(self.settings.per_second);
        let by_answers = (answered - state.answered.min(answered)) * u64::from(self.settings.percent) * 10;
        let most = SAVINGS.max(u64::from(self.settings.per_second) * 1000);
        state.tokens = (state.tokens + by_time + by_answers).min(most);
        state.answered = answered;
        // What is less than a millisecond counts next time.
        if by_time > 0 {
            state.filled = now;
        }
        let granted = state.tokens >= 1000;
        if granted {
            state.tokens -= 1000;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(budget: &Budget, answered: u64, now: Instant) -> usize {
        (0..1000).take_while(|_| budget.withdraw_at(answered, now)).count()
    }

    #[test]
    fn a_fifth_of_the_answered_calls_may_be_repeated_and_a_few_each_second() {
        let now = Instant::now();
        let budget = Budget::new_at(BudgetSettings::default(), now);
        assert_eq!(granted(&budget, 0, now), 10, "the first second's");
        assert_eq!(granted(&budget, 50, now), 10);
        assert_eq!(granted(&budget, 50, now), 0, "nothing more is answered: nothing more is repeated");
        assert_eq!(granted(&budget, 50, now + Duration::from_secs(2)), 20);
        assert_eq!(granted(&budget, 1_000_000, now + Duration::from_secs(2)), 100, "no more is saved up");
    }

    #[test]
    fn a_budget_of_nothing_grants_nothing() {
        let now = Instant::now();
        let budget = Budget::new_at(BudgetSettings { percent: 0, per_second: 0 }, now);
        assert_eq!(granted(&budget, 10_000, now + Duration::from_secs(9)), 0);
    }
}
