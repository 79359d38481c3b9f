use std::borrow::Cow;

use bytes::Bytes;

use super::{Attributes, CONTENT_TYPE, DATA_CONTENT_TYPE, PREFIX};
use crate::log::NewRecord;

/// The record that carries an event in the binary mode, without a signature yet.
///
/// An event without data has an empty body and not none, which a compacted topic would take for a deletion.
pub(crate) fn binary(
    topic: &std::sync::Arc<str>,
    key: &str,
    attributes: &Attributes<'_>,
    data: Bytes,
) -> NewRecord {
    let headers = attributes.iter().map(|(name, value)| {
        let name = match name {
            DATA_CONTENT_TYPE => Cow::Borrowed(CONTENT_TYPE),
            name => Cow::Owned(format!("{PREFIX}{name}")),
        };
        (name, value.to_owned())
    });
    NewRecord { topic: topic.clone(), key: key.to_owned(), value: data, headers: headers.collect() }
}
