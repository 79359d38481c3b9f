//! CloudEvents as Kafka records, in both modes (Kafka Protocol Binding 1.0.2, section 3).
//!
//! The portal writes the binary mode: attributes as `ce_…` headers, the data alone as the body. It reads both.

mod attributes;
mod payload;
mod read;
mod write;

pub(crate) use attributes::Attributes;
pub(crate) use payload::{JsonMember, PayloadError, is_json};
pub(crate) use read::{RecordedEvent, UnreadableRecord};
pub(crate) use write::binary;

/// The header that tells the mode, and in the binary one the data's type.
const CONTENT_TYPE: &str = "content-type";
/// What the binary mode puts before an attribute's name.
const PREFIX: &str = "ce_";
/// The attribute that the binary mode carries as [`CONTENT_TYPE`].
pub(crate) const DATA_CONTENT_TYPE: &str = "datacontenttype";
