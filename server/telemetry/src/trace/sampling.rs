use std::fmt;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{TraceId, TraceParent};

/// Which requests are recorded, here and, since the decision goes on with them, in the services behind: a part of all traces, and
/// of a trace all requests or none, as OpenTelemetry's `TraceIdRatioBased` has it.
#[derive(Clone)]
pub struct Sampling {
    ratio: f64,
    follow_parent: bool,
    key: Hmac<Sha256>,
}

impl Sampling {
    /// Records the part `ratio`, of 1, of all traces. With `follow_parent` the flag of a `traceparent` that comes with a request
    /// decides instead: where only a proxy that is trusted to set one can reach the portal.
    ///
    /// The id of a trace that comes from elsewhere is its sender's to choose, so it decides under a `secret` that the sender does
    /// not know. Instances with the same secret take the same traces.
    pub fn new(ratio: f64, follow_parent: bool, secret: &[u8; 32]) -> Self {
        let key =
            |bytes: &[u8]| Hmac::<Sha256>::new_from_slice(bytes).expect("HMAC takes a key of any length");
        // A key for nothing else, whatever else the secret is for.
        let derived = key(secret).chain_update("portico trace sampling").finalize().into_bytes();
        Self { ratio, follow_parent, key: key(&derived) }
    }

    /// Whether a request is recorded: one whose trace began elsewhere, with `parent`, or begins here, with the id `fresh`.
    pub fn takes(&self, fresh: &TraceId, parent: Option<&TraceParent>) -> bool {
        match parent {
            None => fresh.is_within(self.ratio),
            Some(parent) if self.follow_parent => parent.sampled,
            Some(parent) => self.takes_foreign(&parent.trace_id),
        }
    }

    fn takes_foreign(&self, id: &TraceId) -> bool {
        // Where all or none are, no id need be looked at.
        if self.ratio <= 0.0 || self.ratio >= 1.0 {
            return self.ratio > 0.0;
        }
        let mac = self.key.clone().chain_update(id.as_bytes()).finalize().into_bytes();
        let mut first = [0; 8];
        first.copy_from_slice(&mac[..8]);
        is_within(u64::from_be_bytes(first), self.ratio)
    }
}

/// Whether a number that is as likely as any other is among the part `ratio` of all.
pub(super) fn is_within(number: u64, ratio: f64) -> bool {
    // 52 bits, which a float holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "52 bits fit")]
    let place = (number & ((1 << 52) - 1)) as f64 / (1_u64 << 52) as f64;
    place < ratio
}

impl fmt::Debug for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampling")
            .field("ratio", &self.ratio)
            .field("follow_parent", &self.follow_parent)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use portico_ports::OsRandom;

    use super::*;
    use crate::trace::IdSource;

    fn foreign(trace_id: TraceId, sampled: bool) -> TraceParent {
        TraceParent { trace_id, span_id: IdSource::default().next(&OsRandom).1, sampled }
    }

    #[test]
    fn a_flag_decides_nothing_unless_it_is_followed() {
        let (fresh, _) = IdSource::default().next(&OsRandom);
        for ratio in [0.0, 1.0] {
            let alone = Sampling::new(ratio, false, &[1; 32]);
            let following = Sampling::new(ratio, true, &[1; 32]);
            for sampled in [false, true] {
                assert_eq!(alone.takes(&fresh, Some(&foreign(fresh, sampled))), ratio > 0.5);
                assert_eq!(following.takes(&fresh, Some(&foreign(fresh, sampled))), sampled);
            }
            assert_eq!(following.takes(&fresh, None), ratio > 0.5);
        }
    }

    #[test]
    fn all_requests_of_a_trace_are_recorded_or_none_whichever_instance_they_reach() {
        let source = IdSource::default();
        let instances = [0.1, 0.1, 0.5].map(|ratio| Sampling::new(ratio, false, &[7; 32]));
        let mut taken = 0;
        for _ in 0..10_000 {
            let (trace, _) = source.next(&OsRandom);
            let decided = |instance: &Sampling| {
                let mut requests = (0..3).map(|_| source.next(&OsRandom).0);
                let first =
                    requests.next().is_some_and(|fresh| instance.takes(&fresh, Some(&foreign(trace, false))));
                assert!(requests.all(|fresh| instance.takes(&fresh, Some(&foreign(trace, true))) == first));
                first
            };
            let [one, other, more] = [0, 1, 2].map(|at| decided(&instances[at]));
            assert!(one == other && (!one || more), "a larger part includes the smaller");
            taken += usize::from(one);
        }
        assert!((800..1_200).contains(&taken), "{taken}");
    }

    #[test]
    fn who_chooses_an_id_does_not_choose_whether_it_is_recorded() {
        let low = (1..=10_000).filter_map(|number| TraceId::parse(&format!("{number:032x}")));
        let low: Vec<_> = low.map(|id| foreign(id, true)).collect();
        assert!(low.iter().all(|parent| parent.trace_id.is_within(0.1)));
        let taken = |secret| {
            let sampling = Sampling::new(0.1, false, &[secret; 32]);
            low.iter().map(|parent| sampling.takes(&parent.trace_id, Some(parent))).collect::<Vec<_>>()
        };
        let (ours, theirs) = (taken(1), taken(2));
        let count = ours.iter().filter(|taken| **taken).count();
        assert!((800..1_200).contains(&count), "{count}");
        assert_ne!(ours, theirs, "another secret takes others");
    }
}
