use http::HeaderValue;

use super::{SpanId, TraceId};

/// What `traceparent` says (W3C Trace Context, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace that goes on.
    pub trace_id: TraceId,
    /// The span that caused the request.
    pub span_id: SpanId,
    /// Whether whoever sent it records the trace.
    pub sampled: bool,
}

impl TraceParent {
    /// Reads a header. One that is not valid is as good as none (section 3.2.2.5).
    pub fn parse(value: &HeaderValue) -> Option<Self> {
        let mut parts = value.to_str().ok()?.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // Later versions may say more after what this one knows; this one has nothing more to say.
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        hex_byte(version)?;
        let sampled = hex_byte(flags)? & 1 == 1;
        Some(Self { trace_id: TraceId::parse(trace)?, span_id: SpanId::parse(span)?, sampled })
    }

    /// As it is sent on: version 00.
    pub fn header(&self) -> HeaderValue {
        let mut text = *b"00-................................-................-00";
        text[3..35].copy_from_slice(self.trace_id.as_bytes());
        text[36..52].copy_from_slice(self.span_id.as_bytes());
        if self.sampled {
            text[54] = b'1';
        }
        // Digits and hyphens fit into every field.
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// A byte as two lower-case hex digits.
fn hex_byte(text: &str) -> Option<u8> {
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_byte = text.len() == 2 && text.bytes().all(lower_hex);
    u8::from_str_radix(text, 16).ok().filter(|_| is_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &'static str) -> Option<TraceParent> {
        TraceParent::parse(&HeaderValue::from_static(text))
    }

    #[test]
    fn only_a_valid_traceparent_is_continued() {
        for bad in [
            "",
            "00-x-y-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert!(parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-may-come").is_some());
    }

    #[test]
    fn what_is_sent_on_is_what_came() {
        for text in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        ] {
            let parsed = parse(text).expect("valid");
            assert_eq!(parsed.header(), text);
            assert_eq!(parsed.sampled, text.ends_with('1'));
            assert_eq!(&*parsed.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }
}
