//! Ids of W3C Trace Context, as text and without an allocation: every request makes two.

use std::fmt;
use std::ops::Deref;

use http::HeaderValue;
use parking_lot::Mutex;
use portico_ports::Random;

use super::sampling::is_within;

/// `N` lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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

impl TraceId {
    /// Whether `ratio` of all traces include this one. Every part of a system that asks with the same ratio gets the same
    /// answer, since it depends on the id alone.
    pub fn is_within(&self, ratio: f64) -> bool {
        is_within(u64::from_str_radix(&self[16..], 16).unwrap_or_default(), ratio)
    }
}

impl SpanId {
    /// The id of the span with this number below this one. Different numbers give different ids (SplitMix64 is a bijection).
    pub(super) fn child(&self, number: u64) -> Self {
        let own = u64::from_str_radix(self, 16).unwrap_or_default();
        let mut mixed = own.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        Self::of(&mixed.max(1).to_be_bytes())
    }
}

impl SpanId {
    /// The id of a trace that this span begins, and that no other does.
    pub(super) fn trace(&self) -> TraceId {
        let mut digits = [b'0'; 32];
        digits[..16].copy_from_slice(&self.child(1).0);
        digits[16..].copy_from_slice(&self.child(2).0);
        HexId(digits)
    }
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
    use std::collections::HashSet;

    use portico_ports::OsRandom;

    use super::*;

    #[test]
    fn ids_are_never_given_twice() {
        let source = IdSource::default();
        let ids: HashSet<String> = (0..1_000).map(|_| source.next(&OsRandom).0.to_string()).collect();
        assert_eq!(ids.len(), 1_000);
    }

    #[test]
    fn a_ratio_takes_its_share_and_the_same_traces_every_time() {
        let source = IdSource::default();
        let ids: Vec<TraceId> = (0..10_000).map(|_| source.next(&OsRandom).0).collect();
        let taken = ids.iter().filter(|id| id.is_within(0.1)).count();
        assert!((800..1_200).contains(&taken), "{taken}");
        assert!(ids.iter().all(|id| id.is_within(1.0) && !id.is_within(0.0)));
        assert!(ids.iter().all(|id| !id.is_within(0.1) || id.is_within(0.5)));
    }

    #[test]
    fn children_have_ids_of_their_own() {
        let (_, own) = IdSource::default().next(&OsRandom);
        let children: HashSet<SpanId> = (1..=1_000).map(|number| own.child(number)).collect();
        assert_eq!(children.len(), 1_000);
        assert!(!children.contains(&own));
    }
}
