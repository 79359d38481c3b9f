use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};

/// Evenly spread numbers for choosing endpoints and pauses (SplitMix64): one addition for each, and nothing that must
/// stay unpredictable hangs on them.
#[derive(Debug)]
pub(crate) struct Draw(AtomicU64);

impl Draw {
    /// A sequence of its own, so that instances do not choose alike.
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(RandomState::new().build_hasher().finish()))
    }

    /// A number below `bound`; 0 where the bound is 0.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // Scaled down instead of divided (Lemire): the bias is the bound's share of 2^64.
        let scaled = (u128::from(mixed) * u128::from(bound)) >> 64;
        u64::try_from(scaled).unwrap_or_default()
    }

    /// Two numbers below `bound`, different where there are two.
    pub(crate) fn two_below(&self, bound: usize) -> (usize, usize) {
        let below = |bound: usize| usize::try_from(self.below(bound as u64)).unwrap_or_default();
        let one = below(bound);
        let other = below(bound.saturating_sub(1));
        (one, if bound > 1 && other >= one { other + 1 } else { other })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_evenly_and_two_are_different() {
        let draw = Draw(AtomicU64::new(7));
        let mut drawn = [0_u32; 3];
        for _ in 0..3000 {
            let (one, other) = draw.two_below(3);
            assert_ne!(one, other);
            drawn[one] += 1;
            drawn[other] += 1;
        }
        assert!(drawn.iter().all(|times| (1800..2200).contains(times)), "{drawn:?}");
        assert_eq!((draw.two_below(1), draw.below(0)), ((0, 0), 0));
    }
}
