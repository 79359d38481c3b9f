use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn breaker() -> (Breaker, Instant) {
    let now = Instant::now();
    (Breaker::new_at(BreakerSettings::default(), now), now)
}

fn fail(breaker: &Breaker, times: u32, now: Instant) {
    (0..times).for_each(|_| breaker.failed_at(Pass::Usual, now));
}

fn opened() -> (Breaker, Instant) {
    let (breaker, now) = breaker();
    fail(&breaker, 5, now);
    (breaker, now)
}

#[test]
fn it_opens_after_failures_in_a_row_and_says_when_to_come_back() {
    let (breaker, now) = breaker();
    fail(&breaker, 4, now);
    breaker.answered(Pass::Usual);
    fail(&breaker, 4, now);
    assert_eq!(breaker.admit(), Ok(Pass::Usual), "an answer in between begins the row anew");
    fail(&breaker, 1, now);
    assert_eq!(breaker.admit_at(now + SECOND / 4), Err(Open { retry_after: SECOND * 3 / 4 }));
}

#[test]
fn it_opens_when_half_of_a_windows_calls_fail_and_not_before_there_are_enough() {
    let (breaker, now) = breaker();
    let pair = || {
        breaker.failed_at(Pass::Usual, now);
        breaker.answered(Pass::Usual);
    };
    (0..9).for_each(|_| pair());
    assert_eq!(breaker.admit(), Ok(Pass::Usual), "18 calls say too little");
    pair();
    breaker.failed_at(Pass::Usual, now);
    assert!(breaker.admit_at(now).is_err());
}

#[test]
fn failures_of_an_earlier_window_are_forgotten() {
    let (breaker, begin) = breaker();
    for second in 0..60 {
        let now = begin + SECOND * 3 * second;
        fail(&breaker, 2, now);
        (0..2).for_each(|_| breaker.answered(Pass::Usual));
    }
    assert_eq!(breaker.admit(), Ok(Pass::Usual), "never twenty calls within ten seconds");
}

#[test]
fn case_79_half_open_lets_one_probe_through_and_its_answer_closes_it() {
    let (breaker, now) = opened();
    let later = now + SECOND;
    assert_eq!(breaker.admit_at(later), Ok(Pass::Probe(1)));
    for _ in 0..100 {
        assert!(breaker.admit_at(later + SECOND / 2).is_err(), "one probe");
    }
    breaker.answered(Pass::Probe(1));
    assert_eq!(breaker.admit_at(later), Ok(Pass::Usual));
    fail(&breaker, 4, later);
    assert_eq!(breaker.admit(), Ok(Pass::Usual), "and everything begins anew");
}

#[test]
fn a_probe_that_fails_opens_it_for_another_interval() {
    let (breaker, now) = opened();
    let later = now + SECOND;
    let probe = breaker.admit_at(later).expect("a probe");
    breaker.failed_at(probe, later);
    assert_eq!(breaker.admit_at(later), Err(Open { retry_after: SECOND }));
    assert_eq!(breaker.admit_at(later + SECOND), Ok(Pass::Probe(2)));
    assert_eq!(breaker.state().1, 1, "it stayed open all the time");
}

#[test]
fn a_probe_whose_caller_goes_away_leaves_its_turn_to_the_next_and_one_that_hangs_holds_it_for_an_interval() {
    let (breaker, now) = opened();
    let probe = breaker.admit_at(now + SECOND).expect("a probe");
    breaker.abandoned(probe);
    let later = Instant::now() + SECOND;
    assert_eq!(breaker.admit_at(later), Ok(Pass::Probe(2)));
    assert_eq!(breaker.admit_at(later + SECOND), Ok(Pass::Probe(3)), "the second hangs");
    breaker.failed_at(Pass::Probe(2), later + SECOND);
    breaker.abandoned(Pass::Probe(2));
    assert!(breaker.admit_at(later + SECOND).is_err(), "what becomes of it later changes nothing");
    breaker.answered(Pass::Probe(3));
    assert_eq!(breaker.admit(), Ok(Pass::Usual));
}

#[test]
fn calls_that_began_before_it_opened_neither_close_nor_prolong_it() {
    let (breaker, now) = opened();
    breaker.answered(Pass::Usual);
    fail(&breaker, 10, now + SECOND / 2);
    assert_eq!(breaker.admit_at(now + SECOND / 2), Err(Open { retry_after: SECOND / 2 }));
}

#[test]
fn with_both_rules_off_it_never_opens() {
    let settings = BreakerSettings { consecutive: 0, percent: 0, ..BreakerSettings::default() };
    let breaker = Breaker::new(settings);
    fail(&breaker, 1000, Instant::now());
    assert_eq!(breaker.admit(), Ok(Pass::Usual));
}
