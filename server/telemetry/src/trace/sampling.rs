use super::{TraceId, TraceParent};

/// Which requests are recorded, here and, since the decision goes on with them, in the services behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// The part, of 1, of the requests that is recorded.
    pub ratio: f64,
    /// Whether the flag of a `traceparent` that comes with a request decides instead: where only a proxy that is trusted to
    /// set one can reach the portal.
    pub follow_parent: bool,
}

impl Sampling {
    /// Whether a request is recorded. `drawn` is an id that was drawn for this request, and is its trace's where it begins
    /// one: the id of a trace that comes from elsewhere is its sender's to choose, and so cannot decide.
    pub fn takes(&self, drawn: &TraceId, parent: Option<&TraceParent>) -> bool {
        match parent {
            Some(parent) if self.follow_parent => parent.sampled,
            _ => drawn.is_within(self.ratio),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::IdSource;

    #[test]
    fn a_flag_decides_nothing_unless_it_is_followed() {
        let (drawn, span_id) = IdSource::default().next(&portico_ports::OsRandom);
        let parent = |sampled| TraceParent { trace_id: drawn, span_id, sampled };
        for ratio in [0.0, 1.0] {
            let alone = Sampling { ratio, follow_parent: false };
            let following = Sampling { ratio, follow_parent: true };
            for sampled in [false, true] {
                assert_eq!(alone.takes(&drawn, Some(&parent(sampled))), ratio > 0.5);
                assert_eq!(following.takes(&drawn, Some(&parent(sampled))), sampled);
            }
            assert_eq!(following.takes(&drawn, None), ratio > 0.5);
        }
    }
}
