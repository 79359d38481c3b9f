use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use portico_audit::Decision;
use time::OffsetDateTime;

/// The latest decisions of each organization on this instance, for the administrators who ask why somebody was refused.
/// The audit trail has all of them; this is what is at hand.
#[derive(Debug, Default)]
pub struct RecentDecisions(Mutex<HashMap<String, VecDeque<Arc<RecentDecision>>>>);

/// A decision, as an administrator may know it.
#[derive(Debug)]
pub struct RecentDecision {
    /// When.
    pub time: OffsetDateTime,
    /// The trace id that an error page and a problem show.
    pub trace_id: String,
    /// The audit log's word for what was asked.
    pub action: String,
    /// About what.
    pub resource: String,
    /// What was decided.
    pub decision: Decision,
    /// Why: which rule, which policy.
    pub reason: String,
    /// The permissions that were lacking.
    pub missing: Vec<String>,
    /// Who asked: the subject at its issuer.
    pub subject: String,
    /// Whose subject that is.
    pub issuer: String,
}

/// Kept of each organization, so that one cannot push out another's.
const MOST_OF_ONE: usize = 256;

/// Organizations of which something is kept.
const MOST_ORGANIZATIONS: usize = 256;

impl RecentDecisions {
    /// Keeps a decision; the oldest of the organization gives way.
    pub fn keep(&self, organization: &str, decision: RecentDecision) {
        if organization.is_empty() {
            return;
        }
        let mut all = self.0.lock();
        if !all.contains_key(organization) && all.len() >= MOST_ORGANIZATIONS {
            let latest = |decisions: &VecDeque<Arc<RecentDecision>>| decisions.back().map(|last| last.time);
            let quietest =
                all.iter().min_by_key(|(_, decisions)| latest(decisions)).map(|(id, _)| id.clone());
            quietest.and_then(|id| all.remove(&id));
        }
        let own = all.entry(organization.to_owned()).or_default();
        if own.len() >= MOST_OF_ONE {
            own.pop_front();
        }
        own.push_back(Arc::new(decision));
    }

    /// An organization's refusals, or everything that was decided under a trace id. Newest first.
    pub fn find(&self, organization: &str, trace_id: Option<&str>) -> Vec<Arc<RecentDecision>> {
        let all = self.0.lock();
        let own = all.get(organization).into_iter().flatten().rev();
        let asked = |decision: &&Arc<RecentDecision>| match trace_id {
            Some(trace_id) => decision.trace_id.eq_ignore_ascii_case(trace_id),
            None => decision.decision != Decision::Allow,
        };
        own.filter(asked).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(number: u64, is_allowed: bool) -> RecentDecision {
        let decision = if is_allowed { Decision::Allow } else { Decision::Deny };
        RecentDecision {
            time: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(number.cast_signed()),
            trace_id: format!("{number:032x}"),
            action: "call GET".into(),
            resource: "/todos".into(),
            decision,
            reason: String::new(),
            missing: Vec::new(),
            subject: "bob".into(),
            issuer: "https://idp.example".into(),
        }
    }

    #[test]
    fn an_organization_sees_its_own_latest_refusals_and_what_a_trace_id_names() {
        let recent = RecentDecisions::default();
        (0..300).for_each(|number| recent.keep("acme", decision(number, number % 2 == 0)));
        recent.keep("globex", decision(299, false));
        let refused = recent.find("acme", None);
        assert_eq!((refused.len(), &*refused[0].trace_id), (128, &*format!("{:032x}", 299)));
        assert_eq!(recent.find("acme", Some(&format!("{:032X}", 298))).len(), 1, "allowed ones, too");
        assert!(recent.find("acme", Some(&format!("{:032x}", 1))).is_empty(), "the oldest gave way");
        assert_eq!(recent.find("globex", None).len(), 1);
        assert!(recent.find("initech", None).is_empty());
    }

    #[test]
    fn the_organization_that_was_quiet_longest_gives_way() {
        let recent = RecentDecisions::default();
        (0..300).for_each(|number| recent.keep(&format!("org-{number}"), decision(number, false)));
        assert!(recent.find("org-0", None).is_empty());
        assert_eq!(recent.find("org-299", None).len(), 1);
        assert_eq!(recent.0.lock().len(), MOST_ORGANIZATIONS);
    }
}
