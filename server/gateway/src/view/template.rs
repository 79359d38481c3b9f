use std::borrow::Cow;
use std::collections::HashMap;

use url::form_urlencoded;

/// The path of a leg, with the view's parameters in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    path: Vec<Piece>,
    query: Vec<(String, Piece)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Fixed(String),
    Parameter(String),
}

/// What a view was asked with: path parameters as they stood in the path, escapes untouched and sound; query parameters
/// decoded.
#[derive(Debug, Default)]
pub(crate) struct Parameters<'a> {
    pub(crate) path: HashMap<&'a str, &'a str>,
    pub(crate) query: HashMap<Cow<'a, str>, Cow<'a, str>>,
}

impl Template {
    pub(crate) fn parse(text: &str) -> Self {
        let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), Piece::parse(value))
        };
        Self {
            path: path.split('/').filter(|segment| !segment.is_empty()).map(Piece::parse).collect(),
            query: query.map(|query| query.split('&').map(pair).collect()).unwrap_or_default(),
        }
    }

    /// Path and query for these parameters; a query parameter that was not given is left out. The path is held against
    /// the same rules as any other when the call is made.
    pub(crate) fn fill(&self, parameters: &Parameters<'_>) -> String {
        let mut text = String::new();
        for piece in &self.path {
            text.push('/');
            text.push_str(match piece {
                Piece::Fixed(segment) => segment,
                Piece::Parameter(name) => parameters.path.get(name.as_str()).copied().unwrap_or_default(),
            });
        }
        if text.is_empty() {
            text.push('/');
        }
        let mut separator = '?';
        for (name, piece) in &self.query {
            let value = match piece {
                Piece::Fixed(value) => Cow::Borrowed(value.as_str()),
                Piece::Parameter(parameter) => match parameters.value(parameter) {
                    Some(value) => value,
                    None => continue,
                },
            };
            text.extend([&separator.to_string(), name, "=", &value]);
            separator = '&';
        }
        text
    }

    /// A path that fits the template, for looking up which route answers.
    pub(crate) fn sample(&self) -> String {
        let path: String = self
            .path
            .iter()
            .map(|piece| match piece {
                Piece::Fixed(segment) => format!("/{segment}"),
                Piece::Parameter(_) => "/x".to_owned(),
            })
            .collect();
        if path.is_empty() { "/".to_owned() } else { path }
    }
}

impl Parameters<'_> {
    /// A value in one spelling, whatever the caller's was.
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(segment) = self.path.get(name) {
            // What may stand in a path may stand in a query, but for what separates pairs there.
            return Some(Cow::Owned(segment.replace('&', "%26").replace('+', "%2B").replace('=', "%3D")));
        }
        let value = self.query.get(name)?;
        Some(Cow::Owned(form_urlencoded::byte_serialize(value.as_bytes()).collect()))
    }
}

impl Piece {
    fn parse(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => Self::Parameter(name.to_owned()),
            None => Self::Fixed(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_take_their_places_and_cannot_leave_them() {
        let parameters = Parameters {
            path: [("list", "a%20b&c")].into(),
            query: [("status".into(), "open&admin=1/../x".into())].into(),
        };
        let filled = |text: &str| Template::parse(text).fill(&parameters);
        assert_eq!(filled("/lists/{list}/items"), "/lists/a%20b&c/items");
        assert_eq!(
            filled("/items?list={list}&status={status}&sort=due&page={page}"),
            "/items?list=a%20b%26c&status=open%26admin%3D1%2F..%2Fx&sort=due"
        );
        assert_eq!(filled("/"), "/");
        assert_eq!(Template::parse("/a/{b}/c?d={e}").sample(), "/a/x/c");
    }
}
