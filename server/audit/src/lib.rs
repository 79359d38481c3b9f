//! Who did what, when, and whether they were allowed to: one line in the log for every decision that matters and, where
//! the operator wants it, one CloudEvent.
//!
//! ```text
//! AuditSink::record -> log line
//!                   -> bounded queue -> Spool (on disk, synced) -> AuditDelivery, in order, until it is acknowledged
//! ```
//!
//! What it promises:
//! - [`AuditSink::record`] never waits.
//! - What has reached the spool is delivered at least once, in order, across restarts and `kill -9`. A repeat has the same
//!   CloudEvent id.
//! - What cannot be kept is counted, logged as an error and makes [`AuditTrail::ready`] fail; never silent.
//!
//! An event holds no token, no cookie and no body: [`AuditEvent`] has no field that could.

mod event;
mod spool;
mod trail;

pub use event::{AuditEvent, AuditLine, Decision, EVENT_TYPE};
pub use spool::{Spool, SpoolError, SpoolLimits, Spooled};
pub use trail::{AuditDelivery, AuditMetrics, AuditSink, AuditTrail, DeliveryError, LogOnly};
