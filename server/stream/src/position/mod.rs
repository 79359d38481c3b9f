//! Positions in the log and the event ids that carry them.

mod id;
mod vector;
mod wire;

pub(crate) use id::DecodeIdError;
pub(crate) use id::{DecodedId, IdCodec, Scope};
pub use id::{IdKey, IdKeyError};
pub(crate) use vector::{Anchor, Position, TopicPosition, stamp};
