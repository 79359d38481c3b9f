//! Views: several calls that a browser makes in one.

mod answer;
mod spec;
mod template;

pub(crate) use answer::{LegAnswer, ViewAnswer};
pub(crate) use spec::{Leg, View};
pub use spec::{LegSpec, ViewError, ViewSpec};
