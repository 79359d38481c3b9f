use async_trait::async_trait;

use crate::{Decision, Query};

/// Decides whether someone may do something. Every place that authorises asks it through [`dyn PolicyEngine::ask`] or
/// [`PolicyEngine::decide_all`], and nothing is authorised in another way.
///
/// An engine may be another process (OPA over its REST API), so a decision may have to be waited for. One that needs no
/// waiting is there at once: a proxied call pays for a comparison, and not for a future on the heap. An engine fails
/// closed: where it cannot decide, the answer is [`Decision::unavailable`] with the reason, and nothing is done.
///
/// What somebody does with their own sessions and browser ([`Action::Own`](crate::Action::Own)) is decided here as well, by
/// the declaration alone: no policy and no engine that is away keeps a person from signing out a device that was stolen.
#[async_trait]
pub trait PolicyEngine: Send + Sync + 'static {
    /// The answer to one question, where it takes no waiting.
    fn decide_now(&self, query: &Query<'_>) -> Option<Decision>;

    /// Answers one question.
    async fn decide(&self, query: &Query<'_>) -> Decision {
        self.decide_now(query).unwrap_or_else(|| Decision::unavailable("the policy engine has no answer"))
    }

    /// Answers several questions, in order. What draws a navigation asks once for all of it; an engine that is far away
    /// sends one request.
    async fn decide_all(&self, queries: &[Query<'_>]) -> Vec<Decision> {
        let mut decisions = Vec::with_capacity(queries.len());
        for query in queries {
            decisions.push(self.decide(query).await);
        }
        decisions
    }

    /// What answers about navigation and events depend on.
    fn basis(&self) -> Basis;

    /// A number that moves when the policies do, so that what was answered before is asked again.
    fn revision(&self) -> u64 {
        0
    }

    /// Takes up policies that have changed where they are kept, off the threads that serve. Policies that cannot be used
    /// change nothing, and are told by [`PolicyEngine::health`].
    fn reload(&self) -> Reload {
        Reload::Unchanged
    }

    /// Whether it decides, and by what it should.
    async fn health(&self) -> Health {
        Health::Good
    }
}

impl dyn PolicyEngine + '_ {
    /// Answers one question, at once where that is possible.
    pub async fn ask(&self, query: &Query<'_>) -> Decision {
        match self.decide_now(query) {
            Some(decision) => decision,
            None => self.decide(query).await,
        }
    }
}

/// What an answer about a resource without conditions depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// On the person's entitlements alone: people with the same ones share an answer.
    Entitlements,
    /// On anything about the person, or on the time of day.
    Person,
}

/// What came of looking for changed policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reload {
    /// They are the same.
    Unchanged,
    /// Others are in use now.
    Changed,
    /// Others are there and cannot be used: why. The last good ones stay.
    Refused(String),
}

/// Whether an engine decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// By the policies that are there.
    Good,
    /// By older policies than those that are there: why.
    Stale(String),
    /// Not at all; everything is refused: why.
    Down(String),
}
