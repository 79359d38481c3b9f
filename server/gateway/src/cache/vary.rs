use http::header::{AUTHORIZATION, HeaderMap, HeaderName, VARY};

use super::rule::CacheScope;
use crate::headers::{is_constant_upstream, is_injected};

/// The request fields that an answer depends on (RFC 9110, section 12.5.5), sorted, as far as callers can differ in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Varying(pub(crate) Vec<String>);

impl Varying {
    /// Of an upstream's answer; none where it depends on what no key can hold.
    pub(crate) fn of(answer: &HeaderMap, scope: CacheScope) -> Option<Self> {
        let mut names = Vec::new();
        for value in answer.get_all(VARY) {
            for name in value.to_str().ok()?.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let name = HeaderName::try_from(name).ok()?;
                // The token stands for the person, whom the key of a personal answer holds.
                if name == AUTHORIZATION && scope == CacheScope::Person || is_constant_upstream(name.as_str())
                {
                    continue;
                }
                if name.as_str() == "*" || is_injected(name.as_str()) {
                    return None;
                }
                names.push(name.as_str().to_owned());
            }
        }
        names.sort_unstable();
        names.dedup();
        Some(Self(names))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every field with the values that this request has for it.
    pub(crate) fn values(&self, request: &HeaderMap, mut each: impl FnMut(&str, &[u8])) {
        for name in &self.0 {
            for value in request.get_all(name.as_str()) {
                each(name, value.as_bytes());
            }
        }
    }
}
