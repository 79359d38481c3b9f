use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Attribute, Comparison, Condition, Decision, Effect, Query, Question};

/// One decision as a record keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded<'q> {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// What was asked.
    #[serde(flatten)]
    pub question: Question<'q>,
    /// The conditions that the route declares.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub conditions: Cow<'q, [Condition]>,
    /// Of the call's query, the parameters that those conditions look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// What came of it.
    pub effect: Effect,
    /// And why.
    pub reason: Cow<'q, str>,
}

impl<'q> Recorded<'q> {
    pub(super) fn of(query: &Query<'q>, decision: &'q Decision, time: OffsetDateTime) -> Self {
        Self {
            time,
            question: Question::of(query),
            conditions: query.conditions.into(),
            query: looked_at(query),
            effect: decision.effect,
            reason: decision.reason.as_ref().into(),
        }
    }
}

/// The part of the query that conditions look at, values as they came. A parameter that gave no condition a value is left
/// out, so that it gives none when the record is read.
fn looked_at(query: &Query<'_>) -> Option<String> {
    let text = query.query_string?;
    let names = query.conditions.iter().flat_map(|condition| {
        let other = match &condition.comparison {
            Comparison::EqualsAttribute(other) => Some(other),
            _ => None,
        };
        [Some(&condition.attribute), other].into_iter().flatten()
    });
    let mut parts = Vec::new();
    for attribute in names {
        let Attribute::Query(name) = attribute else { continue };
        if let Some(value) = crate::query_value(text, name) {
            parts.push(format!("{name}={value}"));
        }
    }
    parts.sort_unstable();
    parts.dedup();
    (!parts.is_empty()).then(|| parts.join("&"))
}

/// What makes two lines the same question.
pub(super) fn key(recorded: &Recorded<'_>) -> String {
    let parts = (&recorded.question, &recorded.conditions, &recorded.query);
    serde_json::to_string(&parts).unwrap_or_default()
}
