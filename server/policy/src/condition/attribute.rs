use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::query_string::query_value;
use super::value::{Text, Value};
use crate::{Query, Resource};

/// Something about a call that a condition looks at: `organization`, `subject`, `path.org`, `query.view`,
/// `claims.department`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Attribute {
    /// The organization (`org_id`) that the session acts for.
    Organization,
    /// The person's `sub`.
    Subject,
    /// The segment that `{name}` stands for in the route's pattern, its escapes decoded.
    Path(String),
    /// A query parameter that is there exactly once.
    Query(String),
    /// A claim of the person that the configuration keeps.
    Claim(String),
}

/// Why a text names no attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "is no attribute: organization, subject, path.<parameter>, query.<parameter> and claims.<claim> are, their names of \
     letters, digits, - and _ (in claims also : / and .)"
)]
pub struct AttributeError;

/// A placeholder with a name in a route's pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathParameter {
    /// What stands between the braces.
    pub name: String,
    /// Which segment it is, the first being 0.
    pub segment: usize,
}

impl PathParameter {
    /// The placeholders with names in a route's pattern: every segment that is `{…}`.
    pub fn all_in(pattern: &str) -> Vec<Self> {
        let segments = pattern.strip_prefix('/').unwrap_or(pattern).split('/').enumerate();
        let named = segments.filter_map(|(segment, part)| {
            let name = part.strip_prefix('{')?.strip_suffix('}')?;
            Some(Self { name: name.to_owned(), segment })
        });
        named.collect()
    }

    /// The segment of `path` that it stands for, as it came.
    pub fn raw_in<'q>(&self, path: &'q str) -> Option<&'q str> {
        path.strip_prefix('/')?.split('/').nth(self.segment)
    }

    /// The segment of `path` that it stands for, its escapes decoded.
    pub fn value_in<'q>(&self, path: &'q str) -> Option<Cow<'q, str>> {
        percent_decode_str(self.raw_in(path)?).decode_utf8().ok()
    }
}

impl Attribute {
    /// Its value or values for this call; none where it is missing, empty, or could be read in two ways.
    pub(super) fn of<'q>(&self, query: &Query<'q>) -> Option<Value<'q>> {
        let value = match self {
            Self::Organization => Value::plain(&query.principal?.organization),
            Self::Subject => Value::plain(&query.principal?.subject),
            Self::Claim(name) => Value::Several(query.principal?.claims.get(name)?),
            Self::Query(name) => Value::One(Text::escaped(query_value(query.query_string?, name)?)?),
            Self::Path(name) => {
                let Resource::Route { path, .. } = query.resource else { return None };
                let parameter = query.parameters.iter().find(|parameter| parameter.name == *name)?;
                Value::One(Text::escaped(parameter.raw_in(path)?)?)
            }
        };
        (!value.is_empty()).then_some(value)
    }
}

impl FromStr for Attribute {
    type Err = AttributeError;

    fn from_str(text: &str) -> Result<Self, AttributeError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let named = |name: &str, allowed: &dyn Fn(u8) -> bool| {
            let fits = (1..=128).contains(&name.len()) && name.bytes().all(allowed);
            fits.then(|| name.to_owned()).ok_or(AttributeError)
        };
        match text.split_once('.') {
            None if text == "organization" => Ok(Self::Organization),
            None if text == "subject" => Ok(Self::Subject),
            Some(("path", name)) => named(name, &plain).map(Self::Path),
            Some(("query", name)) => named(name, &plain).map(Self::Query),
            // Claims of an application's own are often URLs (OpenID Connect Core, section 5.1.2).
            Some(("claims", name)) => {
                named(name, &|b| plain(b) || matches!(b, b':' | b'/' | b'.')).map(Self::Claim)
            }
            _ => Err(AttributeError),
        }
    }
}

impl TryFrom<String> for Attribute {
    type Error = AttributeError;

    fn try_from(text: String) -> Result<Self, AttributeError> {
        text.parse()
    }
}

impl From<Attribute> for String {
    fn from(attribute: Attribute) -> Self {
        attribute.to_string()
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization => f.write_str("organization"),
            Self::Subject => f.write_str("subject"),
            Self::Path(name) => write!(f, "path.{name}"),
            Self::Query(name) => write!(f, "query.{name}"),
            Self::Claim(name) => write!(f, "claims.{name}"),
        }
    }
}
