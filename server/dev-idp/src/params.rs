use thiserror::Error;
use url::form_urlencoded;

/// The parameters of one OAuth request, in order, from a query or a form body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

/// A parameter was sent twice (RFC 6749, section 3.1: "must not be included more than once").
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a parameter was sent more than once")]
pub(crate) struct Repeated;

impl Params {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The one value of `name`. A parameter without a value counts as omitted (RFC 6749, section 3.1).
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Repeated),
        }
    }

    /// Every value of `name`, for the few parameters that may repeat (RFC 8693: `audience`, `resource`).
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}
