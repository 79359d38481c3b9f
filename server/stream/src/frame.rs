//! Server-sent events as bytes (HTML standard, section 9.2, "Server-sent events").

use std::{collections::BTreeSet, ops::Range};

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::EventType;

/// The most characters an event's type has; longer ones are refused.
const LONGEST_TYPE: usize = 128;

/// An event as one frame, encoded once and shared by all its receivers.
#[derive(Clone, Debug)]
pub(crate) struct EventFrame {
    bytes: Bytes,
    id: Range<usize>,
    data: Range<usize>,
}

impl EventFrame {
    /// `json` is valid JSON, where a raw CR or LF can only be whitespace between tokens (RFC 8259, sections 2 and 7):
    /// each becomes a space, so the text stays on one line and means the same. The rest travels byte for byte.
    pub(crate) fn new(kind: &str, id: &str, json: &[u8]) -> Self {
        let mut frame = BytesMut::with_capacity(kind.len() + id.len() + json.len() + 24);
        frame.put_slice(b"event: ");
        frame.put_slice(kind.as_bytes());
        frame.put_slice(b"\nid: ");
        let id_start = frame.len();
        frame.put_slice(id.as_bytes());
        let id = id_start..frame.len();
        frame.put_slice(b"\ndata: ");
        let data = frame.len()..frame.len() + json.len();
        frame.put_slice(json);
        for byte in &mut frame[data.clone()] {
            if matches!(*byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
        frame.put_slice(b"\n\n");
        Self { bytes: frame.freeze(), id, data }
    }

    /// The same event under another id.
    pub(crate) fn with_id(&self, kind: &str, id: &str) -> Self {
        Self::new(kind, id, &self.bytes[self.data.clone()])
    }

    /// As it is sent.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its id.
    pub(crate) fn id(&self) -> &[u8] {
        &self.bytes[self.id.clone()]
    }
}

/// The first bytes of a stream. The `id:` line sets the client's position before anything happened, though without
/// `data:` nothing is dispatched; the ping after it shows the same id to scripts. `retry` is how many milliseconds
/// the browser waits before it reconnects.
pub(crate) fn opening(id: &str, retry: u64) -> Bytes {
    Bytes::from(format!("id: {id}\nretry: {retry}\n\nevent: ping\nid: {id}\ndata: {{}}\n\n"))
}

/// The regular sign of life, with the current position.
pub(crate) fn ping(id: &str) -> Bytes {
    Bytes::from(format!("event: ping\nid: {id}\ndata: {{}}\n\n"))
}

/// Events of these types may be missing before this position: refetch.
pub(crate) fn reset<'a>(id: &str, reason: &str, types: impl IntoIterator<Item = &'a EventType>) -> Bytes {
    // Two topics may carry one type.
    let kinds: BTreeSet<&str> = types.into_iter().map(|lost| &*lost.kind).collect();
    let data = serde_json::json!({ "reason": reason, "types": kinds });
    Bytes::from(format!("event: reset\nid: {id}\ndata: {data}\n\n"))
}

/// The reader was too slow and is cut; its last id is where it resumes, so this has none.
pub(crate) fn lagged() -> Bytes {
    Bytes::from_static(b"event: lagged\ndata: {}\n\n")
}

/// The stream ends, and why. `retry` is how many milliseconds the client waits before it opens another one.
pub(crate) fn bye(reason: &str, retry: u64) -> Bytes {
    Bytes::from(format!("retry: {retry}\nevent: bye\ndata: {{\"reason\":\"{reason}\"}}\n\n"))
}

/// Whether `kind` can be an event's type: letters, digits, `.`, `_` and `-`, with a dot, which control events lack.
/// It stands in a line of its own, so nothing that ends a line may be in it.
pub(crate) fn is_event_type(kind: &str) -> bool {
    kind.len() <= LONGEST_TYPE
        && kind.contains('.')
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_65_line_ends_between_tokens_cannot_split_a_frame() {
        let frame = EventFrame::new("chat.reply", "id", b"{\r\n\"a\":\r1,\n\"b\":\"x\\r\\n\"}");
        assert_eq!(
            &frame.bytes()[..],
            b"event: chat.reply\nid: id\ndata: {  \"a\": 1, \"b\":\"x\\r\\n\"}\n\n"
        );
        assert_eq!(frame.id(), b"id");
    }

    #[test]
    fn case_65_a_type_with_a_line_end_or_without_a_dot_is_no_event_type() {
        for bad in ["", "chat", "chat.a\nevent: b", "chat.\r", "chat.\0", "chat.\u{feff}", "a b.c", "ä.b"] {
            assert!(!is_event_type(bad), "{bad:?}");
        }
        assert!(is_event_type("org.example.chat_message-v2"));
    }
}
