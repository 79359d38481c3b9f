use crate::binding::Attributes;

/// The first field of every message: what is signed here can be mistaken for nothing else.
const DOMAIN: &str = "portico-signature-v1";

/// What a signature is about: where a record stands, and the event in it, whichever mode of the Kafka binding carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// The record's topic.
    pub(crate) topic: &'a str,
    /// The record's key; empty where it has none.
    pub(crate) key: &'a [u8],
    /// The event's context attributes.
    pub(crate) attributes: &'a Attributes<'a>,
    /// The event's data, as the binary mode carries it; empty where it has none.
    pub(crate) data: &'a [u8],
}

impl Message<'_> {
    /// Hands the canonical bytes to `sink`, piece by piece. Each field stands behind its length, so that no two messages have
    /// the same bytes.
    pub(super) fn write(&self, mut sink: impl FnMut(&[u8])) {
        for bytes in [DOMAIN.as_bytes(), self.topic.as_bytes(), self.key] {
            field(&mut sink, bytes);
        }
        sink(&length(self.attributes.iter().len()));
        for (name, value) in self.attributes.iter() {
            field(&mut sink, name.as_bytes());
            field(&mut sink, value.as_bytes());
        }
        field(&mut sink, self.data);
    }
}

fn field(sink: &mut impl FnMut(&[u8]), bytes: &[u8]) {
    sink(&length(bytes.len()));
    sink(bytes);
}

/// Four bytes, the highest first. Kafka's own fields are no longer than 2^31 - 1.
fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}
