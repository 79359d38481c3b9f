//! What a declared route asks of a call besides permissions: that attributes of path, query and person fit each other.
//!
//! The language is closed: an attribute, and what it has to be. Nothing is parsed while a call waits, nothing is copied,
//! and whatever is missing, or could be read in two ways, holds no condition.

mod attribute;
mod query_string;
mod value;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Query;

pub use attribute::{Attribute, AttributeError, PathParameter};
pub use query_string::query_value;

/// One condition; a route's all have to hold. Displayed as the audit log says it: `path.org equals organization`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Condition {
    /// What is looked at.
    pub attribute: Attribute,
    /// What it has to be.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// What an attribute has to be. An attribute with several values (a claim may be a list) fits where one of them does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    /// This text.
    Equals(String),
    /// One of these texts.
    OneOf(Vec<String>),
    /// What that attribute is.
    EqualsAttribute(Attribute),
}

impl Condition {
    /// Whether it holds for the call that `query` is about. An attribute that is missing or empty fits nothing, another
    /// missing one included.
    pub fn holds(&self, query: &Query<'_>) -> bool {
        let Some(found) = self.attribute.of(query) else { return false };
        match &self.comparison {
            Comparison::Equals(text) => found.is(text),
            Comparison::OneOf(texts) => texts.iter().any(|text| found.is(text)),
            Comparison::EqualsAttribute(other) => other.of(query).is_some_and(|other| found.meets(other)),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.comparison {
            Comparison::Equals(text) => write!(f, "{} equals {text:?}", self.attribute),
            Comparison::OneOf(texts) => write!(f, "{} is one of {texts:?}", self.attribute),
            Comparison::EqualsAttribute(other) => write!(f, "{} equals {other}", self.attribute),
        }
    }
}
