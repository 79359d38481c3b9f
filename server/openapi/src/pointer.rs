use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::error::DocumentError;

/// What a JSON pointer keeps when it stands in a URI's fragment (RFC 6901, section 6).
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'~').remove(b'-').remove(b'_').remove(b'.');

/// More references that lead to references are a circle.
const MOST_HOPS: usize = 32;

/// A value of a document, with the place where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node<'d> {
    pub(crate) root: &'d Value,
    pub(crate) pointer: String,
    pub(crate) value: &'d Value,
}

impl<'d> Node<'d> {
    pub(crate) fn root(root: &'d Value) -> Self {
        Self { root, pointer: String::new(), value: root }
    }

    /// The member called `name`, references followed; none where there is no such member.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Self>, DocumentError> {
        match self.value.get(name) {
            Some(value) => self.child(name, value).resolved().map(Some),
            None => Ok(None),
        }
    }

    /// Every member of an object or item of an array, with its name or place, references followed.
    pub(crate) fn children(&self) -> Result<Vec<(String, Self)>, DocumentError> {
        let named: Vec<(String, &'d Value)> = match self.value {
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(i, item)| (i.to_string(), item)).collect(),
            _ => return Err(self.wrong("expected an object or a list")),
        };
        named
            .into_iter()
            .map(|(name, value)| Ok((name.clone(), self.child(&name, value).resolved()?)))
            .collect()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'d str> {
        self.value.get(name)?.as_str()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.value.get(name)?.as_bool()
    }

    pub(crate) fn wrong(&self, reason: impl Into<String>) -> DocumentError {
        DocumentError::new(self.pointer.clone(), reason)
    }

    fn child(&self, name: &str, value: &'d Value) -> Self {
        Self { root: self.root, pointer: format!("{}/{}", self.pointer, escape(name)), value }
    }

    /// What a reference object stands for (OpenAPI 3.1, section 4.8.23). Only places in the same document.
    fn resolved(self) -> Result<Self, DocumentError> {
        let mut node = self;
        for _ in 0..MOST_HOPS {
            let Some(reference) = node.value.get("$ref").and_then(Value::as_str) else { return Ok(node) };
            let inside = reference.strip_prefix('#').ok_or_else(|| {
                node.wrong(format!("refers to {reference:?}: expected a place in this document, `#/…`"))
            })?;
            let pointer = percent_decode_str(inside).decode_utf8_lossy().into_owned();
            let value = node.root.pointer(&pointer).ok_or_else(|| {
                node.wrong(format!("refers to {reference:?}, which is not in this document"))
            })?;
            node = Self { root: node.root, pointer, value };
        }
        Err(node.wrong("refers to itself"))
    }
}

/// A name as a part of a JSON pointer (RFC 6901, section 3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A pointer as the fragment of a URI.
pub(crate) fn fragment(pointer: &str) -> String {
    format!("#{}", utf8_percent_encode(pointer, &KEPT))
}
