use std::cell::Cell;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// `2026-01-31T12:00:00.`, all of a time that stays the same for a second.
type Second = [u8; 20];

thread_local! {
    static LATEST: Cell<(u64, Second)> = const { Cell::new((0, *b"1970-01-01T00:00:00.")) };
}

/// Appends the time as RFC 3339 writes it, in UTC and with microseconds.
pub fn push_now(line: &mut Vec<u8>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "lines say when they were written, also in tests that set the clock"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    push(line, now.as_secs(), now.subsec_micros());
}

fn push(line: &mut Vec<u8>, seconds: u64, micros: u32) {
    let (latest, mut text) = LATEST.get();
    if latest != seconds {
        text = second(seconds);
        LATEST.set((seconds, text));
    }
    line.extend_from_slice(&text);
    let mut digits = *b"000000Z";
    let mut rest = micros;
    for digit in digits[..6].iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    line.extend_from_slice(&digits);
}

fn second(seconds: u64) -> Second {
    let at = i64::try_from(seconds).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut text = *b"0000-00-00T00:00:00.";
    let (date, (hour, minute, second)) = (at.date(), at.to_hms());
    // Years have four digits until 9999, where `OffsetDateTime` ends.
    let _ = write!(
        &mut text[..],
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}.",
        date.year(),
        u8::from(date.month()),
        date.day()
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(seconds: u64, micros: u32) -> String {
        let mut line = Vec::new();
        push(&mut line, seconds, micros);
        String::from_utf8(line).expect("ASCII")
    }

    #[test]
    fn a_time_is_written_as_rfc_3339_does() {
        assert_eq!(written(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(written(1_790_000_000, 7), "2026-09-21T14:13:20.000007Z");
        assert_eq!(written(1_790_000_000, 999_999), "2026-09-21T14:13:20.999999Z");
        assert_eq!(written(1_790_000_001, 120_000), "2026-09-21T14:13:21.120000Z");
        assert_eq!(written(951_782_400, 0), "2000-02-29T00:00:00.000000Z");
    }
}
