//! Ids of W3C Trace Context, as text and without an allocation: every request makes two.

use std::fmt;
use std::ops::Deref;

use axum::http::HeaderValue;
use parking_lot::Mutex;
use portico_ports::Random;

/// `N` lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HexId<const N: usize>([u8; N]);

/// A trace id (W3C Trace Context, section 3.2.2.3): 32 digits.
pub type TraceId = HexId<32>;
/// A span id (`parent-id`, section 3.2.2.4): 16 digits.
pub type SpanId = HexId<16>;

impl<const N: usize> HexId<N> {
    /// Takes over what another service has written; `None` where it is no id, or the one that is forbidden, all zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; N] = text.as_bytes().try_into().ok()?;
        let lower_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        (digits.iter().all(lower_hex) && digits.iter().any(|byte| *byte != b'0')).then_some(Self(digits))
    }

    /// The id that these bytes, half as many as there are digits, make.
    fn of(bytes: &[u8]) -> Self {
        let mut digits = [b'0'; N];
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(*byte)]);
        }
        Self(digits)
    }
}

fn digit(value: u8) -> u8 {
    b"0123456789abcdef"[usize::from(value & 15)]
}

impl<const N: usize> Deref for HexId<N> {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Display for HexId<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl<const N: usize> fmt::Debug for HexId<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl<const N: usize> From<HexId<N>> for HeaderValue {
    fn from(id: HexId<N>) -> Self {
        // Digits fit into every field.
        Self::from_bytes(&id.0).unwrap_or_else(|_| Self::from_static(""))
    }
}

/// `traceparent` (section 3.2): version 00, sampled.
pub fn traceparent(trace: &TraceId, span: &SpanId) -> HeaderValue {
    let mut text = *b"00-................................-................-01";
    text[3..35].copy_from_slice(&trace.0);
    text[36..52].copy_from_slice(&span.0);
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The trace id of a valid `traceparent`.
pub fn trace_id_of(value: &HeaderValue) -> Option<TraceId> {
    let mut parts = value.to_str().ok()?.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let known = version.len() == 2 && version != "ff" && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    SpanId::parse(span).filter(|_| known)?;
    TraceId::parse(trace)
}

/// Bytes of randomness that are asked for at a time.
const STOCK: usize = 4096;

/// Where ids come from: randomness by the page, since asking the operating system costs a call each time. An id of a trace
/// is no secret, so it may wait in memory.
pub struct IdSource(Mutex<Stock>);

struct Stock {
    bytes: [u8; STOCK],
    used: usize,
}

impl Default for IdSource {
    fn default() -> Self {
        Self(Mutex::new(Stock { bytes: [0; STOCK], used: STOCK }))
    }
}

impl IdSource {
    /// A new trace id and a new span id.
    pub fn next(&self, random: &dyn Random) -> (TraceId, SpanId) {
        const NEEDED: usize = 24;
        let mut stock = self.0.lock();
        if stock.used + NEEDED > STOCK {
            random.fill(&mut stock.bytes);
            stock.used = 0;
        }
        let bytes = &stock.bytes[stock.used..stock.used + NEEDED];
        let ids = (TraceId::of(&bytes[..16]), SpanId::of(&bytes[16..]));
        stock.used += NEEDED;
        ids
    }
}

impl fmt::Debug for IdSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdSource")
    }
}

#[cfg(test)]
mod tests {
    use portico_ports::OsRandom;

    use super::*;

    #[test]
    fn only_a_valid_traceparent_is_continued() {
        let id = |text: &'static str| trace_id_of(&HeaderValue::from_static(text)).map(|id| id.to_string());
        assert_eq!(
            id("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").as_deref(),
            Some("4bf92f3577b34da6a3ce929d0e0e4736")
        );
        for bad in [
            "",
            "00-x-y-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }

    #[test]
    fn ids_are_never_given_twice() {
        let source = IdSource::default();
        let ids: std::collections::HashSet<String> =
            (0..1_000).map(|_| source.next(&OsRandom).0.to_string()).collect();
        assert_eq!(ids.len(), 1_000);
    }

    #[test]
    fn what_is_sent_on_is_what_others_can_read() {
        let (trace, span) = IdSource::default().next(&OsRandom);
        let sent = traceparent(&trace, &span);
        assert_eq!(sent.to_str().ok(), Some(format!("00-{trace}-{span}-01").as_str()));
        assert_eq!(trace_id_of(&sent), Some(trace));
    }
}
