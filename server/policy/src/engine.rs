use async_trait::async_trait;

use crate::{Decision, Query};

/// Decides whether someone may do something.
///
/// Asynchronous, since an engine may be another process (OPA over its REST API). An engine fails closed: where it cannot
/// decide, the answer is [`Decision::deny`] with the reason.
#[async_trait]
pub trait PolicyEngine: Send + Sync + 'static {
    /// Answers one question.
    async fn decide(&self, query: &Query<'_>) -> Decision;

    /// Answers several questions, in order. What draws a navigation asks once for all of it; an engine that is far away
    /// sends one request.
    async fn decide_all(&self, queries: &[Query<'_>]) -> Vec<Decision> {
        let mut decisions = Vec::with_capacity(queries.len());
        for query in queries {
            decisions.push(self.decide(query).await);
        }
        decisions
    }
}
