//! What the portal measures of itself.
//!
//! Handles ([`Counter`], [`Gauge`], [`Histogram`], [`HttpDurations`]) are held by whatever is measured, from the moment it
//! is set up: measuring is one or two relaxed additions, with no lock, no look-up by name and no allocation. Names and
//! labels appear only when somebody reads, in an [`Exposition`].
//!
//! Traces are in [`trace`].

pub mod trace;

mod exposition;
mod http_durations;
mod metric;

pub use exposition::{Exposition, Family, Kind};
pub use http_durations::{HttpDurations, STATUSES};
pub use metric::{Counter, Gauge, Histogram};
