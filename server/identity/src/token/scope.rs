use std::collections::BTreeSet;
use std::fmt;

/// A set of scope values (RFC 6749, section 3.3): two that list the same values in another order are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(BTreeSet<String>);

impl Scope {
    /// The values of a space-separated list.
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether these are its values, each once.
    pub(super) fn is(&self, values: &[String]) -> bool {
        self.0.len() == values.len() && values.iter().all(|value| self.0.contains(value))
    }

    /// Its values, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Every value with `prefix` before it.
    pub(super) fn with_prefix(&self, prefix: &str) -> Self {
        Self(self.0.iter().map(|value| format!("{prefix}{value}")).collect())
    }

    /// The same values, without `prefix` where they have it.
    pub(super) fn without_prefix(&self, prefix: &str) -> Self {
        self.iter().map(|value| value.strip_prefix(prefix).unwrap_or(value)).collect()
    }

    /// Whether a token with this scope can do no more than was `asked`.
    ///
    /// The scopes of a login do not count: they open userinfo, which an exchanged token cannot reach, and some
    /// providers add them to everything.
    pub fn is_within(&self, asked: &Scope) -> bool {
        self.0.iter().all(|value| asked.0.contains(value) || LOGIN_SCOPES.contains(&value.as_str()))
    }
}

const LOGIN_SCOPES: [&str; 3] = ["openid", "profile", "email"];

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<T: IntoIterator<Item = &'a str>>(values: T) -> Self {
        Self(values.into_iter().map(str::to_owned).collect())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(formatter, "{gap}{value}")?;
        }
        Ok(())
    }
}
