//! Sending one authorised call to its upstream: admission, deadline, attempts.

mod admission;
mod attempt;
mod deadline;
mod error;
mod hedge;
mod observed;
mod patience;
mod replay;
mod send;
mod switch;

pub use error::ForwardError;
pub(crate) use patience::Patience;
pub(crate) use replay::Replay;
pub(crate) use send::forward;
pub(crate) use switch::ask_to_switch;
