//! Sending one authorised call to its upstream: connection, deadline, retries.

mod attempt;
mod deadline;
mod error;
mod replay;
mod send;

pub use error::ForwardError;
pub(crate) use replay::Replay;
pub(crate) use send::forward;
