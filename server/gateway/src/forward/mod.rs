//! Sending one authorised call to its upstream: admission, deadline, attempts.

mod admission;
mod attempt;
mod deadline;
mod error;
mod hedge;
mod replay;
mod send;

pub use error::ForwardError;
pub(crate) use replay::Replay;
pub(crate) use send::forward;
