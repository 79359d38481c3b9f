use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, DATE, ETAG, EXPIRES, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
};
use http::{HeaderMap, HeaderValue};

/// The conditions of a `GET` that a kept answer is held against (RFC 9110, section 13): they are the portal's to judge,
/// since the upstream is asked for an answer that can be kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    none_match: Vec<HeaderValue>,
    modified_since: Option<HeaderValue>,
}

impl Conditions {
    /// Takes the conditions out of a request's fields; none where it asks for a part, or for one version only: such a call
    /// goes upstream as it is.
    pub(crate) fn take(headers: &mut HeaderMap) -> Option<Self> {
        if [RANGE, IF_RANGE, IF_MATCH, IF_UNMODIFIED_SINCE].iter().any(|name| headers.contains_key(name)) {
            return None;
        }
        let none_match = headers.get_all(IF_NONE_MATCH).iter().cloned().collect();
        let modified_since = headers.remove(IF_MODIFIED_SINCE);
        headers.remove(IF_NONE_MATCH);
        Some(Self { none_match, modified_since })
    }

    /// Whether an answer with these fields is the one that the caller has. With entity tags, dates do not count.
    pub(crate) fn hold_for(&self, answer: &HeaderMap) -> bool {
        if self.none_match.is_empty() {
            // An exact repetition of what was sent is the only date that needs no clock.
            return self.modified_since.is_some()
                && self.modified_since.as_ref() == answer.get(LAST_MODIFIED);
        }
        let Some(tag) = answer.get(ETAG).and_then(|tag| tag.to_str().ok()) else { return false };
        let given = self.none_match.iter().filter_map(|value| value.to_str().ok());
        given.flat_map(tags).any(|given| given == "*" || opaque(given) == opaque(tag))
    }
}

/// Takes out of the fields of a whole answer what a 304 has no use for (RFC 9110, section 15.4.5).
pub(crate) fn without_representation(headers: &mut HeaderMap) {
    let kept = [CACHE_CONTROL, DATE, ETAG, EXPIRES, LAST_MODIFIED];
    let about = |name: &str| name.starts_with("content-") && name != "content-location";
    let names: Vec<_> =
        headers.keys().filter(|name| about(name.as_str()) && !kept.contains(name)).cloned().collect();
    names.iter().for_each(|name| {
        headers.remove(name);
    });
    headers.remove(CONTENT_LENGTH);
}

/// Tags may contain commas, between quotes.
fn tags(list: &str) -> Vec<&str> {
    let (mut tags, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, letter) in list.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                tags.push(list[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    tags.push(list[from..].trim());
    tags
}

/// Weak comparison (RFC 9110, section 8.8.3.2).
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(asked: &[(&'static str, &'static str)], answered: &[(&'static str, &'static str)]) -> bool {
        let map = |fields: &[(&'static str, &'static str)]| -> HeaderMap {
            let field = |(name, value): &(&'static str, &'static str)| {
                (http::HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            fields.iter().map(field).collect()
        };
        let mut headers = map(asked);
        let conditions = Conditions::take(&mut headers).expect("no range");
        assert!(headers.is_empty(), "{headers:?}");
        conditions.hold_for(&map(answered))
    }

    #[test]
    fn entity_tags_are_compared_weakly_and_before_dates() {
        assert!(holds(&[("if-none-match", "\"a,b\", W/\"c\"")], &[("etag", "\"c\"")]));
        assert!(holds(&[("if-none-match", "\"a,b\"")], &[("etag", "W/\"a,b\"")]));
        assert!(holds(&[("if-none-match", "*")], &[("etag", "\"x\"")]));
        assert!(!holds(&[("if-none-match", "\"a,b\"")], &[("etag", "\"a\"")]));
        assert!(!holds(&[("if-none-match", "\"a\"")], &[]));
        let date = "Sat, 28 Nov 2026 10:00:00 GMT";
        assert!(holds(&[("if-modified-since", date)], &[("last-modified", date)]));
        assert!(!holds(
            &[("if-modified-since", date), ("if-none-match", "\"a\"")],
            &[("last-modified", date)]
        ));
        assert!(!holds(&[], &[("etag", "\"a\"")]));
    }
}
