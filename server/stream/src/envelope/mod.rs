//! CloudEvents as remotes publish them: parsed strictly, stamped with what the session knows.

mod depth;
mod incoming;
mod members;
mod stamp;

pub use incoming::{EnvelopeError, IncomingEvent, MAX_EVENT_BYTES};
pub(crate) use members::Members;
pub(crate) use stamp::StampedEvent;
pub use stamp::{Author, ConflictError};
